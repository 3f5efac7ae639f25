"""What people read of `plan`, `apply`, `remove` and `verify`, and the same for programs."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from rearm_workbench.hooks.diff import after
from rearm_workbench.hooks.model import Finding, value_text
from rearm_workbench.hooks.run import Done, Outcome, Report

SIGNS: dict[Done, str] = {
    "planned": "~",
    "created": "+",
    "updated": "~",
    "no change": "=",
    "deleted": "-",
    "restored": "<",
    "gone": "=",
    "failed": "!",
}
LEVELS = {"ok": "ok      ", "warning": "warning ", "problem": "problem "}
ORDER: tuple[Done, ...] = ("created", "updated", "no change", "deleted", "restored", "gone", "failed")


def report(told: Report) -> Iterator[str]:
    """Line by line."""
    for one in told.outcomes:
        yield from _outcome(one)
    for place, found in told.strangers:
        yield f"  left alone: {found.hook} in {place}, which is not in the file"
    for entry in told.orphans:
        yield f"  left alone: {entry.hook} in {entry.place}, {'made' if entry.made else 'changed'} by rearm and no longer in the file"
        yield f"              (`rearm hooks remove {entry.name}{f' --env {entry.env}' if entry.env else ''}` undoes it)"
    yield _summary(told.outcomes)


def report_json(told: Report) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "hooks": [_json(one) for one in told.outcomes],
        "left_alone": [
            {"cloud": place.cloud, "region": place.region, "group": place.group, "hook": found.hook} for place, found in told.strangers
        ],
        "no_longer_in_the_file": [
            {"name": one.name, "cloud": one.cloud, "region": one.region, "group": one.group, "hook": one.hook, "made": one.made}
            for one in told.orphans
        ],
    }


def findings(found: Iterable[Finding]) -> Iterator[str]:
    """Line by line, under each hook's name."""
    last, counts = "", {"ok": 0, "warning": 0, "problem": 0}
    for one in found:
        if one.hook != last:
            yield one.hook
            last = one.hook
        counts[one.level] += 1
        yield f"  {LEVELS[one.level]} {one.check}: {one.text}"
        if one.todo:
            yield f"            -> {one.todo}"
    yield f"{counts['ok']} ok, {_count(counts['warning'], 'warning')}, {_count(counts['problem'], 'problem')}"


def _outcome(one: Outcome) -> Iterator[str]:
    change = one.change
    kind = change.kind if change else ""
    sign = "+" if one.done == "planned" and kind == "create" else SIGNS[one.done]
    alias = "" if one.hook == one.name else f" as {one.hook}"
    yield f"{sign} {one.name}: {kind if one.done == 'planned' else one.done} in {one.place}{alias}"
    for note in filter(None, one.notes):
        yield f"    {note}"
    if change is None or one.done == "failed":
        return
    width = max((len(name) for name in [*change.fields, *change.kept]), default=0)
    for name, changed in change.fields.items():
        new = value_text(name, changed.new)
        yield f"    {name.ljust(width)}  {new if kind == 'create' else f'{value_text(name, changed.old)} -> {new}'}"
    for name, value in change.kept.items():
        yield f"    {name.ljust(width)}  {value_text(name, value)} (kept: the file does not say)"


def _summary(outcomes: list[Outcome]) -> str:
    if not outcomes:
        return "nothing to do"
    if all(one.done == "no change" for one in outcomes):
        return "no change"
    planned = [one.change.kind for one in outcomes if one.done == "planned" and one.change]
    parts = [f"{planned.count(kind)} to {kind}" for kind in ("create", "update") if kind in planned]
    done = [one.done for one in outcomes]
    said = {"no change": "in place"} if planned else {}
    return ", ".join([*parts, *(f"{done.count(word)} {said.get(word, word)}" for word in ORDER if word in done)])


def _json(one: Outcome) -> dict[str, Any]:
    change = one.change
    told: dict[str, Any] = {
        "name": one.name,
        "cloud": one.place.cloud,
        "region": one.place.region,
        "group": one.place.group,
        "hook": one.hook,
    }
    told |= {"action": change.kind if change else None, "done": one.done, "notes": [note for note in one.notes if note]}
    if change is not None:
        told["changes"] = {name: msgspec.to_builtins(changed) for name, changed in change.fields.items()}
        told["after"] = after(change).settings
    return told


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
