"""The handler contract of Function Compute's Python runtimes: one suite over the emulated runtime and the custom runtime's server."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rearm_fc_runtime.context import PythonVersion
from rearm_workbench.emulators.fc_runtime import FcRuntime
from served_world import CREDENTIALS, INTERPRETERS, Served, served

CODE = """
import datetime, decimal, json, logging, os, sys

class Odd:
    def to_json(self):
        return {"x": 1}

def handler(event, context):
    return eval(event)
"""
TOLD = {
    "function_name": "fn",
    "service_name": "svc",
    "region": "eu-west-1",
    "account_id": "1234567890123456",
    "function_timeout": "120",
    "function_memory": "512",
    "retry_count": "2",
    "qualifier": "LATEST",
    "version_id": "LATEST",
    "access_key_id": CREDENTIALS[0],
    "access_key_secret": CREDENTIALS[1],
    "security_token": CREDENTIALS[2],
}


class Outcome(NamedTuple):
    """What the function answered, or its error's body."""

    body: bytes
    failed: bool


class Backend(NamedTuple):
    """A runtime with CODE in it. `python` says whose contract it has."""

    python: PythonVersion
    code: Path
    call: Callable[[str], Outcome]


def emulated(python: PythonVersion, code: Path) -> Backend:
    runtime = FcRuntime(
        code, "main.handler", python=python, function_name="fn", service="svc", region="eu-west-1", credentials=CREDENTIALS, timeout_s=120
    )

    def call(event: str) -> Outcome:
        answer = runtime.invoke(event.encode(), retry_count=2)
        assert answer.status == 200
        return Outcome(answer.body, "X-Fc-Error-Type" in answer.headers)

    return Backend(python, code, call)


def over_http(server: Served, python: PythonVersion, code: Path) -> Backend:
    def call(event: str) -> Outcome:
        reply = server.invoke(event.encode(), **TOLD)
        assert reply.status == (404 if reply.failed else 200)
        return Outcome(reply.body, reply.failed)

    return Backend(python, code, call)


@pytest.fixture(scope="module", params=["emulated 3.10", "emulated 3.12", *(f"served {version}" for version in INTERPRETERS)])
def runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    kind, version = request.param.split()
    python: PythonVersion = "3.10" if version == "3.10" else "3.12"
    code = tmp_path_factory.mktemp("code")
    (code / "main.py").write_text(CODE)
    if kind == "emulated":
        yield emulated(python, code)
    else:
        with served(INTERPRETERS[version], code, "main.handler") as server:
            yield over_http(server, python, code)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("event", b"event"),
        ("type(event).__name__", b"bytes"),
        ("'实例'", "实例".encode()),
        (r"b'\x00\xff'", b"\x00\xff"),
        ("{'b': 1, 'a': [None]}", b'{\n    "a": [\n        null\n    ],\n    "b": 1\n}'),
        ("decimal.Decimal('1.5')", b"1.5"),
        ("datetime.date(2026, 1, 2)", b'"2026-01-02"'),
        ("None", b"null"),
        ("Odd()", b'{\n    "x": 1\n}'),
    ],
)
def test_what_becomes_of_the_return_value(runtime: Backend, source: str, body: bytes) -> None:
    assert runtime.call(source) == (body, False)


def error_of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.failed
    error: dict[str, Any] = json.loads(outcome.body)
    return error


def test_an_error_of_the_handler(runtime: Backend) -> None:
    """The runtime's own frames are not in it."""
    error = error_of(runtime.call("{}['missing']"))
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'missing'")
    file = str(runtime.code / "main.py")
    assert error["stackTrace"][0] == [f'File "{file}"', "line 9", "in handler", "return eval(event)"]


@pytest.mark.parametrize("source", ["object()", "{1, 2}", "[b'bytes inside']"])
def test_a_value_that_is_not_json(runtime: Backend, source: str) -> None:
    error = error_of(runtime.call(source))
    assert error["errorType"] == "TypeError"
    assert error["errorMessage"].endswith("is not JSON serializable")


def test_a_text_that_has_no_bytes(runtime: Backend) -> None:
    assert error_of(runtime.call(r"'\ud800'"))["errorType"] == "UnicodeEncodeError"


def test_the_context(runtime: Backend) -> None:
    told = json.loads(runtime.call("[context.request_id, context.region, context.account_id, context.function.name]").body)
    assert told[1:] == ["eu-west-1", "1234567890123456", "fn"]
    assert told[0]
    handler, memory = json.loads(runtime.call("[context.function.handler, context.function.memory]").body)
    assert (handler, memory) == ("main.handler", 512)


