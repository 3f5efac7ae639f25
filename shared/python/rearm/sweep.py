"""The sweep: finds waits that the cloud holds and nobody looks after, and gives each its next look.

A notification may be lost, and a look's retries may run out. The sweep comes by the clock, asks the cloud which waits it holds and
then which timers are due, and sets a timer for each wait without one: at once, or at the next slot where timers cannot be seen, under
the name that a live chain of looks has taken there. Chains of one wait meet at the next slot, so a sweep cannot double one.
"""

import os
import random
from collections.abc import Sequence

import msgspec

from rearm import clock, config
from rearm.clouds import Cloud
from rearm.core import beginning, grid
from rearm.core import decide as core
from rearm.core.limits import Limits
from rearm.core.model import Held, Recheck, Wait
from rearm.core.profile import Config, Profile
from rearm.errors import TryAgain
from rearm.look import about, arm, tell

GROUPS = "REARM_SWEEP_GROUPS"
"""Environment variable: the scaling groups to sweep, names (AWS) or ids (Alibaba Cloud), with commas between; empty: all of the region."""

RESERVE_S = 10
"""Of the invocation's time, kept for the last line."""

LONGEST_LIST = 20
"""Waits that the sweep's line names; the counts are always whole."""


class Lost(msgspec.Struct, frozen=True):
    """A wait without a look, and the profile that is to look after it."""

    wait: Wait
    profile: Profile


def sweep(cloud: Cloud) -> dict[str, object]:
    """One sweep; returns its log line. Raises `TryAgain` if nothing could be listed at all."""
    return Sweep(cloud, config.load()).run()


class Sweep:
    """What one sweep found and did."""

    def __init__(self, cloud: Cloud, settings: Config) -> None:
        self.cloud, self.settings, self.now = cloud, settings, clock.now()
        self.held = 0
        self.counts = dict.fromkeys(("left_alone", "adopted", "failed", "not_reached"), 0)
        self.named: dict[str, list[str]] = {"adopted": [], "failed": [], "not_reached": []}

    def run(self) -> dict[str, object]:
        # The waits first: a chain between two timers while they are listed has set its next one by the time the timers are.
        held = self.cloud.held_waits(groups())
        due = self._timers_due() if held else frozenset()
        lost = self._lost(held, due or frozenset())
        self._adopt(self._in_turn(lost) if due is None else lost, timers_known=due is not None)
        return self._say(timers_known=due is not None)

    def _timers_due(self) -> frozenset[str] | None:
        try:
            return self.cloud.timers_due()
        except TryAgain as error:
            tell(self.cloud, {"cloud": self.cloud.name, "verdict": "not listed", "reason": str(error)})
            return None

    def _lost(self, held: Sequence[Held], due: frozenset[str]) -> list[Lost]:
        lost = []
        self.held = len(held)
        for one in held:
            profile = self.settings.profile_for(one.action)
            if profile is None:
                self.counts["left_alone"] += 1
            elif grid.identity(one.action) not in due and not is_held_by_somebody(one, self.cloud.limits, self.now):
                lost.append(Lost(beginning.adopted_wait(one, self.cloud.limits, self.now), profile))
        return lost

    def _in_turn(self, lost: list[Lost]) -> list[Lost]:
        """Beginning somewhere else each time: where no timer can be seen, the invocation may end before the list does."""
        start = random.Random(self.now).randrange(len(lost)) if lost else 0
        return lost[start:] + lost[:start]

    def _adopt(self, lost: list[Lost], *, timers_known: bool) -> None:
        """Set their timers."""
        for index, one in enumerate(lost):
            if self.cloud.remaining_s() < RESERVE_S:
                self._count("not_reached", lost[index:])
                break
            try:
                if self._arm(one, timers_known=timers_known):
                    self._count("adopted", [one])
            except TryAgain as error:
                self._count("failed", [one])
                tell(self.cloud, about(one.wait.action) | {"verdict": "not adopted", "reason": str(error)})

    def _arm(self, one: Lost, *, timers_known: bool) -> bool:
        """A look as soon as a timer can be. Where timers cannot be seen, at the next slot: there a live chain has taken the name."""
        now = clock.now()
        at = core.soonest_look(one.wait, self.cloud.limits, now)
        if not timers_known:
            at = grid.slot_after(one.wait.action, one.profile.every_s, at)
        if not arm(msgspec.structs.replace(one.wait, looks=1), Recheck(at, "adopted by the sweep"), self.cloud, now):
            return False
        waited_s = round(now - one.wait.began_at)
        line: dict[str, object] = {
            "verdict": "adopted",
            "profile": one.profile.name,
            "reason": "nobody looked after it",
            "waited_s": waited_s,
        }
        tell(self.cloud, about(one.wait.action) | line)
        return True

    def _count(self, what: str, which: Sequence[Lost]) -> None:
        self.counts[what] += len(which)
        self.named[what] += [f"{one.wait.action.hook}: {' '.join(one.wait.action.instances)}" for one in which]

    def _say(self, *, timers_known: bool) -> dict[str, object]:
        line: dict[str, object] = {"cloud": self.cloud.name, "verdict": "sweep", "groups": list(groups()), "timers_known": timers_known}
        line |= {"held": self.held, "looked_after": self.held - sum(self.counts.values()), **self.counts}
        line |= {f"which_{what}": cut(names) for what, names in self.named.items() if names}
        return tell(self.cloud, line)


def groups() -> tuple[str, ...]:
    """What `REARM_SWEEP_GROUPS` names; () for all."""
    return tuple(dict.fromkeys(name for part in os.environ.get(GROUPS, "").split(",") if (name := part.strip())))


def is_held_by_somebody(held: Held, limits: Limits, now: float) -> bool:
    """Whether an invocation holds this wait, as far as can be told.

    On a hook too short for a timer no timer shows the looks: they are repeated inside one invocation. A wait older than such a hook's
    timeout has been extended by somebody, within the last timeout. One of unknown age counts as held: else each sweep would add
    another invocation to it.
    """
    timeout_s = held.hook.heartbeat_timeout_s
    if not 0 < timeout_s < limits.short_hook_s:
        return False
    return held.began_at is None or now - held.began_at > timeout_s


def cut(names: list[str]) -> list[str]:
    """At most `LONGEST_LIST` of them, and how many more there are."""
    more = len(names) - LONGEST_LIST
    return names if more <= 0 else [*names[:LONGEST_LIST], f"and {more} more"]
