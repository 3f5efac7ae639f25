"""The handler contract of Function Compute's Python runtimes."""

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
import datetime, decimal, json, logging, os, sys
loaded = []
loaded.append(1)

def handler(event, context):
    return {source}
"""


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


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("event", b"event"),
        ("type(event).__name__", b"bytes"),
        ("'实例'", "实例".encode()),
        ("{'b': 1, 'a': [None]}", b'{\n    "a": [\n        null\n    ],\n    "b": 1\n}'),
        ("decimal.Decimal('1.5')", b"1.5"),
        ("datetime.date(2026, 1, 2)", b'"2026-01-02"'),
        ("None", b"null"),
        ("type('T', (), {'to_json': lambda self: {'x': 1}})()", b'{\n    "x": 1\n}'),
    ],
)
def test_what_becomes_of_the_return_value(code: Path, source: str, body: bytes) -> None:
    response = run(code, source)
    assert (response.status, response.body, "X-Fc-Error-Type" in response.headers) == (200, body, False)


def error_of(response: Response) -> dict[str, Any]:
    assert (response.status, response.headers["X-Fc-Error-Type"]) == (200, "UnhandledInvocationError")
    error: dict[str, Any] = json.loads(response.body)
    return error


def test_an_error_of_the_handler(code: Path) -> None:
    response = run(code, "{}['missing']")
    error = error_of(response)
    file = str(code / "main.py")
    assert error["errorType"] == "KeyError"
    assert error["errorMessage"] == "'missing'"
    assert error["stackTrace"] == [[f'File "{file}"', "line 7", "in handler", "return {}['missing']"]]
    assert response.log[-1].endswith(", Error: Unhandled function error")


def test_a_value_that_is_not_json(code: Path) -> None:
    error = error_of(run(code, "object()"))
    assert error["errorType"] == "TypeError"
    assert error["errorMessage"].endswith("is not JSON serializable")


@pytest.mark.parametrize(
    ("handler", "text", "kind", "message"),
    [
        ("nomodule.handler", "", "ImportModuleError", "Unable to import module 'nomodule'"),
        ("main.handler", "import no_such_module_anywhere", "ImportModuleError", "Unable to import module 'main'"),
        ("main.other", "x = 1", "HandlerNotFound", "Handler 'other' is missing on module 'main'"),
        ("main.handler", "def handler(", "UserCodeSyntaxError", "Syntax error in module 'main'"),
        ("main.handler", "raise OSError('disk')", "UserCodeError", "Module initialization error: 'disk'"),
        ("main", "x = 1", "InvalidHandleName", "Invalid handler 'main'"),
    ],
)
def test_handlers_that_cannot_be_loaded(code: Path, handler: str, text: str, kind: str, message: str) -> None:
    (code / "main.py").write_text(text)
    error = error_of(FcRuntime(code, handler).invoke(b""))
    assert (error["errorType"], error["errorMessage"]) == (kind, message)


def test_the_module_is_loaded_once_and_for_itself(code: Path) -> None:
    """Both clouds' functions have files of the same name."""
    first, second = write(code / "a", "len(loaded)", "eventbridge.py"), write(code / "b", "'b'", "eventbridge.py")
    one, two = FcRuntime(first), FcRuntime(second.parent)
    assert [one.invoke(b"").body, two.invoke(b"").body, one.invoke(b"").body] == [b"1", b"b", b"1"]
    assert "eventbridge" not in sys.modules


def test_handler_in_a_folder_and_siblings(code: Path) -> None:
    (code / "sibling_of_test.py").write_text("VALUE = 'found'")
    write(code, "__import__('sibling_of_test').VALUE", "deep/er/main.py")
    for handler in ("deep/er/main.handler", "deep.er.main.handler"):
        assert FcRuntime(code, handler).invoke(b"").body == b"found"
    assert str(code) not in sys.path
    sys.modules.pop("sibling_of_test")


CREDENTIALS = ("id", "secret", "token")


def test_the_context_of_python_310(code: Path) -> None:
    write(code, "[context.requestId == context.request_id, context.logger, context.getLogger() is logging.getLogger(), context.to_json()]")
    runtime = FcRuntime(code, "main.handler", service="svc", credentials=CREDENTIALS, timeout_s=120, function_name="fn", region="eu-west-1")
    same, logger, root, text = json.loads(runtime.invoke(b"", retry_count=2).body)
    told = json.loads(text)
    assert (same, logger, root) == (True, None, True)
    assert told["credentials"] == {"accessKeyId": "id", "accessKeySecret": "secret", "securityToken": "token"}
    assert told["function"] == {"name": "fn", "handler": "main.handler", "memory": 512, "timeout": "120"}
    assert (told["service"]["name"], told["region"], told["retryCount"]) == ("svc", "eu-west-1", 2)
    write(
        code, "[context.credentials.accessKeyId, context.credentials.security_token, context.tracing.span_baggages, context.service.name]"
    )
    assert json.loads(FcRuntime(code, "main.handler", credentials=CREDENTIALS).invoke(b"").body) == ["id", "token", {}, None]


def test_the_context_of_python_312(code: Path) -> None:
    source = "[hasattr(context, 'credentials'), hasattr(context, 'service'), context.function.timeout, context.region, context.logger.name]"
    response = run(code, source, python="3.12", service="svc", credentials=CREDENTIALS, timeout_s=30)
    assert json.loads(response.body) == [False, False, 30, "cn-hangzhou", "root"]


def test_the_environment_lasts_for_the_call_only(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REARM_KEPT", "before")
    before = dict(os.environ)
    env = {"REARM_KEPT": "during", "REARM_NEW": "1", "FC_MINE": "deleted: FC_* is reserved", "FC_QUALIFIER": "q"}
    response = run(code, "dict(os.environ)", env=env, credentials=CREDENTIALS, service="svc", python="3.12", function_name="fn")
    inside = json.loads(response.body)
    assert dict(os.environ) == before
    assert (inside["REARM_KEPT"], inside["REARM_NEW"], inside["FC_QUALIFIER"], "FC_MINE" in inside) == ("during", "1", "q", False)
    assert [inside[f"ALIBABA_CLOUD_{name}"] for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")] == [
        "id",
        "secret",
        "token",
    ]
    told = {"FC_FUNCTION_NAME": "fn", "FC_REGION": "cn-hangzhou", "FC_SERVICE_NAME": "svc", "FC_FUNCTION_VERSION": "LATEST"}
    assert told.items() <= inside.items()
    assert inside["FC_FUNC_CODE_PATH"] == f"{code}/"


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
