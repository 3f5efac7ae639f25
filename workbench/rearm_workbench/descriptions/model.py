"""What a description creates, whichever tool it is for. Texts hold `${Name.Attribute}` where only the cloud knows the value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rearm.core.model import CloudName

Tool = Literal["sam", "serverless", "s", "fun"]
TOOLS: dict[CloudName, tuple[Tool, ...]] = {"aws": ("sam", "serverless"), "alibaba": ("s", "fun")}
ABSENT = -1
"""A number that is not said."""


@dataclass(frozen=True)
class Batch:
    """How a function takes messages from a queue."""

    size: int
    partial_failures: bool
    """Whether it may answer with the messages that failed."""
    visibility_s: int = ABSENT
    max_receives: int = ABSENT
    """After so many the queue gives a message to the dead-letter queue."""


@dataclass(frozen=True)
class Function:
    """A function. `type` is a notification type, `recheck` or `sweep`; `role` is the name of one of the description's roles."""

    type: str
    name: str
    handler: str
    runtime: str
    timeout_s: int
    memory_mb: int
    code: str
    """The archive, from the project's root."""
    role: str
    variables: Mapping[str, str] = field(default_factory=dict)
    triggers: tuple[str, ...] = ()
    """What calls it, a few words each."""
    retries: int = ABSENT
    """How often the platform repeats an asynchronous call that failed."""
    max_age_s: int = ABSENT
    """How long it keeps one."""
    task_mode: bool = False
    dead_letters: str = ""
    """Where a call goes that failed for good."""
    batch: Batch | None = None


@dataclass(frozen=True)
class Statement:
    """One of a policy: `effect` these `actions` on these `resources` if `condition` holds (JSON, keys sorted; empty: always)."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: str = ""
    effect: str = "Allow"


@dataclass(frozen=True)
class Role:
    """A role with its inline policies by name, and who may take it on."""

    name: str
    policies: Mapping[str, tuple[Statement, ...]]
    trusted: tuple[str, ...] = ()

    def actions(self, policy: str) -> tuple[str, ...]:
        """What one of its policies allows, sorted."""
        return tuple(sorted({action for one in self.policies.get(policy, ()) for action in one.actions}))


@dataclass(frozen=True)
class Resource:
    """Anything that is created: `kind` as the cloud calls it, `name` as an operator will find it."""

    kind: str
    name: str


@dataclass(frozen=True)
class Description:
    """All that a tool creates."""

    tool: Tool
    cloud: CloudName
    functions: tuple[Function, ...]
    roles: tuple[Role, ...]
    resources: tuple[Resource, ...]
    """Everything, the functions and roles too."""
    layers: tuple[str, ...] = ()
    """The layers' archives, from the project's root."""

    def types(self) -> tuple[str, ...]:
        """The functions' types, in the description's order."""
        return tuple(one.type for one in self.functions)

    def function(self, type_: str) -> Function:
        """The one of that type. Raises StopIteration if there is none."""
        return next(one for one in self.functions if one.type == type_)

    def role(self, name: str) -> Role:
        """The one of that name. Raises StopIteration if there is none."""
        return next(one for one in self.roles if one.name == name)
