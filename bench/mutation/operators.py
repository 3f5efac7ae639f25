"""Operators of our own, in cosmic-ray's form: what the rules are made of and its operators leave alone.

Its own operators change numbers, comparisons, arithmetic, `and` and `or`, `not`, conditions and loops.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Name, String

Position = tuple[tuple[int, int], tuple[int, int]]


class MinMax(Operator):
    """`min` for `max`, and `max` for `min`."""

    OTHER: ClassVar[dict[str, str]] = {"min": "max", "max": "min"}

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        if isinstance(node, Name) and node.value in self.OTHER:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, _index: int) -> Any:
        node.value = self.OTHER[node.value]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("min(a, b)", "max(a, b)"),)


class OtherWord(Operator):
    """A result, a status, a transition or a cloud: each other word of its kind instead."""

    KINDS: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("CONTINUE", "ABANDON", "ROLLBACK"),
        ("passed", "waiting", "failed", "gone"),
        ("launch", "terminate"),
        ("aws", "alibaba"),
    )

    def _others(self, node: Any) -> list[str]:
        if not isinstance(node, String):
            return []
        word = node.value[1:-1]
        return [other for kind in self.KINDS if word in kind for other in kind if other != word]

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        for _ in self._others(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.value = f'"{self._others(node)[index]}"'
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example('x == "passed"', 'x == "waiting"'),)


class KeywordDropped(Operator):
    """`replace(wait, heartbeats=1, troubles=0)` without `troubles=0`: one thing less changes."""

    def _droppable(self, node: Any) -> list[int]:
        if getattr(node, "type", "") != "arglist" or node.search_ancestor("funcdef") is None:
            return []
        return [place for place, one in enumerate(node.children) if one.type == "argument" and one.children[1] == "="]

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        for place in self._droppable(node):
            yield node.children[place].start_pos, node.children[place].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        place = self._droppable(node)[index]
        last = place == len(node.children) - 1
        del node.children[place - 1 if last else place : place + 1 if last else place + 2]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("def f():\n    g(x, a=1)", "def f():\n    g(x)"),)


OPERATORS: tuple[type[Operator], ...] = (MinMax, OtherWord, KeywordDropped)
