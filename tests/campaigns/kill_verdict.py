"""How the waits of a campaign ended, from its journal alone: what was asked, and what both clouds become when it is asked again."""

import base64
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from campaigns.kill_lives import Violation
from campaigns.kill_scenarios import Planned
from rearm_workbench.deployed import functions_dir
from rearm_workbench.emulate.service import Service
from rearm_workbench.emulate.settings import Settings
from rearm_workbench.emulate.state_dir import StateDir
from rearm_workbench.emulators.lifecycle import LifecycleAction

LATE_S = 300
"""Beyond a look's distance: a timer that is a minute late, and a try again after an error."""


@dataclass(frozen=True)
class Verdict:
    """One wait that ended as it should. `late_s`: how long after its instance was ready, or its budget over."""

    wait: Planned
    result: str
    by: str
    after_s: float
    heartbeats: int
    late_s: float

    def row(self) -> tuple[str, ...]:
        minutes, seconds = divmod(round(self.after_s), 60)
        return (self.wait.name, self.wait.scenario.kind, self.result, self.by, f"{minutes}m{seconds:02}s", str(self.heartbeats))


def judged(state_dir: Path, begun: list[Planned], shown: Mapping[str, tuple[tuple[str, str], ...]]) -> list[Verdict]:
    """`shown`: what the campaign itself was shown of each group at the end. Raises `Violation`."""
    copy = state_dir.with_name("rebuilt")
    shutil.copytree(state_dir, copy)
    settings = Settings(state_dir=copy, stands_while_down=True, functions=functions_dir())
    results = completions(copy)
    with Service(settings) as service:
        now = service.clock.now()
        aws, alibaba = service.aws, service.alibaba
        for what, left in (("schedules", aws.pending_schedules()), ("invocations", alibaba.pending_invocations())):
            if left:
                raise Violation(f"{what} are left behind: {left}")
        actions: dict[str, list[LifecycleAction]] = defaultdict(list)
        for action in aws.book.actions.values():
            actions[action.group].append(action)
        groups: Any = alibaba.ess.groups
        for action in alibaba.book.actions.values():
            actions[groups.all[action.group].name].append(action)
        members = {group.name: tuple(sorted((one, member.state) for one, member in group.members.items())) for group in groups.all.values()}
        for name, state in members.items():
            if shown[name] != state:
                raise Violation(f"{name}: shown was {shown[name]}, rebuilt from the journal it is {state}")
    return [_judged(wait, actions[wait.name], results, now) for wait in begun]


def _judged(wait: Planned, actions: list[LifecycleAction], results: Mapping[str, list[str]], now: float) -> Verdict:
    asked, name = wait.scenario, f"{wait.name} ({wait.scenario.kind})"
    if len(actions) != 1:
        raise Violation(f"{name}: it should have been one action, and is {len(actions)}")
    (action,) = actions
    told = f"{action.result} by {action.by} after {(action.ended_at or now) - action.began_at:.0f} s, {action.heartbeats} heartbeats"
    if action.ended_at is None or action.by != asked.ended_by or (asked.ended_by == "client" and action.result != asked.result):
        raise Violation(f"{name}: {told}; it should be {asked.result} by {asked.ended_by}")
    if len(set(results[action.token])) > 1:
        raise Violation(f"{name}: it was completed with several results: {results[action.token]}")
    if action.heartbeats < asked.least_heartbeats:
        raise Violation(f"{name}: {told}; with fewer than {asked.least_heartbeats} heartbeats it proves nothing")
    after_s = action.ended_at - action.began_at
    late_s = after_s - wait.end_s if wait.end_s and asked.ended_by == "client" else 0.0
    if not -asked.every_s - LATE_S <= late_s <= asked.every_s + LATE_S:
        raise Violation(f"{name}: {told}; its time was {wait.end_s} s")
    return Verdict(wait, str(action.result), str(action.by), after_s, action.heartbeats, late_s)


def completions(state_dir: Path) -> dict[str, list[str]]:
    """The results that each token's wait was completed with, as recorded."""
    found: dict[str, list[str]] = defaultdict(list)
    state = StateDir(state_dir)
    for record in state.records():
        if record["what"] == "request":
            asked = parse_qs(record["path"].partition("?")[2]) | parse_qs(base64.b64decode(record["body"]).decode("utf-8", "replace"))
            named = {name.lower(): values[-1] for name, values in asked.items()}
            action = named.get("action") or record["headers"].get("x-acs-action", "")
            if action == "CompleteLifecycleAction":
                found[named["lifecycleactiontoken"]].append(named["lifecycleactionresult"])
    state.close()
    return found
