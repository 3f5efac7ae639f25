"""The values that everything else passes around. All frozen, all plain data.

An **action** is what a cloud asks about; a **wait** is an action with its budget, and the only state there is: it
travels inside the recheck's message. Times are seconds since the epoch (`_at`) or seconds (`_s`).
"""

from typing import Literal

import msgspec

CloudName = Literal["aws", "alibaba"]
CLOUD_NAMES: dict[str, str] = {"aws": "AWS", "alibaba": "Alibaba Cloud"}
"""As people write them."""
Transition = Literal["launch", "terminate"]
Result = Literal["CONTINUE", "ABANDON", "ROLLBACK"]
Status = Literal["passed", "waiting", "failed", "gone"]


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """One lifecycle action, as its notification tells it, or as the sweep finds it.

    `token` is empty only for what the sweep found on AWS, where no API tells it.
    `group` and `hook` are names on AWS and ids on Alibaba Cloud; `group_name` and `hook_name` are the names there, where
    the notification gives them. `instances` holds one id on AWS and one or more on Alibaba Cloud.
    """

    cloud: CloudName
    hook: str
    token: str
    instances: tuple[str, ...]
    group: str = ""
    transition: Transition | None = None
    """None only for an OOS message without it: the hook is asked."""
    metadata: str | None = None
    origin: str | None = None
    destination: str | None = None
    cause: str | None = None
    """`Action` of the notification: `ReplaceRootVolume`, or None."""
    region: str = ""
    account: str = ""
    group_name: str | None = None
    hook_name: str | None = None
    notified_at: float | None = None
    """The notification's own time, if it has one that can be read."""


class Parsed(msgspec.Struct, frozen=True):
    """What one notification turned out to be.

    `action` is set for the verdict `action` only. `record` is the message id that a batch answer names (SQS), else None.
    """

    verdict: Literal["action", "test", "ignored", "invalid"]
    reason: str
    action: Action | None = None
    record: str | None = None


class Hook(msgspec.Struct, frozen=True):
    """What the cloud says of a lifecycle hook: its heartbeat timeout, its default result, its transition."""

    heartbeat_timeout_s: int
    default_result: Result | None = None
    transition: Transition | None = None


class Held(msgspec.Struct, frozen=True):
    """A wait that the cloud holds, as the sweep finds it."""

    action: Action
    """On AWS its token is empty, since no API tells it: instance, group and hook identify the action."""
    hook: Hook
    began_at: float | None
    """When its scaling activity began, so at the latest when the wait did; None: unknown."""


class Wait(msgspec.Struct, frozen=True, omit_defaults=True):
    """An action and what is known of its budget. This is the recheck's message: the message is the memory."""

    action: Action
    began_at: float
    lapses_at: float
    """When the cloud applies the default result if nobody does anything: a lower bound where the cloud is unclear."""
    heartbeat_timeout_s: int = 0
    """The hook's own heartbeat timeout; 0 while the hook could not be described."""
    heartbeats: int = 0
    granted_s: float = 0
    """All time given so far: the hook's timeout and every heartbeat. An upper bound if heartbeats add up (Alibaba)."""
    due_at: int = 0
    """When this look was due; 0 for the first one."""
    looks: int = 0
    refused: int = 0
    """How often the cloud refused to extend the wait for its total time (Alibaba)."""
    troubles: int = 0
    """In how many looks in a row a heartbeat or the completion failed."""
    hop: int = 0
    """How often this look's timer came too early and was set again."""
    ending: Result | None = None
    """A result that was decided and sent but not confirmed: it is sent again, never another."""
    known: dict[str, str] = {}
    """What checks and steps remember from look to look: an address, a command id, since when a check passes, which step is done."""


class CheckResult(msgspec.Struct, frozen=True):
    """One check's answer about one instance. `gone` means that the instance does not exist any more."""

    status: Status
    reason: str
    remember: dict[str, str] = {}
    error: bool = False
    """Nobody answered: the cloud could not be asked, or the check broke. Such a `waiting` says nothing of the instance."""


class StepResult(msgspec.Struct, frozen=True):
    """What came of a step in this look. `going`: not done yet, it is tried again; `failed`: it never will be."""

    status: Literal["done", "going", "failed"]
    reason: str
    remember: dict[str, str] = {}


class Heartbeat(msgspec.Struct, frozen=True, tag=True):
    """Record a heartbeat. `seconds` is the length asked for (AWS ignores it: the hook's own is used)."""

    seconds: int
    reason: str


class Recheck(msgspec.Struct, frozen=True, tag=True):
    """Look again at `at`, in whole seconds since the epoch: the timer's name."""

    at: int
    reason: str


class Complete(msgspec.Struct, frozen=True, tag=True):
    """End the wait with `result`. `by_budget`: it is the time-out answer, nobody has said that the instances are ready or have failed."""

    result: Result
    reason: str
    by_budget: bool = False


Effect = Heartbeat | Recheck | Complete
Decision = tuple[Effect, ...]
"""What to do, in order: `(Complete,)`, `(Recheck,)` or `(Heartbeat, Recheck)`."""
