"""Judges the `checks` of a profile: the tree of all, any, n_of and not; each check's settings, and what holds for every check.

A check's module is imported only if the configuration uses it.
"""

import re
from functools import partial

from rearm import checks, duration
from rearm.config_problems import Problems, either
from rearm.config_settings import Fit, given_for, judge_settings, option, seconds
from rearm.core.profile import All, AtLeast, Check, Condition, Not, One
from rearm.core.profile import Any as AnyOf

LONGEST_LIMIT_S = 60
DEFAULT_LIMIT_S = 5
LOOKS_MAX = 100
FOR_MIN_S = 10
"""Looks are no nearer to each other: `for: 3` means three looks."""
DEEPEST = 8
"""Levels of all, any, n_of and not inside each other; more is an accident."""

GROUPS = ("all", "any", "n_of", "not")
OPTIONS = ("limit", "after", "for", "fail_after", "required")
LOOKS = r"^ *([0-9]{1,3}) +looks? *$"


def judge_checks(raw: object, path: str, fit: Fit, problems: Problems) -> tuple[tuple[Check, ...], All]:
    """The checks in the order of the file, and the condition over those that are required."""
    if not isinstance(raw, list):
        problems.wrong(path, raw, "a list of checks")
        return (), All(of=())
    found: list[Check] = []
    condition = All(of=_Tree(fit, problems, found).items(raw, path, 1))
    return tuple(found), condition


