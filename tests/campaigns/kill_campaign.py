"""Kill `rearm emulate` with SIGKILL again and again while waits go on: `python tests/campaigns/kill_campaign.py [--kills 50] [--seed N]`.

A real process, real HTTP, real files, the deployed functions on both clouds. Whatever is killed, and wherever: each wait has to end as its
scenario says. Prints its seed first, then each kill, then how the waits ended. Exit code 1 with the first violation; the same seed gives
the same waits and the same kills, at the same points.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from campaigns.kill_clouds import Clouds, Step
from campaigns.kill_lives import Lives, Violation
from campaigns.kill_plan import Kill, kills_of
from campaigns.kill_ready import Ready
from campaigns.kill_scenarios import NIGHT, Planned, Scenario, configuration, round_of
from campaigns.kill_verdict import Verdict, judged

ROUNDS_MAX = 12
LATE_S = 2 * 3600
"""A wait that has not ended so long after its time never will."""
QUIET_S = 2 * 3600
"""After the last wait: what is still due then has been left behind."""
STEP_S = (20, 240)


@dataclass
class Open:
    """A wait that goes on. `due_at`: when it has to be over."""

    wait: Planned
    began_at: float
    instances: tuple[str, ...] = ()
    due_at: float | None = None


@dataclass(frozen=True)
class Plan:
    """What is decided beforehand. Rounds are begun as long as there are kills left."""

    seed: int
    rounds: list[list[Planned]]
    kills: list[Kill]


def drawn(seed: int, kills: int) -> Plan:
    """All scenarios in each round, and kills at every point."""
    rng = random.Random(seed)
    return Plan(seed, [round_of(number, rng) for number in range(1, ROUNDS_MAX + 1)], kills_of(kills, rng))


class Campaign:
    """One campaign. `say` gets its lines."""

    def __init__(self, plan: Plan, directory: Path, say: Callable[[str], None]) -> None:
        self.rng, self.say, self.rounds = random.Random(plan.seed), say, iter(plan.rounds)
        self.ready = Ready()
        config = directory / "rearm.yml"
        config.write_text(configuration((wait for waits in plan.rounds for wait in waits), self.ready.port))
        self.lives = Lives(directory / "state", config, list(plan.kills), say, self.compare)
        self.open: dict[str, Open] = {}
        self.over: dict[str, tuple[Planned, tuple[tuple[str, str], ...]]] = {}
        self.begun: list[Planned] = []

    def run(self) -> list[Verdict]:
        """Raises `Violation`."""
        try:
            self.lives.start()
            self._do(lambda clouds: clouds.prepare())
            while self.lives.kills_left and (waits := next(self.rounds, None)):
                self._round(waits)
            while self.open:
                self._advance(self.lives.now() + 600)
            self._advance(self.lives.now() + QUIET_S)
            self._nothing_is_left()
            shown = {name: state for name, (_, state) in self.over.items()}
            self.lives.end()
            if self.lives.kills_left:
                raise Violation(f"{self.lives.kills_left} kills are left, and no round: plan more rounds")
            return judged(self.lives.state_dir, self.begun, shown)
        finally:
            self.lives.stop()
            self.ready.stop()

    # one round of waits

    def _round(self, waits: list[Planned]) -> None:
        self.say(f"round of {len(waits)} waits")
        began = self.lives.now()
        events: list[tuple[float, Planned, bool]] = [(wait.begin_s, wait, True) for wait in waits]
        events += [(wait.begin_s + wait.end_s, wait, False) for wait in waits if wait.scenario.end in ("ready", "gone", "hook deleted")]
        for at_s, wait, begins in sorted(events, key=lambda event: event[0]):
            while self.lives.now() < began + at_s:
                self._advance(min(began + at_s, self.lives.now() + self.rng.randint(*STEP_S)))
            if begins:
                self._begin(wait)
            else:
                self._end(wait)
        while any(one.wait.scenario is not NIGHT for one in self.open.values()):
            self._advance(self.lives.now() + self.rng.randint(*STEP_S))

    def _begin(self, wait: Planned) -> None:
        if wait.scenario.end == "broken":
            self.ready.broken.add(wait.path)
        self._do(lambda clouds: clouds.begin(wait))
        state = self.lives.ask(lambda clouds: clouds.state(wait))
        self.begun.append(wait)
        began_at = self.lives.now()
        longest_s = wait.end_s or 6 * 3600
        self.open[wait.name] = Open(wait, began_at, tuple(one for one, _ in state), began_at + longest_s + LATE_S)
        self._fault()

    def _end(self, wait: Planned) -> None:
        if wait.scenario.end == "ready":
            self.ready.paths.add(wait.path)
        self._do(lambda clouds: clouds.end(wait))

    def _fault(self) -> None:
        """Now and then the next call of an operation fails, also over a kill."""
        faults = (
            ("autoscaling:CompleteLifecycleAction", "ResourceContention", 500, "aws"),
            ("autoscaling:RecordLifecycleActionHeartbeat", "Throttling", 400, "aws"),
            ("scheduler:CreateSchedule", "InternalServerException", 500, "aws"),
            ("autoscaling:DescribeLifecycleHooks", "Throttling", 400, "aws"),
            ("ess:CompleteLifecycleAction", "ServiceUnavailable", 503, "alibaba"),
            ("ess:RecordLifecycleActionHeartbeat", "Throttling", 400, "alibaba"),
            ("fc:InvokeFunction", "InternalServerError", 500, "alibaba"),
        )
        name, code, status, cloud = self.rng.choice(faults)
        if self.rng.random() < 0.3:
            body = {"name": name, "code": code, "status": status, "times": 1}
            self.lives.ask(lambda clouds: clouds.post("/_faults", body, cloud))

    def _advance(self, to: float) -> None:
        self.lives.advance(to)
        for one in list(self.open.values()):
            self._look_at(one)

    def _look_at(self, one: Open) -> None:
        wait = one.wait
        state = self.lives.ask(lambda clouds: clouds.state(wait))
        if any(word.endswith(":Wait") for _, word in state):
            if tuple(instance for instance, _ in state) != one.instances:
                raise Violation(f"{wait.name}: its instances were {one.instances}, now {state}")
            if one.due_at is not None and self.lives.now() > one.due_at:
                raise Violation(f"{wait.name} ({wait.scenario.kind}) waits still, {LATE_S} s after its time")
            return
        stays = bool(state)
        if wait.scenario.ended_by != "gone" and stays != _stays(wait.scenario):
            raise Violation(f"{wait.name} ({wait.scenario.kind}) ended otherwise than {wait.scenario.result}: {state or 'no instance'}")
        self.over[wait.name] = (wait, state)
        del self.open[wait.name]

    # over kills

    def _do(self, steps: Callable[[Clouds], list[Step]]) -> None:
        """Each step until it is answered. The steps are made anew each time: the clients may be those of another life."""
        index = 0
        while index < self.lives.ask(lambda clouds: len(steps(clouds))):
            number = index
            self.lives.ask(lambda clouds, number=number: steps(clouds)[number]())
            index += 1

    def compare(self, clouds: Clouds) -> None:
        """After a restart: what was over is over, in the same way, and who waited is who waits."""
        for wait, state in list(self.over.values())[-20:]:
            if (found := clouds.state(wait)) != state:
                raise Violation(f"{wait.name} was over, {state}; after the restart: {found}")
        for one in self.open.values():
            found = clouds.state(one.wait)
            if found and one.instances != tuple(instance for instance, _ in found):
                raise Violation(f"{one.wait.name}: its instances were {one.instances}; after the restart: {found}")

    def _nothing_is_left(self) -> None:
        left = self.lives.ask(lambda clouds: clouds.schedules())
        if left:
            raise Violation(f"schedules are left behind: {left}")


def _stays(scenario: Scenario) -> bool:
    return scenario.result == ("CONTINUE" if scenario.transition == "launch" else "ROLLBACK")


def table(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def run(plan: Plan, directory: Path, tell: Callable[[str], None] = lambda _: None) -> tuple[list[Kill], list[Verdict]]:
    """A campaign: its kills as they fell, and how its waits ended. Raises `Violation`."""
    campaign = Campaign(plan, directory, tell)
    verdicts = campaign.run()
    return campaign.lives.fallen, verdicts


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    given = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    given.add_argument("--kills", type=int, default=50)
    given.add_argument("--seed", type=int, default=None)
    asked = given.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C does: nothing is left running, or stopped
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    say(f"seed {seed}, {asked.kills} kills")
    directory, began = Path(tempfile.mkdtemp(prefix="rearm-kill-")), time.monotonic()
    try:
        fallen, verdicts = run(drawn(seed, asked.kills), directory, say)
    except Violation as violation:
        say(f"seed {seed}: VIOLATION: {violation}\nthe state is in {directory}")
        return 1
    points = Counter((kill.where, kill.who) for kill in fallen)
    say("\nkills")
    for line in table([[str(count), who, where] for (where, who), count in sorted(points.items())]):
        say(line)
    say("\nwaits")
    for line in table([["wait", "scenario", "result", "by", "after", "heartbeats"], *(list(one.row()) for one in verdicts)]):
        say(line)
    late = max((one.late_s for one in verdicts), default=0.0)
    say(f"\nseed {seed}: {len(fallen)} kills, {len(verdicts)} waits, each ended as it should; {time.monotonic() - began:.0f} s")
    say(f"the latest end: {late:.0f} s after its time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
