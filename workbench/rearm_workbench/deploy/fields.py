"""Reads one mapping of an environment file: each key by what it may be, every problem reported, the default where nothing is said."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rearm import duration
from rearm.config_problems import Problems, either, join


class Fields:
    """The keys of the mapping at `path`. A reading that finds a problem reports it and answers with the default."""

    def __init__(self, raw: object, path: str, keys: Sequence[str], problems: Problems) -> None:
        self.path, self.problems = path, problems
        self.given: Mapping[str, Any] = problems.mapping(path, raw, keys, optional=keys) or {}

    def text(self, key: str, default: str, pattern: str, allowed: str, *, empty: bool = True) -> str:
        """A text that is wholly as `pattern`; or an empty one."""
        if key not in self.given:
            return default
        value = self.given[key]
        if isinstance(value, str) and (re.fullmatch(pattern, value) or (empty and not value)):
            return value
        self.wrong(key, f"{allowed}, or empty" if empty else allowed)
        return default

    def word(self, key: str, default: Any, words: Sequence[str]) -> Any:
        """One of `words`."""
        value = self.given.get(key, default)
        if key in self.given and not isinstance(value, str):
            # `python: 3.10` is the number 3.1 to YAML.
            self.wrong(key, f"the text {either(words)}")
            return default
        return value if key not in self.given or self.problems.word(join(self.path, key), value, words) else default

    def number(self, key: str, default: int, least: int, most: int, allowed: str = "") -> int:
        """A whole number from `least` to `most`."""
        value = self.given.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.wrong(key, allowed or f"a whole number from {least} to {most}")
        return default

    def one_of(self, key: str, default: int, numbers: Sequence[int]) -> int:
        """One of `numbers`."""
        value = self.given.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value in numbers:
            return value
        self.wrong(key, either([str(number) for number in numbers]))
        return default

    def seconds(self, key: str, default: int, least: int, most: int, *, whole_minutes: bool = False) -> int:
        """A duration."""
        if key not in self.given:
            return default
        value = self.given[key]
        try:
            found = duration.seconds(value)
        except ValueError as error:
            self.wrong(key, str(error))
            return default
        if least <= found <= most and not (whole_minutes and found % 60):
            return found
        minutes = "whole minutes, " if whole_minutes else ""
        self.wrong(key, f"{minutes}from {duration.say(least)} to {duration.say(most)}")
        return default

    def texts(self, key: str, pattern: str, allowed: str, *, most: int = 50) -> tuple[str, ...]:
        """A list of texts, none of them twice; it may be empty."""
        value = self.given.get(key, [])
        if not isinstance(value, list) or len(value) > most:
            self.wrong(key, f"a list of at most {most}, each {allowed}")
            return ()
        for index, one in enumerate(value):
            if not isinstance(one, str) or not re.fullmatch(pattern, one):
                self.problems.wrong(f"{join(self.path, key)}[{index}]", one, allowed)
        return tuple(value) if self._once(key, value) else ()

    def words(self, key: str, default: Sequence[str], words: Sequence[str]) -> tuple[Any, ...]:
        """A list of at least one of `words`, none of them twice, in their own order."""
        value = self.given.get(key, list(default))
        if not isinstance(value, list) or not value:
            self.wrong(key, f"a list of at least one of {', '.join(words)}")
            return tuple(default)
        sound = [self.problems.word(f"{join(self.path, key)}[{index}]", one, words) for index, one in enumerate(value)]
        if not all(sound) or not self._once(key, value):
            return tuple(default)
        return tuple(word for word in words if word in value)

    def pairs(self, key: str, name: str, names: str, value: str, values: str, *, most: int) -> dict[str, str]:
        """A mapping from texts to texts: `name` and `value` are patterns, `names` and `values` say them."""
        raw = self.given.get(key, {})
        path = join(self.path, key)
        if not isinstance(raw, dict) or len(raw) > most:
            self.wrong(key, f"a mapping of at most {most}")
            return {}
        for one, said in raw.items():
            if not isinstance(one, str) or not re.fullmatch(name, one):
                self.problems.add(join(path, one), f"the name must be {names}")
            elif not isinstance(said, str) or not re.fullmatch(value, said, re.DOTALL):
                self.problems.wrong(join(path, one), said, values)
        return {str(one): str(said) for one, said in raw.items()}

    def wrong(self, key: str, allowed: str) -> None:
        """What was given for `key` is not allowed."""
        self.problems.wrong(join(self.path, key), self.given.get(key), allowed)

    def all_or_none(self, keys: Sequence[str], values: Collection[object]) -> None:
        """Things that are used together."""
        if any(values) and not all(values):
            self.problems.add(self.path, f"give {' and '.join(f'`{key}`' for key in keys)} together, or none of them")

    def _once(self, key: str, value: list[object]) -> bool:
        twice = [one for index, one in enumerate(value) if one in value[:index]]
        if twice:
            self.problems.wrong(join(self.path, key), twice[0], "given once only")
        return not twice