class _Tree:
    """Walks a list of checks; what it finds goes to `found`."""

    def __init__(self, fit: Fit, problems: Problems, found: list[Check]) -> None:
        self.fit, self.problems, self.found = fit, problems, found

    def items(self, raw: list[object], path: str, depth: int) -> tuple[Condition, ...]:
        conditions = (self.item(item, f"{path}[{index}]", depth) for index, item in enumerate(raw))
        return tuple(condition for condition in conditions if condition is not None)

    def item(self, raw: object, path: str, depth: int) -> Condition | None:
        kinds = (*checks.TABLE, *GROUPS)
        if isinstance(raw, str):
            return self.one(raw, {}, path) if self.problems.word(path, raw, tuple(checks.TABLE)) else None
        if not isinstance(raw, dict):
            several = "; put several into `all: [..]` or `any: [..]`" if isinstance(raw, list) else ""
            self.problems.wrong(path, raw, f"one check, like `tcp: {{port: 22}}`{several}")
            return None
        if len(raw) > 1:
            self.problems.add(path, "has more than one check; write each behind its own `-`, and indent its settings below its name")
        given = self.problems.mapping(path, raw, kinds, "check")
        if given is not None and not raw:
            self.problems.add(path, f"empty: name a check: {either(kinds)}")
        for kind, value in (given or {}).items():
            return self.group(kind, value, f"{path}.{kind}", depth) if kind in GROUPS else self.one(kind, value, path)
        return None

    def group(self, kind: str, raw: object, path: str, depth: int) -> Condition | None:
        if depth >= DEEPEST:
            self.problems.add(path, f"more than {DEEPEST} levels of all, any, n_of and not")
            return None
        if kind == "not":
            part = self.item(raw, path, depth + 1)
            return None if part is None else Not(of=part)
        if kind == "n_of":
            return self.at_least(raw, path, depth)
        of = self.several(raw, path, depth)
        if of is None:
            return None
        return All(of=of) if kind == "all" else AnyOf(of=of)

    def several(self, raw: object, path: str, depth: int) -> tuple[Condition, ...] | None:
        if not isinstance(raw, list):
            self.problems.wrong(path, raw, "a list of checks")
        elif not raw:
            self.problems.add(path, "an empty list: needs at least one check")
        else:
            return self.items(raw, path, depth + 1)
        return None

    def at_least(self, raw: object, path: str, depth: int) -> Condition | None:
        given = self.problems.mapping(path, raw, ("n", "of"))
        if given is None:
            return None
        for key, what in (("n", "how many of them have to pass"), ("of", "a list of checks")):
            if key not in given:
                self.problems.add(f"{path}.{key}", f"missing; {what}")
        before, listed = len(self.problems.lines), given.get("of")
        of = self.several(listed, f"{path}.of", depth) if "of" in given else None
        if of is None or "n" not in given:
            return None
        # What is wrong in the list is said already: it still counts as listed.
        is_broken = len(self.problems.lines) > before
        n, most = given["n"], len(listed) if is_broken and isinstance(listed, list) else len(of)
        if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= most:
            self.problems.wrong(f"{path}.n", n, f"a whole number from 1 to {most}, which is how many are listed and required")
            return None
        return AtLeast(n=n, of=of)

    def one(self, kind: str, raw: object, path: str) -> Condition | None:
        module, before, path = checks.module(kind), len(self.problems.lines), f"{path}.{kind}"
        given = given_for(module, raw, path, OPTIONS, self.problems)
        if given is None:
            return None
        as_seconds = partial(seconds, problems=self.problems)
        why = ": a look has to end within one invocation"
        limit_s = option(given, "limit", partial(as_seconds, longest_s=LONGEST_LIMIT_S, why=why), DEFAULT_LIMIT_S, path)
        after_s = option(given, "after", as_seconds, 0, path)
        for_s, for_looks = option(given, "for", self.for_how_long, (0, 1), path)
        fail_after_s = option(given, "fail_after", as_seconds, None, path)
        self.times(after_s, for_s, fail_after_s, raw, path)
        required = option(given, "required", self.yes_or_no, True, path)
        settings = judge_settings(module, given, path, self.fit, self.problems)
        if settings is None or len(self.problems.lines) > before:
            return None
        label = module.label(settings)
        self.found.append(Check(kind, given, float(limit_s), label, after_s, for_s, for_looks, fail_after_s, required))
        return One(index=len(self.found) - 1) if required else None

    def times(self, after_s: int, for_s: int, fail_after_s: int | None, raw: object, path: str) -> None:
        """What comes after the end of the wait never comes. `raw`: the settings as they were written."""
        written = raw if isinstance(raw, dict) else {}
        comes = partial(self.fit.comes, problems=self.problems)
        begins = comes(after_s, written.get("after"), f"{path}.after")
        if begins and comes(for_s, written.get("for"), f"{path}.for") and after_s + for_s >= self.fit.longest_s:
            allowed = f"together with `after` less than {duration.say(self.fit.longest_s)}, {self.fit.why}"
            self.problems.wrong(f"{path}.for", written.get("for"), allowed)
        if fail_after_s is not None and comes(fail_after_s, written.get("fail_after"), f"{path}.fail_after") and fail_after_s <= after_s:
            self.problems.add(f"{path}.fail_after", "must be longer than `after`: both are counted from the beginning of the wait")

    def for_how_long(self, raw: object, path: str) -> tuple[int, int] | None:
        looks = re.fullmatch(LOOKS, raw) if isinstance(raw, str) else None
        if looks is None:
            return self.for_seconds(raw, path)
        if not 1 <= int(looks[1]) <= LOOKS_MAX:
            self.problems.wrong(path, raw, f"from `1 look` to `{LOOKS_MAX} looks`, or a duration like 90s")
            return None
        return 0, int(looks[1])

    def for_seconds(self, raw: object, path: str) -> tuple[int, int] | None:
        try:
            found = duration.seconds(raw)
        except ValueError:
            found = 0
        if found < FOR_MIN_S:
            self.problems.wrong(path, raw, f"a duration from {FOR_MIN_S}s, or so many looks in a row, like `3 looks`")
            return None
        return found, 1

    def yes_or_no(self, raw: object, path: str) -> bool | None:
        if isinstance(raw, bool):
            return raw
        self.problems.wrong(path, raw, "true or false")
        return None
