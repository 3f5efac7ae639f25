"""Who needs which permission, for a configuration: of the port, and of each check and step that its profiles use."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import ModuleType
from typing import NamedTuple

import msgspec

from rearm import checks, steps
from rearm.config_match import CLOUDS
from rearm.core.model import CloudName
from rearm.core.profile import Config, Profile
from rearm_workbench.permissions import port
from rearm_workbench.permissions.port import FcApi, Role


class Need(NamedTuple):
    """One operation that somebody calls. `slots`: settings that its resource is named by. `groups`: of the profile, () for any."""

    operation: str
    by: str
    slots: Mapping[str, str]
    groups: tuple[str, ...] = ()
    platform: bool = False
    """Called by the cloud with the function's role, not by the function."""


def profiles_of(config: Config, cloud: CloudName) -> list[Profile]:
    """The profiles that may be used on that cloud."""
    return [profile for profile in config.profiles if not profile.match.cloud or cloud in profile.match.cloud]


def clouds_of(config: Config) -> list[CloudName]:
    """The clouds that any profile is for."""
    return [cloud for cloud in CLOUDS if profiles_of(config, cloud)]


def needs(config: Config, cloud: CloudName, role: Role, fc: FcApi = "3.0") -> list[Need]:
    """Every need of that role, the port's first; an operation may be there several times."""
    profiles = profiles_of(config, cloud)
    found = [
        Need(call.operation, call.by, call.slots, groups, call.platform)
        for call in port.calls(cloud, role, fc, tells=any(profile.steps or profile.linger_s for profile in profiles))
        for groups in (dict.fromkeys(profile.match.group for profile in profiles) if role == "look" else [()])
    ]
    if role == "look":
        found += chain.from_iterable(_of_profile(profile, cloud, fc) for profile in profiles)
    return found


def _of_profile(profile: Profile, cloud: CloudName, fc: FcApi) -> Iterator[Need]:
    for what, table, asked in (("check", checks, profile.checks), ("step", steps, profile.steps)):
        for one in asked:
            settings = msgspec.convert(one.settings, table.module(one.kind).Settings)
            slots = slots_of(settings)
            if cloud == "alibaba":
                slots = _on_fc(slots, fc)
            module = table.module(one.kind)
            for operation in operations(module, settings, cloud):
                own = operation not in module.CALLS.get(cloud, ())
                yield Need(operation, f"{what} {one.kind}", {} if own else slots, profile.match.group)


def operations(module: ModuleType, settings: object, cloud: CloudName) -> tuple[str, ...]:
    """What a check or step calls on that cloud: its `calls(settings, cloud)` if it has one, else all of its `CALLS`, and what the
    operator names."""
    if hasattr(module, "calls"):
        found: Sequence[str] = module.calls(settings, cloud)
    else:
        found = (*module.CALLS.get(cloud, ()), *getattr(settings, "permissions", ()))
    return tuple(dict.fromkeys(found))


def slots_of(settings: object) -> dict[str, str]:
    """The settings that are texts, by the names that the templates of resources use."""
    names = getattr(type(settings), "__struct_fields__", ())
    return {name: value for name in names if isinstance(value := getattr(settings, name), str)}


def _on_fc(slots: dict[str, str], fc: FcApi) -> dict[str, str]:
    """`function: service/name` is for Function Compute 2.0; a name alone is in rearm's own service there."""
    service, _, function = slots.get("function", "").rpartition("/")
    if not function or not (service or fc == "2.0"):
        return slots
    return {**slots, "service": service or port.RECHECK_FC2["service"], "function": function}
