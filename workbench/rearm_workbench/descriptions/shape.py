"""What a value of a description may look like, as data: each kind of value adds its problems to a list, with their paths.

A key that a `Keys` does not name is a problem: tools ignore what they do not know, and the property is then missing in the cloud.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rearm.config_problems import Problems, either, join, near


class Shape(Protocol):
    """Judges one value."""

    def judge(self, path: str, value: object, problems: Problems) -> None:
        """Adds what is wrong with it."""


@dataclass(frozen=True)
class Text:
    """A text that a pattern fits from end to end. `allowed` says so in words."""

    allowed: str
    pattern: str = r"(?s).+"

    def judge(self, path: str, value: object, problems: Problems) -> None:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            problems.wrong(path, value, self.allowed)


@dataclass(frozen=True)
class Word:
    """One of a few words."""

    words: tuple[str, ...]

    def judge(self, path: str, value: object, problems: Problems) -> None:
        problems.word(path, value, self.words)


@dataclass(frozen=True)
class Number:
    """A number between two others, in steps from 0. Without a step it is any; a step that is whole makes it whole."""

    least: float
    most: float
    step: float = 0

    def judge(self, path: str, value: object, problems: Problems) -> None:
        steps = f" in steps of {self.step:g}" if self.step not in (0, 1) else ""
        allowed = f"a {'whole ' if self.step == 1 else ''}number from {self.least:g} to {self.most:g}{steps}"
        fits = isinstance(value, int | float) and not isinstance(value, bool) and self.least <= value <= self.most
        if not fits or not self._on_a_step(value):
            problems.wrong(path, value, allowed)

    def _on_a_step(self, value: Any) -> bool:
        return not self.step or abs(value / self.step - round(value / self.step)) < 1e-6


@dataclass(frozen=True)
class OneOf:
    """One of a few whole numbers."""

    numbers: tuple[int, ...]

    def judge(self, path: str, value: object, problems: Problems) -> None:
        if isinstance(value, bool) or value not in self.numbers:
            problems.wrong(path, value, either([str(number) for number in self.numbers]))


@dataclass(frozen=True)
class Flag:
    """true or false. `"true"` is a text, and some tools send it as one."""

    def judge(self, path: str, value: object, problems: Problems) -> None:
        if not isinstance(value, bool):
            problems.wrong(path, value, "true or false, without quotes")


@dataclass(frozen=True)
class Each:
    """A list, all of one kind."""

    item: Shape
    most: int = 0
    """0: any number."""

    def judge(self, path: str, value: object, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.wrong(path, value, "a list")
            return
        if self.most and len(value) > self.most:
            problems.add(path, f"{len(value)} entries: at most {self.most}")
        for number, one in enumerate(value):
            self.item.judge(f"{path}[{number}]", one, problems)


@dataclass(frozen=True)
class Entries:
    """A mapping whose keys are free within a pattern, with values of one kind."""

    key: str
    allowed: str
    value: Shape

    def judge(self, path: str, value: object, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.wrong(path, value, "a mapping")
            return
        for key, one in value.items():
            if not isinstance(key, str) or not re.fullmatch(self.key, key):
                problems.add(join(path, key), f"the key must be {self.allowed}")
            self.value.judge(join(path, key), one, problems)


@dataclass(frozen=True)
class Keys:
    """A mapping with named keys; `needed` are those that have to be there."""

    known: Mapping[str, Shape]
    needed: tuple[str, ...] = ()

    def judge(self, path: str, value: object, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.wrong(path, value, "a mapping")
            return
        for key, one in value.items():
            if key in self.known:
                self.known[key].judge(join(path, key), one, problems)
            else:
                problems.add(join(path, key), f"unknown key{near(key, tuple(self.known))}")
        for key in self.needed:
            if key not in value:
                problems.add(join(path, key), "missing")


@dataclass(frozen=True)
class Either:
    """The first that takes the value without a problem; if none does, what the first has to say."""

    shapes: tuple[Shape, ...]

    def judge(self, path: str, value: object, problems: Problems) -> None:
        first = Problems()
        for number, shape in enumerate(self.shapes):
            found = first if number == 0 else Problems()
            shape.judge(path, value, found)
            if not found.lines:
                return
        problems.lines += first.lines