def test_the_context_as_each_python_has_it(runtime: Backend) -> None:
    if runtime.python == "3.12":
        source = "[hasattr(context, 'credentials'), hasattr(context, 'service'), context.function.timeout, context.function.qualifier]"
        assert json.loads(runtime.call(source).body) == [False, False, 120, "LATEST"]
        assert runtime.call("context.logger.name").body == b"root"
        return
    told = json.loads(json.loads(runtime.call("json.dumps(context.to_json())").body))
    assert told["credentials"] == {"accessKeyId": "id", "accessKeySecret": "secret", "securityToken": "token"}
    assert told["function"] == {"name": "fn", "handler": "main.handler", "memory": 512, "timeout": "120"}
    assert told["service"] == {"name": "svc", "logProject": None, "logStore": None, "qualifier": "LATEST", "versionId": "LATEST"}
    assert (told["region"], told["retryCount"]) == ("eu-west-1", 2)
    assert told["tracing"] == {"openTracingSpanContext": None, "openTracingSpanBaggages": {}, "jaegerEndpoint": None}
    source = "[context.requestId == context.request_id, context.logger, context.getLogger() is logging.getLogger()]"
    assert json.loads(runtime.call(source).body) == [True, None, True]
    spellings = "[context.credentials.accessKeyId, context.credentials.access_key_secret, context.credentials.securityToken]"
    assert json.loads(runtime.call(spellings).body) == list(CREDENTIALS)


def test_the_environment(runtime: Backend) -> None:
    inside = json.loads(runtime.call("dict(os.environ)").body)
    assert [inside[f"ALIBABA_CLOUD_{name}"] for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")] == list(CREDENTIALS)
    told = {"FC_FUNCTION_NAME": "fn", "FC_REGION": "eu-west-1", "FC_SERVICE_NAME": "svc", "FC_ACCOUNT_ID": "1234567890123456"}
    version = "FC_VER_ID" if runtime.python == "3.10" else "FC_FUNCTION_VERSION"
    assert (
        told | {version: "LATEST", "FC_FUNC_CODE_PATH": f"{runtime.code}/", "FC_FUNCTION_HANDLER": "main.handler"}
    ).items() <= inside.items()
    assert "FC_SERVER_PORT" not in inside
    assert runtime.call("sys.path[0]").body == str(runtime.code).encode()


def load(kind: str, code: Path, handler: str) -> list[Outcome]:
    """What two calls answer in a new process."""
    version = kind.split()[1]
    if kind.startswith("emulated"):
        emulated_one = FcRuntime(code, handler, python="3.10" if version == "3.10" else "3.12")
        answers = [emulated_one.invoke(b"") for _ in range(2)]
        return [Outcome(answer.body, "X-Fc-Error-Type" in answer.headers) for answer in answers]
    with served(INTERPRETERS[version], code, handler) as server:
        return [Outcome(reply.body, reply.failed) for reply in (server.invoke(), server.invoke())]


@pytest.mark.parametrize("kind", ["emulated 3.10", *(f"served {version}" for version in INTERPRETERS)])
@pytest.mark.parametrize(
    ("handler", "text", "error", "message"),
    [
        ("nomodule.handler", "", "ImportModuleError", "Unable to import module 'nomodule'"),
        ("main.handler", "import no_such_module_anywhere", "ImportModuleError", "Unable to import module 'main'"),
        ("main.other", "x = 1", "HandlerNotFound", "Handler 'other' is missing on module 'main'"),
        ("main.handler", "def handler(", "UserCodeSyntaxError", "Syntax error in module 'main'"),
        ("main.handler", "raise OSError('disk')", "UserCodeError", "Module initialization error: 'disk'"),
        ("main", "x = 1", "InvalidHandleName", "Invalid handler 'main'"),
    ],
)
def test_handlers_that_cannot_be_loaded(tmp_path: Path, kind: str, handler: str, text: str, error: str, message: str) -> None:
    """Each time again: what went wrong once may be over."""
    (tmp_path / "main.py").write_text(text)
    for outcome in load(kind, tmp_path, handler):
        told = error_of(outcome)
        assert (told["errorType"], told["errorMessage"]) == (error, message)


@pytest.mark.parametrize("kind", ["emulated 3.10", *(f"served {version}" for version in INTERPRETERS)])
@pytest.mark.parametrize("handler", ["deep/er/main.handler", "deep.er.main.handler"])
def test_a_handler_in_a_folder_its_siblings_and_how_often_it_is_loaded(tmp_path: Path, kind: str, handler: str) -> None:
    (tmp_path / "sibling_of_contract.py").write_text("VALUE = 'found'")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    loaded = tmp_path / "loaded"
    text = (
        f"import sibling_of_contract\nopen({str(loaded)!r}, 'a').write('x')\ndef handler(event, context): return sibling_of_contract.VALUE"
    )
    (tmp_path / "deep" / "er" / "main.py").write_text(text)
    assert load(kind, tmp_path, handler) == [Outcome(b"found", False)] * 2
    assert loaded.read_text() == "x"
    sys.modules.pop("sibling_of_contract", None)
