"""A key with nothing behind it: `rearm config check` and the JSON Schema say the same, wherever it stands."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config_cases import RIGHT, one
from rearm import checks, config, steps
from rearm.config_match import FIELDS
from rearm.config_problems import NOTHING
from rearm.config_steps import STAGE_KEYS
from rearm_workbench.config_schema import schema

DOCS = (Path(__file__).resolve().parents[1] / "docs" / "configuration.md").read_text()
EXAMPLES = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)]
SCHEMA = jsonschema.Draft202012Validator(schema())
FREE = ("python", "with")
"""What stands behind it goes to a function of the operator's own."""
Place = tuple[str | int, ...]


def kinds() -> dict[str, set[str]]:
    """By `check x` or `step x`, the keys that the schema knows."""
    found: dict[str, set[str]] = {}
    for what in ("check", "step"):
        mapping = SCHEMA.schema["$defs"][what]["anyOf"][1]["properties"]
        for kind, part in mapping.items():
            options = [one for one in (part, *part.get("anyOf", ())) if "properties" in one]
            found[f"{what} {kind}"] = set().union(*(one["properties"] for one in options))
    return found


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every key and item inside, but those of free mappings."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        if place[-2:] != FREE:
            yield (*place, key)
            yield from places(part, (*place, key))


def emptied(raw: Any, place: Place) -> Any:
    """A copy with nothing behind that key (which need not have been there)."""
    out = copy.deepcopy(raw)
    inner = out
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = None
    return out


def problems_of(raw: Any) -> list[str]:
    """What `judge` says, where the schema agrees that it is wrong, or right."""
    found, problems = config.judge(raw)
    assert SCHEMA.is_valid(raw) == (found is not None), problems
    return problems


@pytest.mark.parametrize("raw", [*RIGHT, *EXAMPLES])
def test_nothing_in_place_of_anything_is_the_same_to_both(raw: Any) -> None:
    """Right is only a bare name of which nothing has to be set."""
    right = {place[-1] for place in places(raw) if not problems_of(emptied(raw, place))}
    assert right <= {"instance_status"}


def where() -> dict[str, tuple[Any, Place]]:
    """For each kind of check and step, an example in the documentation that holds it, and where in it its settings are."""
    found: dict[str, tuple[Any, Place]] = {}
    for raw in [*RIGHT, *EXAMPLES]:
        for place in places(raw):
            what = "step" if "steps" in place else "check"
            value = raw
            for key in place:
                value = value[key]
            if isinstance(value, dict) and isinstance(place[-1], str):
                found.setdefault(f"{what} {place[-1]}", (raw, place))
    return found


@pytest.mark.parametrize("kind", [*(f"check {kind}" for kind in checks.TABLE), *(f"step {kind}" for kind in steps.TABLE)])
def test_every_key_of_every_kind_is_refused_with_nothing_behind_it(kind: str) -> None:
    raw, place = where()[kind]
    for key in kinds()[kind]:
        problems = problems_of(emptied(raw, (*place, key)))
        assert len(problems) == 1, problems
        assert re.search(rf"[.]{key}: nothing given: (must be|{NOTHING.partition(': ')[2]})", problems[0]), problems


PARTS: list[Place] = [
    *((key,) for key in ("version", "profiles")),
    *(("profiles", 0, key) for key in config.PROFILE_KEYS),
    *(("profiles", 0, "match", key) for key in FIELDS),
    *(("profiles", 0, "stages", 0, key) for key in STAGE_KEYS),
    *(("profiles", 0, "checks", 0, "n_of", key) for key in ("n", "of")),
]
WHOLE = one(
    match={"cloud": "aws"},
    checks=[{"n_of": {"n": 1, "of": ["instance_status"]}}],
    stages=[{"name": "force", "after": "20m", "steps": [{"tag": {"key": "x"}}]}],
)


@pytest.mark.parametrize("place", PARTS, ids=str)
def test_every_key_of_a_profile_is_refused_with_nothing_behind_it(place: Place) -> None:
    (problem,) = problems_of(emptied(WHOLE, place))
    may_be_left_out = place[-1] in (*config.OPTIONAL, *FIELDS) and "stages" not in place[:-1]
    assert (NOTHING in problem) == may_be_left_out
    assert "nothing given" in problem


def test_a_bare_name_stays_allowed() -> None:
    raw = yaml.safe_load("version: 1\nprofiles: [{name: web, checks: [{instance_status: }, instance_status]}]")
    assert raw["profiles"][0]["checks"][0] == {"instance_status": None}
    assert problems_of(raw) == []
