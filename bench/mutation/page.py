"""`docs/mutation.md`, written from what a campaign found, and whether the list of survivors agrees with it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import tomllib
from campaign import ROOT, Outcome

PAGE = ROOT / "docs/mutation.md"
LIST = Path(__file__).with_name("survivors.toml")
WANTED_PERCENT = 95.0

INTRODUCTION = """\
# Mutation testing of the core

Every line of `shared/python/rearm/core/` is changed in every small way that cosmic-ray's operators know: numbers by one up and down,
comparisons, arithmetic, `and` and `or`, conditions, loops. Three operators of our own are added: `min` for `max`; another result, status,
transition or cloud; a keyword argument less. The core's tests must notice each change. One command, with everything it needs:

    make mutate

It exits with 1 below 95 %, and when what survives is not what `bench/mutation/survivors.toml` lists and explains. It writes this page.
What is left out, and why, stands at the top of `bench/mutation/mutants.py`. The tests take the same examples every time.
"""
HEAD = "| module | mutants | noticed | survived | score |"


class Survivor(NamedTuple):
    """An entry of the list: the mutant's key, how many mutants have it, and why it survives."""

    key: tuple[str, str, str, str]
    times: int
    why: str


def known_survivors() -> list[Survivor]:
    entries = tomllib.loads(LIST.read_text()).get("survivor", [])
    return [
        Survivor((one["module"], one["where"], one["before"], after), one.get("times", 1), one["why"].strip())
        for one in entries
        for after in ([one["after"]] if isinstance(one["after"], str) else one["after"])
    ]


def score(outcomes: Sequence[Outcome]) -> float:
    """How many of a hundred mutants were noticed."""
    return 100 * sum(one.end != "survived" for one in outcomes) / max(1, len(outcomes))


def disagreements(outcomes: Sequence[Outcome]) -> list[str]:
    """Survivors that the list does not explain, and entries of the list that did not survive; one line each."""
    found = Counter(one.mutant.key for one in outcomes if one.end == "survived")
    listed = Counter({one.key: one.times for one in known_survivors()})
    modules = {one.mutant.module for one in outcomes}
    return [f"not in the list: {_line(key)} ({times})" for key, times in sorted((found - listed).items())] + [
        f"in the list, and noticed: {_line(key)} ({times})" for key, times in sorted((listed - found).items()) if key[0] in modules
    ]


def write(outcomes: Sequence[Outcome]) -> None:
    """The page anew. Only after a campaign over the whole core."""
    lines = [INTRODUCTION, HEAD, "| --- " * HEAD.count(" | ") + "| --- |"]
    for module in [*sorted({one.mutant.module for one in outcomes}), ""]:
        ours = [one for one in outcomes if module in ("", one.mutant.module)]
        survived = sum(one.end == "survived" for one in ours)
        lines.append(
            f"| {f'`{module}.py`' if module else 'all'} | {len(ours)} | {len(ours) - survived} | {survived} | {score(ours):.1f} % |"
        )
    lines += ["", "## Survivors", "", "| where | the line | changed to | why it survives |", "| --- " * 4 + "|"]
    for one in known_survivors():
        module, where, before, after = one.key
        times = f" ({one.times} times)" if one.times > 1 else ""
        lines.append(f"| `{module}.py` {where} | {_code(before)} | {_code(after)}{times} | {one.why} |")
    PAGE.write_text("\n".join(lines) + "\n")


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _line(key: tuple[str, str, str, str]) -> str:
    module, where, before, after = key
    return f"{module}.py {where}: `{before}` -> `{after}`"
