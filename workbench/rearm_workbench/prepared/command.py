"""`command`: the agent comes online soon after the beginning, and the script ends well once the instance is ready.

A script with `waiting_on` ends at once with the first of these as long as it is not; any other runs on.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from rearm.checks import command
from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.scripts import End

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

BOOT_S = 30.0
"""A new instance's agent comes online so late; one that leaves has it."""


def aws(world: "Replayed", check: Check, instance: str, action: Action) -> None:
    """Raises `Unfit` for an `output` of which no example can be made up."""
    runs(world, check.settings, instance, action)


def runs(world: "Replayed", given: Mapping[str, object], instance: str, action: Action) -> None:
    """The same for the settings of a check or a step."""
    settings = msgspec.convert(given, command.Settings)
    scripts, ready_s = world.instances.scripts, world.world.ready_after_s
    if action.transition != "terminate":
        online_at = world.start + (BOOT_S if ready_s is None else min(BOOT_S, ready_s))
        scripts.agents[instance] = lambda: world.clock.now() >= online_at
    good = End(settings.passed_on[0], _example(settings.output))
    early = End(settings.waiting_on[0]) if settings.waiting_on else None
    scripts.endings[instance, command.script(settings)] = lambda: good if world.course.is_ready() else early


alibaba = aws


def _example(pattern: str | None) -> str:
    """An output that matches: what is left of a pattern without its anchors."""
    from rearm_workbench.world import Unfit

    text = (pattern or "").removeprefix("^").removesuffix("$")
    if pattern is not None and not re.search(pattern, text):
        raise Unfit(f"a replay cannot make up an output for the pattern `{pattern}`: use plain words for the replay")
    return text
