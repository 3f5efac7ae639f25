"""Judges the `steps` and the `stages` of a profile. A step's module is imported only if the configuration uses it."""

from functools import partial

from rearm import duration, steps
from rearm.config_problems import Problems, either
from rearm.config_settings import Fit, given_for, judge_settings, option, seconds
from rearm.core.profile import Step

LONGEST_LIMIT_S = 60
DEFAULT_LIMIT_S = 10
OPTIONS = ("limit", "required")
STAGE_KEYS = ("name", "after", "steps")
LONGEST_NAME = 64
COUNTED = ("force_after",)
"""Settings of steps that say how long after the first try something happens."""


def judge_steps(raw: object, path: str, fit: Fit, problems: Problems, *, after_s: int = 0, stage: str = "") -> tuple[Step, ...]:
    """The steps in the order of the file."""
    if not isinstance(raw, list):
        problems.wrong(path, raw, "a list of steps")
        return ()
    found = (_item(item, f"{path}[{index}]", fit, problems, after_s, stage) for index, item in enumerate(raw))
    return tuple(step for step in found if step is not None)


def judge_stages(raw: object, path: str, fit: Fit, problems: Problems) -> tuple[Step, ...]:
    """The steps of all stages."""
    if not isinstance(raw, list):
        problems.wrong(path, raw, "a list of stages")
        return ()
    found: list[Step] = []
    names: set[str] = set()
    for index, item in enumerate(raw):
        at = f"{path}[{index}]"
        given = problems.mapping(at, item, STAGE_KEYS)
        if given is None:
            continue
        for key, what in (("name", "logs tell of it"), ("after", "how old the wait has to be"), ("steps", "what to do then")):
            if key not in given:
                problems.add(f"{at}.{key}", f"missing; {what}")
        after_s = seconds(given["after"], f"{at}.after", problems) if "after" in given else None
        if after_s is not None and not fit.comes(after_s, given["after"], f"{at}.after", problems):
            after_s = None
        name = _name(given.get("name", "-"), f"{at}.name", names, problems)
        found += judge_steps(given.get("steps", []), f"{at}.steps", fit, problems, after_s=after_s or 0, stage=name)
        if given.get("steps") == []:
            problems.add(f"{at}.steps", "an empty list: the stage would do nothing")
    return tuple(found)


def _name(name: object, path: str, names: set[str], problems: Problems) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        problems.wrong(path, name, f"a text of 1 to {LONGEST_NAME} characters on one line")
        return ""
    if name in names:
        problems.add(path, f"`{name}` is taken; names of stages are unique in their profile")
    names.add(name)
    return name


def _item(raw: object, path: str, fit: Fit, problems: Problems, after_s: int, stage: str) -> Step | None:
    kinds = tuple(steps.TABLE)
    if isinstance(raw, str):
        return _one(raw, {}, path, fit, problems, after_s, stage) if problems.word(path, raw, kinds) else None
    if not isinstance(raw, dict):
        problems.wrong(path, raw, "one step, like `tag: {key: draining}`")
        return None
    if len(raw) > 1:
        problems.add(path, "has more than one step; write each behind its own `-`, and indent its settings below its name")
    given = problems.mapping(path, raw, kinds, "step")
    if given is not None and not raw:
        problems.add(path, f"empty: name a step: {either(kinds)}")
    for kind, value in (given or {}).items():
        return _one(kind, value, path, fit, problems, after_s, stage)
    return None


def _one(kind: str, raw: object, path: str, fit: Fit, problems: Problems, after_s: int, stage: str) -> Step | None:
    module, before, path = steps.module(kind), len(problems.lines), f"{path}.{kind}"
    given = given_for(module, raw, path, OPTIONS, problems)
    if given is None:
        return None
    why = ": a look has to end within one invocation"
    read = partial(seconds, problems=problems, longest_s=LONGEST_LIMIT_S, why=why)
    limit_s = option(given, "limit", read, DEFAULT_LIMIT_S, path)
    required = given.pop("required", True)
    if not isinstance(required, bool):
        problems.wrong(f"{path}.required", required, "true or false")
    settings = judge_settings(module, given, path, fit, problems)
    if settings is None or len(problems.lines) > before:
        return None
    for name in COUNTED:
        if name in given and not fit.comes(duration.seconds(given[name]), given[name], f"{path}.{name}", problems, stage_s=after_s):
            return None
    once, repeatable = getattr(module, "ONCE", False), getattr(module, "REPEATABLE", True)
    return Step(kind, given, float(limit_s), module.label(settings), after_s, stage, once, repeatable, bool(required))
