"""What the archives hold of other people's packages: pinned, by hash, in the versions that everything else is tested with."""

import re
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from rearm_workbench.packaging import wheels

ROOT = Path(__file__).resolve().parents[2]
PINS = sorted(wheels.HERE.glob("requirements-*.txt"))


def pins(path: Path) -> dict[str, list[Requirement]]:
    lines = path.read_text().replace("\\\n", " ").splitlines()
    found = [Requirement(line.split(" --hash")[0]) for line in lines if line and line[0] not in "# -"]
    return {name: [one for one in found if one.name == name] for name in {one.name for one in found}}


def test_both_clouds_have_theirs() -> None:
    assert [path.name for path in PINS] == ["requirements-alibaba.txt", "requirements-aws.txt"]


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_every_package_has_its_hashes(path: Path) -> None:
    entries = [entry for entry in re.split(r"\n(?=[a-z])", path.read_text()) if re.match(r"[a-z0-9-]+==", entry)]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert sum(map(len, pins(path).values())) == len(entries)


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_versions_are_those_of_constraints_txt(path: Path, python: str) -> None:
    here = {**default_environment(), "python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    tested = {Requirement(line).name.replace("_", "-").lower(): Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if line[0] != "#"}  # fmt: skip # noqa: E501 - one thought
    for name, given in pins(path).items():
        used = [one for one in given if one.marker is None or one.marker.evaluate(here)]
        assert len(used) <= 1, name
        if used:
            assert used[0].specifier == tested[name].specifier, f"{name}: `make requirements`"
