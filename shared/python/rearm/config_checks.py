"""Judges the `checks` of a profile: the tree of all/any, each check's settings, its time limit.

A check's module is imported only if the configuration uses it.
"""

from types import ModuleType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from rearm import checks, duration
from rearm.config_problems import Problems, either, join
from rearm.core.profile import All, Check, Condition, One
from rearm.core.profile import Any as AnyOf

LONGEST_LIMIT_S = 60
DEFAULT_LIMIT_S = 5
DEEPEST = 8
"""Levels of all/any inside each other; more is an accident."""


def judge_checks(raw: object, path: str, clouds: tuple[str, ...], problems: Problems) -> tuple[tuple[Check, ...], All]:
    """The checks in the order of the file, and the condition over them. `clouds` are those that the profile is for."""
    if not isinstance(raw, list):
        problems.wrong(path, raw, "a list of checks")
        return (), All(of=())
    found: list[Check] = []
    condition = All(of=_Tree(clouds, problems, found).items(raw, path, 1))
    return tuple(found), condition


class _Tree:
    """Walks a list of checks; what it finds goes to `found`."""

    def __init__(self, clouds: tuple[str, ...], problems: Problems, found: list[Check]) -> None:
        self.clouds, self.problems, self.found = clouds, problems, found

    def items(self, raw: list[object], path: str, depth: int) -> tuple[Condition, ...]:
        conditions = (self.item(item, f"{path}[{index}]", depth) for index, item in enumerate(raw))
        return tuple(condition for condition in conditions if condition is not None)

    def item(self, raw: object, path: str, depth: int) -> Condition | None:
        kinds = (*checks.TABLE, "all", "any")
        if isinstance(raw, str):
            return self.one(raw, {}, path) if self.problems.word(path, raw, tuple(checks.TABLE)) else None
        if isinstance(raw, dict) and len(raw) > 1:
            self.problems.add(path, "has more than one check; write each behind its own `-`, and indent its settings below its name")
        given = self.problems.mapping(path, raw, kinds, "check")
        if given is not None and not raw:
            self.problems.add(path, f"empty: name a check: {either(kinds)}")
        for kind, value in (given or {}).items():
            return self.group(kind, value, f"{path}.{kind}", depth) if kind in ("all", "any") else self.one(kind, value, path)
        return None

    def group(self, kind: str, raw: object, path: str, depth: int) -> Condition | None:
        if not isinstance(raw, list):
            self.problems.wrong(path, raw, "a list of checks")
        elif not raw:
            self.problems.add(path, "an empty list: needs at least one check")
        elif depth >= DEEPEST:
            self.problems.add(path, f"more than {DEEPEST} levels of all and any")
        else:
            of = self.items(raw, path, depth + 1)
            return All(of=of) if kind == "all" else AnyOf(of=of)
        return None

    def one(self, kind: str, raw: object, path: str) -> Condition | None:
        module, before = checks.module(kind), len(self.problems.lines)
        names = module.Settings.__struct_fields__
        given = self.problems.mapping(f"{path}.{kind}", {} if raw is None else raw, (*names, "limit"))
        if given is None:
            return None
        limit_s = self.limit(given.pop("limit", DEFAULT_LIMIT_S), f"{path}.{kind}.limit")
        settings = judge_settings(module, given, f"{path}.{kind}", self.clouds, self.problems)
        if settings is None or len(self.problems.lines) > before:
            return None
        self.found.append(Check(kind=kind, settings=given, limit_s=limit_s, label=module.label(settings)))
        return One(index=len(self.found) - 1)

    def limit(self, raw: object, path: str) -> float:
        try:
            found = duration.seconds(raw)
        except ValueError as error:
            self.problems.wrong(path, raw, str(error))
            return DEFAULT_LIMIT_S
        if found > LONGEST_LIMIT_S:
            self.problems.wrong(path, raw, f"at most {LONGEST_LIMIT_S}s: a look has to end within one invocation")
        return float(found)


def judge_settings(module: ModuleType, given: dict[str, object], path: str, clouds: tuple[str, ...], problems: Problems) -> Any:
    """The module's Settings; None, and every problem reported, if they are wrong."""
    before = len(problems.lines)
    target: tuple[str, ...] = getattr(module, "TARGET", ())
    if target and not any(name in given for name in target):
        problems.add(path, f"has no target: give {either([f'`{name}`' for name in target])}")
    try:
        settings = msgspec.convert(given, module.Settings)
    except msgspec.ValidationError:
        _each_field(module, given, path, problems, target)
        return None
    if hasattr(module, "problems"):
        for name, text in module.problems(settings, clouds):
            problems.add(join(path, name), text)
    return settings if len(problems.lines) == before else None


def _each_field(module: ModuleType, given: dict[str, object], path: str, problems: Problems, target: tuple[str, ...]) -> None:
    """msgspec stops at the first wrong field: ask it for one at a time."""
    hints = get_type_hints(module.Settings, include_extras=True)
    for field in msgspec.structs.fields(module.Settings):
        if field.name not in given:
            if field.required and field.name not in target:
                problems.add(join(path, field.name), f"missing; must be {_allowed(hints[field.name])}")
            continue
        try:
            msgspec.convert(given[field.name], hints[field.name])
        except msgspec.ValidationError:
            value, allowed = given[field.name], _allowed(hints[field.name])
            if field.name in getattr(module, "SECRET", ()):
                problems.add(join(path, field.name), f"must be {allowed} (the value is not shown)")
            else:
                problems.wrong(join(path, field.name), value, allowed)


def _allowed(hint: Any) -> str:
    """A type in the operator's words: the description that it carries, its words, or its name."""
    if get_origin(hint) is Annotated:
        return next((part.description for part in get_args(hint) if isinstance(part, msgspec.Meta) and part.description), "a text")
    if get_origin(hint) is Literal:
        return either(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return either([_allowed(part) for part in get_args(hint) if part is not type(None)])
    return {bool: "true or false", int: "a whole number"}.get(hint, "a text")
