"""The built archives, not the source tree, answer every sample event through the runtime shim, on Python 3.10 and 3.12."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alibaba_deployed import EVENTS, ROOT, Deployed, archives, deployed, due, of_now

from rearm_workbench.kinds import recognise
from served_world import INTERPRETERS, PATIENCE_S, free_port

pytestmark = pytest.mark.deploy

KINDS = [f"{kind} {version}" for kind in ("s", "funcraft") for version in ("3.10", "3.12") if version in INTERPRETERS]
STREAM = next(path for path in EVENTS if path.stem == "mns-topic-stream")


@pytest.fixture(scope="module", params=KINDS)
def functions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    kind, version = request.param.split()
    with deployed(kind, version, tmp_path_factory.mktemp(kind)) as found:
        yield found


def test_both_pythons_are_here() -> None:
    assert {"3.10", "3.12"} <= set(INTERPRETERS)


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_a_sample_event(functions: Deployed, path: Path) -> None:
    """Who is ready, or drained, is let go at the first look."""
    event = of_now(path.read_bytes())
    actions = functions.wait(event)
    kind = recognise(event)
    assert isinstance(kind.payload, bytes)
    reply = functions.invoke(str(kind.doorway), kind.payload)
    assert (reply.status, reply.headers["x-fc-status"]) == (200, "200"), reply.body.decode() + functions.log(str(kind.doorway))
    assert [(one.result, one.by) for one in actions] == [("CONTINUE", "client")] * len(actions)
    looks = reply.json()["looks"]
    assert len(looks) == max(1, len(actions))
    functions.logged(str(kind.doorway), json.dumps(looks[0]["verdict"]))


def test_a_wait_goes_on_in_the_recheck(functions: Deployed) -> None:
    event = STREAM.read_bytes().replace(b"\n", b"")
    [action] = functions.wait(event, ready=False)
    assert functions.invoke("mns_topic", event).status == 200
    [pending] = functions.emulator.pending_invocations()
    assert pending.function == ("rearm-dev/recheck" if functions.kind == "funcraft" else "rearm-dev-recheck")
    assert pending.task_id
    early = functions.invoke("recheck", due(pending.payload, in_s=60), timeout_s=11)
    assert (early.status, early.json()["verdict"]) == (200, "early")
    assert len(functions.emulator.pending_invocations()) == 2
    assert action.ended_at is None
    for instance in action.instances:
        functions.prepare(instance, ready=True)
    assert functions.invoke("recheck", due(pending.payload)).status == 200
    assert (action.result, action.by) == ("CONTINUE", "client")


def test_the_sweep(functions: Deployed) -> None:
    reply = functions.invoke("sweep", b'{"triggerTime":"2026-03-02T09:15:00Z","triggerName":"every","payload":""}', timeout_s=300)
    assert (reply.status, reply.json()["verdict"]) == (200, "sweep")


def test_what_is_no_notification_fails(functions: Deployed) -> None:
    """So that the platform repeats it, and at last gives it to the dead letters."""
    reply = functions.invoke("eventbridge", b"not JSON")
    assert (reply.status, reply.headers["x-fc-status"]) == (404, "404")
    assert reply.json()["errorType"] == "InvalidNotification"


def test_the_page_runs_a_handler_by_hand() -> None:
    """docs/deploy-funcraft.md, on another port."""
    archives("3.10")
    page = (ROOT / "docs" / "deploy-funcraft.md").read_text()
    [block] = [block for block in re.findall(r"^```\n(.*?)^```$", page, re.S | re.M) if "-m rearm_fc_runtime" in block]
    port = free_port()
    script = "set -m\n" + block.replace("9000", str(port)).replace("python3.10", str(INTERPRETERS["3.10"]))
    env = {"PATH": os.environ["PATH"], "FC_SERVER_PORT": str(port), "FC_REGION": "cn-hangzhou"}
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    [answer] = re.findall(r"It answers `(.*)`", page)
    assert answer in done.stdout.splitlines(), done.stdout + done.stderr
