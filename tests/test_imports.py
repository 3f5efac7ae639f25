"""What a doorway has loaded once it has read its configuration: the checks and steps that the configuration uses, and no SDK."""

import subprocess
import sys
from pathlib import Path

import pytest

from permissions_world import CASES, Case, configuration
from rearm import checks, steps
from test_boundaries import LAYER, ROOT, SDKS, TOOLS

KINDS = {*checks.TABLE.values(), *steps.TABLE.values()}
EXISTENCE = "rearm.checks.instance_status"
"""Asked by other checks too, whether the instance is still there."""
BORROWED = {
    ("checks", "http"): {EXISTENCE},
    ("checks", "tcp"): {EXISTENCE},
    ("checks", "tls"): {EXISTENCE},
    ("checks", "tag"): {EXISTENCE},
    ("checks", "command"): {EXISTENCE},
    ("checks", "parameter"): {EXISTENCE},
    ("checks", "object"): {EXISTENCE},
    ("checks", "ecs_tasks"): {EXISTENCE},
    ("checks", "target_health"): {EXISTENCE},
    ("checks", "kubernetes_node"): {EXISTENCE},
    ("steps", "tag"): {EXISTENCE, "rearm.checks.tag"},
    ("steps", "deregister_targets"): {EXISTENCE, "rearm.checks.target_health"},
    ("steps", "ecs_drain"): {EXISTENCE, "rearm.checks.ecs_tasks"},
    ("steps", "command"): {EXISTENCE, "rearm.checks.command"},
}
"""Kinds that another one needs itself. The list may become shorter."""

FIRST = {(case.what, case.kind): case for case in reversed(CASES)}
DOORWAYS = {"aws": ROOT / "functions/aws/eventbridge.py", "alibaba": ROOT / "functions/alibaba/mns_topic.py"}


def loaded(doorway: Path, config: Path) -> set[str]:
    """Every module of a fresh interpreter that has loaded a doorway and its configuration."""
    code = f"import runpy, sys; runpy.run_path({str(doorway)!r}); from rearm import config; config.load(); print(*sys.modules)"
    env = {"PYTHONPATH": str(LAYER), "REARM_CONFIG": str(config)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("case", FIRST.values(), ids=lambda case: f"{case.what} {case.kind}")
def test_a_doorway_loads_only_what_the_configuration_uses(case: Case, tmp_path: Path) -> None:
    if case.what == "steps":
        case = case._replace(also=())
    _, path = configuration(case, tmp_path)
    modules = loaded(DOORWAYS[case.cloud], path)
    own = (checks if case.what == "checks" else steps).TABLE[case.kind]
    assert own in modules
    assert (KINDS & modules) - {own} == BORROWED.get((case.what, case.kind), set())
    assert not [name for name in (*SDKS.split(), *TOOLS.split()) if name in modules]


def test_every_kind_is_tried() -> None:
    wanted = {(what, kind) for what, table in (("checks", checks), ("steps", steps)) for kind in table.TABLE}
    assert wanted - set(FIRST) == set(), "add a case of it to CASES of permissions_world.py"
