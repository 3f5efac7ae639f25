"""`rearm replay`: notification files in, waits out. One file is one world."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from rearm.core.limits import LIMITS, Limits
from rearm.core.model import Action, Parsed
from rearm.core.profile import Config
from rearm.errors import ConfigError, InvalidNotification
from rearm_workbench import world_file
from rearm_workbench.deployed import environment
from rearm_workbench.kinds import Kind, explain
from rearm_workbench.timeline import WaitRecord
from rearm_workbench.world import Progress, Replayed, Unfit
from rearm_workbench.world_file import World

SIDECAR = ".world.yml"
"""`events/aws/x.json` has its world in `events/aws/x.world.yml`."""


@dataclass
class Replay:
    """What came of one file."""

    event: str
    kind: Kind
    world: World
    parsed: list[Parsed]
    waits: list[WaitRecord] = field(default_factory=list)

    @property
    def actions(self) -> list[Action]:
        """One of each: a batch may hold the same notification twice."""
        found = [one.action for one in self.parsed if one.action is not None]
        return list({(action.hook, action.token): action for action in reversed(found)}.values())[::-1]

    @property
    def others(self) -> list[Parsed]:
        """The notifications that are no action: test, ignored, invalid."""
        return [one for one in self.parsed if one.action is None]

    @property
    def invalid(self) -> list[str]:
        return [f"{self.event}: {one.reason}" for one in self.others if one.verdict == "invalid"]

    @property
    def surprises(self) -> list[str]:
        """Where a wait did not end as its world says it should; one line each."""
        return [f"{self.event}: {text}" for wait in self.waits if (text := surprise(wait, self.world))]


def events_dir() -> Path:
    """The sample notifications: `events/` of the checkout. REARM_EVENTS names another place."""
    named = os.environ.get("REARM_EVENTS")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "events"


def files_of(paths: list[Path]) -> list[Path]:
    """Files as given, directories as the notification files in them. Raises InvalidNotification if there is none."""
    found: list[Path] = []
    for path in paths or [events_dir()]:
        found += sorted(one for one in path.rglob("*") if one.is_file() and _is_event(one)) if path.is_dir() else [path]
    if not found:
        raise InvalidNotification(f"{', '.join(map(str, paths)) or events_dir()}: no notification file in it")
    return found


def _is_event(path: Path) -> bool:
    return path.suffix in (".json", ".txt") and not path.name.startswith(".")


def shown(path: Path) -> str:
    """The path as a person would write it from here."""
    return os.path.relpath(path) if path.is_absolute() and path.is_relative_to(Path.cwd()) else str(path)


def read_event(path: Path) -> bytes:
    """The content of a notification file. Raises InvalidNotification with one clear line."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidNotification(f"{path}: cannot be read ({error.strerror or error})") from None


def world_of(path: Path, given: Path | None) -> World:
    """The world that was given, else the one beside the file, else the default. Raises ConfigError."""
    beside = path.with_suffix(SIDECAR)
    if given is not None:
        return world_file.read(given)
    return world_file.read(beside) if beside.is_file() else World()


def prepare(path: Path, world: Path | None) -> Replay:
    """Read a file and its world, and hold them against each other. No effect. Raises ConfigError, InvalidNotification."""
    kind, parsed = explain(read_event(path))
    replay = Replay(shown(path), kind, world_of(path, world), parsed)
    if replay.actions and (kind.cloud is None or kind.doorway is None):
        raise InvalidNotification(
            f"{path}: it holds messages of several kinds: no function receives that; replay them as files of their own"
        )
    if replay.actions and kind.cloud is not None:
        _fits(path, LIMITS[kind.cloud], replay.world)
    return replay


def play(replay: Replay, config: Config, config_path: Path | None, progress: Progress = lambda _: None) -> None:
    """Run the deployed handlers on the file's actions; fills in `replay.waits`. Raises ConfigError for what the cloud would not accept."""
    if not replay.actions:
        return
    world_class = _world_class(replay.kind)
    try:
        replay.waits = world_class(replay.event, replay.kind, replay.actions, replay.world, config, config_path).run(progress)
    except Unfit as error:
        raise ConfigError([f"{replay.event}: {error}"]) from error


def _world_class(kind: Kind) -> type[Replayed]:
    """Imported only when used: each brings its emulator."""
    if kind.cloud == "aws":
        with environment({}):  # moto makes a boto3 session when it is imported: the terminal's AWS_PROFILE is none of its business
            from rearm_workbench.world_aws import ReplayedOnAws

        return ReplayedOnAws
    from rearm_workbench.world_alibaba import ReplayedOnAlibaba

    return ReplayedOnAlibaba


def _fits(path: Path, limits: Limits, world: World) -> None:
    timeout_s, result = world.hook(limits.cloud)
    problems = []
    if not limits.heartbeat_min_s <= timeout_s <= limits.heartbeat_max_s:
        problems.append(
            f"hook.heartbeat_timeout: {timeout_s} s: {limits.cloud} allows {limits.heartbeat_min_s} to {limits.heartbeat_max_s} s"
        )
    for key, value in (("hook.default_result", result), ("expect", world.expect)):
        if value is not None and value not in limits.results:
            problems.append(f"{key}: {value}: {limits.cloud} knows {', '.join(limits.results)}")
    if problems:
        raise ConfigError([f"the world of {path}: {problem}" for problem in problems])


def surprise(wait: WaitRecord, world: World) -> str | None:
    """How the end of a wait differs from what its world lets expect; None if it does not."""
    who = f"the wait of {', '.join(wait.action.instances)}"
    ended = f"ended with {wait.outcome} by {wait.ended_by} after {wait.waited_s} s"
    if wait.ended_by == "nobody":
        return f"{who} did not end"
    if world.expect is not None:
        return (
            None
            if wait.outcome == world.expect and wait.ended_by != "default result"
            else f"{who} {ended}; expected {world.expect} by rearm"
        )
    if wait.ended_by == "default result":
        return f"{who} {ended}; expected an explicit result"
    ready_first = world.ready_after_s is not None and (world.gone_after_s is None or world.ready_after_s < world.gone_after_s)
    if ready_first and wait.outcome != "CONTINUE":
        return f"{who} {ended}; it was ready after {world.ready_after_s} s: expected CONTINUE (or say `expect:` in the world file)"
    return None
