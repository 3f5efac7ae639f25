"""START HERE: what is done to a hook, decided without any call.

| the hook                 | the file wants   | `plan`, `apply`         | `remove`                                |
| ------------------------ | ---------------- | ----------------------- | --------------------------------------- |
| does not exist           | anything         | create                  | nothing                                 |
| exists, as the file says | the same         | in place: no write call | left alone, unless rearm made it        |
| exists, otherwise        | other values     | update these settings   | they get their former values back       |
| was made by rearm        | any of the above | any of the above        | deleted                                 |
| is not in the file       | nothing          | left alone              | left alone, unless rearm made or changed it |

A setting that the file leaves out is the cloud's default in a new hook, and is left as it is in one that exists.
"""

from collections.abc import Iterable, Mapping

import msgspec

from rearm.core.model import CloudName
from rearm_workbench.hooks.model import FIELDS, Change, Changed, Found, Settings, Wanted

DEFAULTS: dict[CloudName, dict[str, str | int]] = {
    "aws": {"heartbeat_timeout": 3600, "default_result": "ABANDON", "target": "", "role": "", "metadata": ""},
    "alibaba": {"heartbeat_timeout": 600, "default_result": "CONTINUE", "target": "", "role": "", "metadata": ""},
}
"""PutLifecycleHook (AWS), CreateLifecycleHook (Alibaba Cloud)."""

STAYS: dict[CloudName, tuple[str, ...]] = {"aws": ("role", "metadata"), "alibaba": ("target", "metadata")}
"""What the clouds' calls can set and change, but not take away: PutLifecycleHook wants at least one character; ModifyLifecycleHook
does not say what an empty value means."""


def change(wanted: Wanted, found: Found | None) -> Change:
    """What has to be done so that the hook is as wanted."""
    if found is None:
        made = {name: Changed("", value) for name, value in whole(wanted).items() if value != ""}
        return Change(wanted=wanted, kind="create", fields=made)
    named = wanted.settings
    fields = {name: Changed(found.settings[name], named[name]) for name in FIELDS if name in named and named[name] != found.settings[name]}
    kept = {name: found.settings[name] for name in FIELDS if name not in named and found.settings[name] not in _plain(wanted, name)}
    return Change(wanted=wanted, kind="update" if fields else "same", fields=fields, kept=kept, found=found)


def whole(wanted: Wanted) -> dict[str, str | int]:
    """Every setting of a hook that is made as the file says."""
    given = DEFAULTS[wanted.place.cloud] | wanted.settings
    return {name: given[name] for name in FIELDS}


def plan(wanted: Iterable[Wanted], found: Iterable[Found]) -> list[Change]:
    """The changes of one group, in the file's order."""
    by_hook = {one.hook: one for one in found}
    return [change(one, by_hook.get(one.hook)) for one in wanted]


def strangers(wanted: Iterable[Wanted], found: Iterable[Found]) -> list[Found]:
    """The group's hooks that the file does not name."""
    named = {one.hook for one in wanted}
    return [one for one in found if one.hook not in named]


def after(change: Change) -> Found:
    """The hook as it is once the change is done."""
    if change.found is None:
        return Found(hook=change.wanted.hook, settings=whole(change.wanted))
    new = {name: one.new for name, one in change.fields.items()}
    return msgspec.structs.replace(change.found, settings=change.found.settings | new)


class Restored(msgspec.Struct, frozen=True):
    """How an updated hook gets its former values back. `theirs`: changed by somebody else since, so left. `stays`: cannot be taken away."""

    settings: dict[str, str | int]
    theirs: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


def restored(cloud: CloudName, now: Settings, before: Settings, wrote: Settings) -> Restored:
    """What to write so that every setting that rearm changed is what it was before, as far as nobody else has changed it since."""
    back, theirs, stays = {}, [], []
    for name in FIELDS:
        if name not in wrote or wrote[name] == before[name] or now[name] == before[name]:
            continue
        if now[name] != wrote[name]:
            theirs.append(name)
        elif before[name] == "" and name in STAYS[cloud]:
            stays.append(name)
        else:
            back[name] = before[name]
    if back.get("target") == "" and "role" in stays:
        stays.remove("role")  # without a target it does nothing
    return Restored(back, tuple(theirs), tuple(stays))


def as_wrote(now: Settings, wrote: Mapping[str, str | int]) -> bool:
    """Whether a hook still has what was written."""
    return all(now[name] == value for name, value in wrote.items())


def _plain(wanted: Wanted, name: str) -> tuple[str | int, ...]:
    """Values of a setting that the file leaves out which are not worth a word."""
    return ("", DEFAULTS[wanted.place.cloud].get(name, ""))
