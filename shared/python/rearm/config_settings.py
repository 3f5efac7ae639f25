"""Judges the settings of one check or step, field by field, in the operator's words."""

from collections.abc import Callable
from types import ModuleType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from rearm import duration
from rearm.config_problems import NOTHING, Problems, either, join
from rearm.core.model import CLOUD_NAMES, Transition


class Fit(msgspec.Struct, frozen=True):
    """What a profile is for."""

    clouds: tuple[str, ...]
    transitions: tuple[Transition, ...]
    longest_s: int
    """No wait of the profile lasts longer,"""
    why: str
    """which says this, in a few words."""

    def comes(self, after_s: int, raw: object, path: str, problems: Problems, *, stage_s: int = 0) -> bool:
        """True if a wait gets so old, `after_s` after its stage; else what was written (`raw`) is reported."""
        if stage_s + after_s < self.longest_s:
            return True
        counted = f", less the {duration.say(stage_s)} of its stage" if stage_s else ""
        problems.wrong(path, raw, f"less than {duration.say(self.longest_s)}, {self.why}{counted}: it would never come")
        return False


def judge_settings(module: ModuleType, given: dict[str, object], path: str, fit: Fit, problems: Problems) -> Any:
    """The module's Settings; None, and every problem reported, if they are wrong."""
    before = len(problems.lines)
    _judge_clouds(module, path, fit, problems)
    target: tuple[str, ...] = getattr(module, "TARGET", ())
    if target and not any(name in given for name in target):
        problems.add(path, f"has no target: give {either([f'`{name}`' for name in target])}")
    empty = [field.encode_name for field in msgspec.structs.fields(module.Settings) if not field.required]
    empty = [name for name in empty if name in given and given[name] is None]
    for name in empty:
        problems.add(join(path, name), NOTHING)
    if empty:
        # What is missing now is not judged together with the rest: one mistake is one line.
        _each_field(module, {key: value for key, value in given.items() if key not in empty}, path, problems, target)
        return None
    try:
        settings = msgspec.convert(given, module.Settings)
    except msgspec.ValidationError:
        _each_field(module, given, path, problems, target)
        return None
    for name, text in [
        *(module.problems(settings, fit.clouds) if hasattr(module, "problems") else ()),
        *(module.misfits(settings, fit.clouds, fit.transitions) if hasattr(module, "misfits") else ()),
    ]:
        problems.add(join(path, name) if name else path, text)
    return settings if len(problems.lines) == before else None


def seconds(raw: object, path: str, problems: Problems, longest_s: int | None = None, why: str = "") -> int | None:
    """A duration in seconds; None, and the problem reported."""
    try:
        found = duration.seconds(raw)
    except ValueError as error:
        problems.wrong(path, raw, str(error))
        return None
    if longest_s is not None and found > longest_s:
        problems.wrong(path, raw, f"at most {duration.say(longest_s)}{why}")
        return None
    return found


def given_for(module: ModuleType, raw: object, path: str, options: tuple[str, ...], problems: Problems) -> dict[str, object] | None:
    """The settings as written: nothing at all, a mapping, or the one text that stands for it. None, and reported, if they are no such."""
    if raw is None:
        raw = {}
    elif isinstance(raw, str) and hasattr(module, "SHORT"):
        raw = {module.SHORT: raw}
    names = [field.encode_name for field in msgspec.structs.fields(module.Settings)]
    return problems.mapping(path, raw, (*names, *options), optional=options)


def option(given: dict[str, object], key: str, read: Callable[[object, str], Any], default: Any, path: str) -> Any:
    """Take an option out of what was given; `default` if it is not there, or wrong."""
    if key not in given:
        return default
    found = read(given.pop(key), f"{path}.{key}")
    return default if found is None else found


def _judge_clouds(module: ModuleType, path: str, fit: Fit, problems: Problems) -> None:
    missing = [cloud for cloud in fit.clouds if cloud not in module.CALLS]
    if missing:
        only = next(iter(module.CALLS))
        problems.add(path, f"is for {CLOUD_NAMES[only]} only; give the profile `match: {{cloud: {only}}}`")


def _each_field(module: ModuleType, given: dict[str, object], path: str, problems: Problems, target: tuple[str, ...]) -> None:
    """msgspec stops at the first wrong field: ask it for one at a time."""
    hints = get_type_hints(module.Settings, include_extras=True)
    for field in msgspec.structs.fields(module.Settings):
        name, allowed = field.encode_name, _allowed(hints[field.name])
        if name not in given:
            if field.required and name not in target:
                problems.add(join(path, name), f"missing; must be {allowed}")
            continue
        try:
            msgspec.convert(given[name], hints[field.name])
        except msgspec.ValidationError:
            if name in getattr(module, "SECRET", ()) and given[name] is not None:
                problems.add(join(path, name), f"must be {allowed} (the value is not shown)")
            else:
                problems.wrong(join(path, name), given[name], allowed)


def _allowed(hint: Any) -> str:
    """A type in the operator's words: the description that it carries, its words, or its name."""
    if get_origin(hint) is Annotated:
        return next((part.description for part in get_args(hint) if isinstance(part, msgspec.Meta) and part.description), "a text")
    if get_origin(hint) is Literal:
        return either(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return either([_allowed(part) for part in get_args(hint) if part is not type(None)])
    return {bool: "true or false", int: "a whole number"}.get(hint, "a text")
