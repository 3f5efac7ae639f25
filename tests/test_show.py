"""The timeline as a person reads it: what does not change is told once."""

from rearm_workbench.show import folded
from rearm_workbench.timeline import Entry


def lines(entries: list[tuple[int, str, str]]) -> list[str]:
    return [what.plain for _, what, _ in folded(Entry(*entry) for entry in entries)]


def look(number: int, at_s: int, why: str) -> list[tuple[int, str, str]]:
    return [(at_s, f"look {number}", why), (at_s, "recheck in 30 s", "")]


def test_a_step_that_goes_on_as_it_did_is_told_once_and_the_looks_fold() -> None:
    entries: list[tuple[int, str, str]] = []
    for number in range(1, 6):
        entries += [(30 * number, "step going", "drain i-1: 2 pods are left"), *look(number, 30 * number, "not drained")]
    entries += [(180, "step going", "drain i-1: 1 pod is left"), *look(6, 180, "not drained")]
    entries += [(210, "step done", "drain i-1: nothing is left"), *look(7, 210, "all passed")]
    assert lines(entries) == ["step going", "5 looks until 2m30s", "step going", "look 6", "step done", "look 7"]


def test_what_comes_back_after_something_else_is_told_again() -> None:
    words = ["2 pods are left", "the cluster cannot be reached", "2 pods are left"]
    entries = [(at_s, "step going", f"drain i-1: {word}") for at_s, word in enumerate(words)]
    assert lines(entries) == ["step going"] * 3


def test_steps_are_told_apart() -> None:
    entries = [(0, "step going", "drain i-1: 2 pods"), (0, "step going", "drain i-2: 2 pods"), (30, "step going", "drain i-1: 2 pods")]
    assert lines(entries) == ["step going"] * 2
