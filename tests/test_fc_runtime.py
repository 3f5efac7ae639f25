"""The emulated runtime: what one process of many functions needs besides the contract (`test_fc_contract.py`)."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rearm import clock
from rearm_workbench.emulators.fc_process import Environment
from rearm_workbench.emulators.fc_runtime import FcRuntime, Response

HANDLER = """
import logging, os
loaded = []
loaded.append(1)

def handler(event, context):
    return {source}
"""
CREDENTIALS = ("id", "secret", "token")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return tmp_path


def write(code: Path, source: str, name: str = "main.py") -> Path:
    file = code / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HANDLER.replace("{source}", source))
    return file


def run(code: Path, source: str, event: bytes = b"event", **options: Any) -> Response:
    write(code, source)
    return FcRuntime(code, "main.handler", **options).invoke(event)


def test_an_error_is_answered_with_200_and_a_header(code: Path) -> None:
    """What Function Compute's API makes of it (help.aliyun.com, Python, "Error handling")."""
    response = run(code, "{}['missing']")
    assert (response.status, response.headers["X-Fc-Error-Type"]) == (200, "UnhandledInvocationError")
    assert json.loads(response.body)["errorType"] == "KeyError"
    assert response.log[-1].endswith(", Error: Unhandled function error")


def test_modules_of_the_same_name_are_kept_apart(code: Path) -> None:
    """Both clouds' functions have files of the same name."""
    first, second = write(code / "a", "len(loaded)", "eventbridge.py"), write(code / "b", "'b'", "eventbridge.py")
    one, two = FcRuntime(first), FcRuntime(second.parent)
    assert [one.invoke(b"").body, two.invoke(b"").body, one.invoke(b"").body] == [b"1", b"b", b"1"]
    assert "eventbridge" not in sys.modules
    assert str(code / "a") not in sys.path


def test_a_handler_that_is_there_already() -> None:
    assert FcRuntime(lambda event, context: event + b"!", "given.handler").invoke(b"event").body == b"event!"


def test_the_environment_lasts_for_the_call_only(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REARM_KEPT", "before")
    before = dict(os.environ)
    env = {"REARM_KEPT": "during", "REARM_NEW": "1", "FC_MINE": "deleted: FC_* is reserved", "FC_QUALIFIER": "q"}
    inside = json.loads(run(code, "dict(os.environ)", env=env, credentials=CREDENTIALS, service="svc", python="3.12").body)
    assert dict(os.environ) == before
    assert (inside["REARM_KEPT"], inside["REARM_NEW"], inside["FC_QUALIFIER"], "FC_MINE" in inside) == ("during", "1", "q", False)
    assert inside["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "id"


def test_environments_may_end_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls take turns in virtual time: one that sleeps may outlive one that began later."""
    monkeypatch.setenv("REARM_A", "outside")
    first, second = Environment({"REARM_A": "first"}), Environment({"REARM_A": "second", "REARM_B": "second"})
    outer, inner = ExitStack(), ExitStack()
    outer.enter_context(first)
    inner.enter_context(second)
    assert os.environ["REARM_A"] == "second"
    outer.close()
    assert os.environ["REARM_A"] == "second"
    inner.close()
    assert (os.environ["REARM_A"], "REARM_B" in os.environ) == ("outside", False)


@pytest.fixture
def frozen() -> Iterator[None]:
    clock.use(lambda: 1_800_000_000.25, lambda seconds: None)
    yield
    clock.use_real()


@pytest.mark.usefixtures("frozen")
def test_the_log(code: Path) -> None:
    """The root logger at INFO, with virtual time and the request id; as before afterwards."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    response = run(code, "[logging.getLogger().info('one'), logging.getLogger('x').warning('two'), logging.debug('never')]")
    request_id = response.headers["X-Fc-Request-Id"]
    assert response.log == (
        f"FC Invoke Start RequestId: {request_id}",
        f"2027-01-15T08:00:00.250Z {request_id} [INFO] one",
        f"2027-01-15T08:00:00.250Z {request_id} [WARNING] two",
        f"FC Invoke End RequestId: {request_id}",
    )
    assert (root.level, root.handlers) == (level, handlers)
