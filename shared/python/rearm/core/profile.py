"""The operator's rules for a kind of action: which actions, which checks, how often, how long, and what answer at the end.

The values only; reading and judging a configuration file is `rearm.config`. The first profile that matches is used.
"""

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

import msgspec

from rearm.core.model import Action, Result


class Match(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which actions a profile is for. An empty tuple matches everything; several values mean any of them.

    Values are patterns (`*`, `?`, `[..]`) held against the action's field, upper and lower case distinguished. `group` and
    `hook` are also held against the names that Alibaba Cloud gives beside its ids. A field that the notification lacks matches only `-`.
    """

    cloud: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    hook: tuple[str, ...] = ()
    transition: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    destination: tuple[str, ...] = ()
    action: tuple[str, ...] = ()

    def accepts(self, action: Action) -> bool:
        """True if every given field fits."""
        return (
            (not self.cloud or _fits(self.cloud, action.cloud))
            and (not self.group or _fits(self.group, action.group, action.group_name))
            and (not self.hook or _fits(self.hook, action.hook, action.hook_name))
            and (not self.transition or _fits(self.transition, action.transition))
            and (not self.metadata or _fits(self.metadata, action.metadata))
            and (not self.origin or _fits(self.origin, action.origin))
            and (not self.destination or _fits(self.destination, action.destination))
            and (not self.action or _fits(self.action, action.cause))
        )


@lru_cache(maxsize=256)
def _fits(patterns: tuple[str, ...], *values: str | None) -> bool:
    given = [value for value in values if value]
    if not given:
        return "-" in patterns
    return any(fnmatchcase(value, pattern) for value in given for pattern in patterns)


class Check(msgspec.Struct, frozen=True):
    """One question: its kind in the table of checks, its settings (already judged), its time limit."""

    kind: str
    settings: dict[str, object]
    limit_s: float = 5.0
    label: str = ""
    """How log lines and timelines name it, e.g. `http :8080/healthz`."""
    after_s: int = 0
    """It is not asked before the wait is so old."""
    for_s: int = 0
    """It has passed when it has answered so for this long,"""
    for_looks: int = 1
    """and in so many looks in a row."""
    fail_after_s: int | None = None
    """A wait so old that the check still answers `waiting` has failed."""
    required: bool = True
    """False: its answer is told, and decides nothing."""


class Step(msgspec.Struct, frozen=True):
    """Something to do once: its kind in the table of steps, its settings (already judged), its time limit for one look."""

    kind: str
    settings: dict[str, object]
    limit_s: float = 10.0
    label: str = ""
    after_s: int = 0
    """It is done when the wait is so old: an escalation."""
    stage: str = ""
    """The name of the stage that it belongs to. Steps of a stage are done one after the other; stages do not wait for each other."""
    once: bool = False
    """Done once for the action, and not for each of its instances."""
    repeatable: bool = True
    """False: to do it twice would show, so it waits for the look of a timer, which duplicates of a notification do not have."""
    required: bool = True
    """False: when it fails, that is told, and decides nothing."""


class All(msgspec.Struct, frozen=True, tag="all"):
    """Passed when every part is."""

    of: tuple["Condition", ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    """Passed when one part is."""

    of: tuple["Condition", ...]


class AtLeast(msgspec.Struct, frozen=True, tag="n_of"):
    """Passed when `n` parts are."""

    n: int
    of: tuple["Condition", ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """Passed when the part was asked and is not."""

    of: "Condition"


class One(msgspec.Struct, frozen=True, tag="check"):
    """A single check: its place in `Profile.checks`."""

    index: int


Condition = All | Any | AtLeast | Not | One


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A profile, ready to use. `budget_s` None: as long as the cloud allows."""

    name: str
    match: Match = Match()
    checks: tuple[Check, ...] = ()
    condition: Condition = All(of=())
    instances: Literal["all", "any"] | int = "all"
    """How many of the action's instances have to be ready."""
    steps: tuple[Step, ...] = ()
    every_s: int = 60
    linger_s: int | None = None
    """How often the checks are asked again between two looks, inside the invocation of the first; None: never."""
    budget_s: int | None = None
    on_failure: Result | None = None
    on_timeout: Result | None = None

    def failure_result(self, action: Action) -> Result:
        """What to answer when a check failed for good."""
        return self.on_failure or _careful(action)

    def timeout_result(self, action: Action) -> Result:
        """What to answer when the budget ends."""
        return self.on_timeout or _careful(action)


def _careful(action: Action) -> Result:
    """An instance that never became ready is given up; one that never drained goes anyway, as the group asked for."""
    return "CONTINUE" if action.transition == "terminate" else "ABANDON"


class Config(msgspec.Struct, frozen=True):
    """A whole configuration."""

    profiles: tuple[Profile, ...]

    def profile_for(self, action: Action) -> Profile | None:
        """The first profile that matches, or None."""
        for profile in self.profiles:
            if profile.match.accepts(action):
                return profile
        return None
