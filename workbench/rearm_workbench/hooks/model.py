"""The values that the hook commands pass around. All frozen, all plain data.

Settings are mappings from the keys of the hooks file (`FIELDS`) to their values: the heartbeat timeout in seconds, the rest text; an empty
text is "none". What a file leaves out is not in its mapping; what a cloud describes has every key.
"""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from rearm import duration
from rearm.core.model import CloudName
from rearm.errors import RearmError

FIELDS = ("transition", "heartbeat_timeout", "default_result", "target", "role", "metadata")
Settings = Mapping[str, str | int]
Level = Literal["ok", "warning", "problem"]
Kind = Literal["create", "update", "same"]

LONGEST = 100


class Place(msgspec.Struct, frozen=True, order=True):
    """A scaling group, and who asks for it. `account` and `credentials` are empty where the file names none."""

    cloud: CloudName
    region: str
    group: str
    account: str = ""
    credentials: str = ""

    def __str__(self) -> str:
        return f"{self.cloud} {self.region} {self.group}"


class Wanted(msgspec.Struct, frozen=True):
    """A hook as the file wants it. `name` is the file's own, `hook` the cloud's."""

    name: str
    place: Place
    hook: str
    settings: dict[str, str | int]


class Found(msgspec.Struct, frozen=True):
    """A hook as the cloud describes it, with every key of `FIELDS`. `id` and `active` say something on Alibaba Cloud only."""

    hook: str
    settings: dict[str, str | int]
    id: str = ""
    active: bool = True


class Changed(msgspec.Struct, frozen=True):
    """One setting that becomes another; an empty text is "none"."""

    old: str | int
    new: str | int


class Change(msgspec.Struct, frozen=True):
    """What has to be done for one hook. `kept` are settings that the hook has and the file leaves out."""

    wanted: Wanted
    kind: Kind
    fields: dict[str, Changed] = {}
    kept: dict[str, str | int] = {}
    found: Found | None = None


class Finding(msgspec.Struct, frozen=True):
    """One answer of `verify`. `todo` says what to do about it; empty where all is well."""

    level: Level
    hook: str
    check: str
    text: str
    todo: str = ""


class Group(msgspec.Struct, frozen=True):
    """A scaling group: what people call it (its name on Alibaba Cloud) and how many instances it has."""

    name: str
    instances: int = 0


class Target(msgspec.Struct, frozen=True):
    """What could be read of a hook's target and of the role that delivers to it. None: it could not be read, `unread` says why."""

    exists: bool | None
    unread: tuple[str, ...] = ()
    policy: dict[str, object] | None = None
    """The resource policy of the queue, topic or function; empty if it has none."""
    trust: dict[str, object] | None = None
    """The role's trust policy."""
    role_exists: bool | None = None
    role_policies: tuple[dict[str, object], ...] | None = None
    service_role: str = ""
    """The service-linked role of the group (AWS)."""


class Trouble(RearmError):
    """Something could not be done. `str()` is one line. `sure`: the cloud refused it, so nothing was written."""

    def __init__(self, line: str, *, sure: bool = True) -> None:
        self.sure = sure
        super().__init__(line)


class NoGroup(Trouble):
    """The cloud knows no such group there."""


class HookCloud(Protocol):
    """One cloud, in one region, with one set of credentials. Every method raises `Trouble`."""

    def account(self) -> str:
        """Whose credentials these are; empty if nobody could tell."""

    def hooks(self, group: str) -> list[Found]:
        """The group's hooks. Raises `NoGroup`."""

    def about(self, group: str) -> Group:
        """The group itself."""

    def create(self, wanted: Wanted) -> str:
        """Make the hook. Returns its id (Alibaba Cloud), or nothing."""

    def update(self, group: str, found: Found, settings: Settings, /) -> None:
        """Change these settings of a hook and nothing else."""

    def delete(self, group: str, found: Found, /) -> None:
        """Delete the hook. Its waits end."""

    def target(self, group: str, settings: Settings, /) -> Target:
        """What can be read of the hook's target."""


def value_text(name: str, value: str | int) -> str:
    """A setting's value on one line, short."""
    if name == "heartbeat_timeout":
        return duration.say(int(value))
    text = " ".join(str(value).split()) or "none"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(str(value))} characters)"
