"""`rearm explain`: what a file holds and what would be done with it. Reads; has no effect anywhere."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rearm import linger
from rearm.core import beginning, budget, heartbeats
from rearm.core.limits import LIMITS
from rearm.core.model import Action, Hook, Parsed
from rearm.core.profile import Config, Profile
from rearm_workbench.kinds import as_json as parsed_as_json
from rearm_workbench.kinds import explain
from rearm_workbench.profile_text import condition_text, reported_text, steps_text
from rearm_workbench.replay import read_event
from rearm_workbench.show import span
from rearm_workbench.world_file import HOOK_DEFAULTS

COLOURS = {"action": "green", "test": "cyan", "ignored": "cyan", "invalid": "red"}


def explain_file(path: Path, config: Config, *, as_json: bool) -> bool:
    """Print it; True if any notification is invalid. Raises InvalidNotification for a file that cannot be read."""
    kind, parsed = explain(read_event(path))
    invalid = any(one.verdict == "invalid" for one in parsed)
    if as_json:
        print(json.dumps([parsed_as_json(one) for one in parsed], indent=2))  # noqa: T201 - the output
        return invalid
    console = Console(highlight=False, soft_wrap=True)
    where = f"{kind.cloud or 'no cloud'} · {kind.doorway or 'no doorway'}"
    console.print(Text.assemble((str(path), "bold"), f"   {where} · {len(parsed)} notification{'s' if len(parsed) != 1 else ''}"))
    for one in parsed:
        console.print()
        console.print(Text.assemble((one.verdict, f"bold {COLOURS[one.verdict]}"), f"  {one.reason}"))
        if one.action is not None:
            console.print(_table(one, one.action, config))
    return invalid


def _table(parsed: Parsed, action: Action, config: Config) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2), pad_edge=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    facts = {key: value for key, value in parsed_as_json(parsed).items() if key not in ("verdict", "reason", "token") and value is not None}
    for key, value in facts.items():
        table.add_row(key, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
    table.add_row("token", f"{action.token[:8]}…")
    if action.transition is None:
        table.add_row("profile", "chosen when the hook has told the transition")
        return table
    profile = config.profile_for(action)
    if profile is None:
        table.add_row("profile", "none matches: left alone, the hook's default result will fall")
        return table
    table.add_row("profile", profile.name)
    if profile.steps:
        table.add_row("steps", steps_text(profile))
    table.add_row("checks", condition_text(profile.condition, profile) or "none: completed at once")
    if told := reported_text(profile):
        table.add_row("reports", told)
    for line in plan(action, profile):
        table.add_row("plan", line)
    return table


def plan(action: Action, profile: Profile) -> list[str]:
    """What a wait on a hook with its cloud's default timeout would look like, in words."""
    limits = LIMITS[action.cloud]
    timeout_s, _ = HOOK_DEFAULTS[action.cloud]
    wait = beginning.first_wait(action, Hook(timeout_s), limits, action.notified_at or 0.0)
    last_at, why = budget.last_look(wait, profile, limits)
    length = "as long as each needs, 20 at most" if limits.heartbeat_is_chosen else "the hook's own length"
    words = {"all": "every instance passes", "any": "one instance passes"}
    enough = words.get(str(profile.instances), f"{profile.instances} instances pass")
    needed_s = profile.every_s + limits.timer_late_s + linger.RESERVE_S
    lingering = (
        f"ask the checks again every {span(profile.linger_s or 0)} between looks; `recheck` has to be allowed {span(needed_s)} for that"
    )
    return [
        f"look at once, then every {span(profile.every_s)}, until {enough}: CONTINUE",
        *([lingering] if profile.linger_s else []),
        f"heartbeat {span(heartbeats.guard_s(wait, profile, limits))} before the wait lapses ({length}); hook taken as {span(timeout_s)}",
        f"a check that fails for good: {profile.failure_result(action)}",
        f"last look after {span(last_at - wait.began_at)} ({why}): {profile.timeout_result(action)}",
    ]
