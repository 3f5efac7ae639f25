"""`function`: a Lambda or FC function of the operator's answers for the instance."""

import json
import time
from functools import partial
from typing import Any

import pytest

from check_clouds import I, ask, instance
from check_world import served
from rearm import checks
from rearm.checks import function
from rearm.checks.question import Question
from rearm.clouds.aws import cloud as aws_adapter
from rearm.core.model import Action, CheckResult

KIND, ASKED = "function", {"function": "is-it-ready"}


class Place:
    """A cloud with one function: what it answers, whether that is an error, and what it was told."""

    def __init__(self, cloud: Any, *names: str) -> None:
        self.cloud, self.answer, self.failed = cloud, b"{}", False
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.on_aws = hasattr(cloud.emulator, "client")
        for name in names:
            cloud.set_function(name, partial(self._run, name))

    def _run(self, name: str, payload: bytes) -> tuple[bytes, str | None]:
        self.told.append((name, json.loads(payload)))
        return self.answer, "Boom" if self.failed else None

    def ask(self, answer: object = None, **more: Any) -> CheckResult:
        if answer is not None:
            self.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return ask(self.cloud, KIND, ASKED, **more)


@pytest.fixture(params=["lambda", "fc3", "fc2"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    cloud = request.getfixturevalue("aws_cloud" if request.param == "lambda" else "alibaba_cloud")
    instance(cloud)
    if request.param == "fc2":
        monkeypatch.setenv("REARM_FC_API", "2016-08-15")
        monkeypatch.setenv("FC_ACCOUNT_ID", "1234567890123456")
        monkeypatch.setenv("REARM_FC_SERVICE", "mine")
    return Place(cloud, ASKED["function"], f"mine/{ASKED['function']}")


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_its_answer_is_the_answer(place: Place, transition: Any) -> None:
    for status in ("passed", "waiting", "failed"):
        told = {"status": status, "reason": "3 jobs\n left", "more": 1}
        assert place.ask(told, transition=transition) == CheckResult(status, "3 jobs left")  # type: ignore[arg-type] - one of the three
    assert place.ask({"status": "waiting"}) == CheckResult("waiting", "the function says waiting")
    assert place.ask({"status": "failed", "reason": "x" * 500}).reason == "x" * 199 + "…"
    assert place.told[0][1]["transition"] == transition


def test_it_is_told_of_the_wait_but_not_its_token(place: Place) -> None:
    port = place.cloud._port()
    action = Action(
        port.name, "hook", "t0ken", (I, "i-2"), "group", "launch", metadata="tier=web", region="r", group_name="web", origin="EC2"
    )
    checks.ask(KIND)(ASKED, Question(I, action, port, {}, 4.0))
    name, told = place.told[0]
    assert name.rpartition("/")[2] == ASKED["function"]
    assert told == {
        "version": 1,
        "cloud": port.name,
        "region": "r",
        "transition": "launch",
        "group": "group",
        "group_name": "web",
        "hook": "hook",
        "hook_name": "hook",
        "instance": I,
        "instances": [I, "i-2"],
        "metadata": "tier=web",
        "origin": "EC2",
        "destination": None,
        "limit_s": 4.0,
    }


def test_which_function_of_function_compute(alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a service, on FC 2.0, whatever rearm itself runs on; without, rearm's own service there."""
    place = Place(alibaba_cloud, "fn", "svc/fn", "rearm/fn")
    place.answer = b'{"status": "passed"}'
    ask(alibaba_cloud, KIND, {"function": "svc/fn"})
    ask(alibaba_cloud, KIND, {"function": "fn"})
    monkeypatch.setenv("REARM_FC_API", "2016-08-15")
    monkeypatch.setenv("FC_ACCOUNT_ID", "1234567890123456")
    ask(alibaba_cloud, KIND, {"function": "fn"})
    assert [name for name, _ in place.told] == ["svc/fn", "fn", "rearm/fn"]


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"null", b"[]", b'"passed"', b"<html>", b"\xff", b'{"status": "ok"}', b'{"status": "gone"}', b'{"reason": "x"}'),
        b'{"status": "passed", "reason": 5}',
        b'{"status": "passed"',
        b'{"status": "passed", "x": "' + b"x" * 70_000 + b'"}',
    ],
)
def test_nonsense_is_waiting_and_says_what_is_wrong(place: Place, answer: bytes) -> None:
    found = place.ask(answer)
    assert found.status == "waiting"
    assert "answer is" in found.reason


def test_a_function_that_fails_is_waiting_without_its_message(place: Place) -> None:
    place.failed = True
    found = place.ask({"errorType": "KeyError", "errorMessage": "s3cret", "status": "passed"})
    assert found.status == "waiting"
    assert found.reason == f"the function failed ({'KeyError' if place.on_aws else 'UnhandledInvocationError'})"


def test_trouble_is_waiting(aws_cloud: Any, alibaba_cloud: Any) -> None:
    for cloud, call in ((aws_cloud, "lambda:Invoke"), (alibaba_cloud, "fc:InvokeFunction")):
        instance(cloud)
        Place(cloud, ASKED["function"]).answer = b'{"status": "passed"}'
        for code, status in (("AccessDeniedException", 403), ("AccessDenied", 403), ("TooManyRequestsException", 429)):
            cloud.emulator.fail_next(call, code, status)
            found = ask(cloud, KIND, ASKED)
            assert found.status == "waiting"
            assert found.reason.startswith("lambda:InvokeFunction" if cloud is aws_cloud else "fc:InvokeFunction")
            assert code in found.reason
        assert ask(cloud, KIND, ASKED).status == "passed", "no call was repeated"
    assert "ResourceNotFound" in ask(aws_cloud, KIND, {"function": "nobody"}).reason
    assert "FunctionNotFound" in ask(alibaba_cloud, KIND, {"function": "nobody"}).reason


@pytest.mark.parametrize("way", ["lambda", "2023-03-30", "2016-08-15"])
def test_one_that_takes_too_long_is_asked_once_and_costs_its_limit(way: str, request: pytest.FixtureRequest, monkeypatch: Any) -> None:
    with served(None) as (port, requests):
        if way == "lambda":
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                monkeypatch.setenv(name, "x")
            monkeypatch.setenv("AWS_REGION", "eu-west-1")
            monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{port}")
            aws_adapter.forget_clients()
            cloud: Any = aws_adapter.Aws()
        else:
            fixture = request.getfixturevalue("alibaba_cloud")
            for name, value in (("REARM_ENDPOINT_FC", f"127.0.0.1:{port}"), ("REARM_FC_API", way), ("FC_ACCOUNT_ID", "1")):
                monkeypatch.setenv(name, value)
            cloud = fixture._port()
        began = time.monotonic()
        action = Action(cloud.name, "hook", "", (I,), "group", "launch")
        found = checks.ask(KIND)(ASKED, Question(I, action, cloud, {}, 0.2))
        assert found.status == "waiting"
        assert time.monotonic() - began < 2.5
        assert len(requests) == 1
    aws_adapter.forget_clients()


@pytest.mark.parametrize(
    ("name", "clouds", "keys"),
    [
        ("is-it-ready", ("aws", "alibaba"), []),
        ("arn:aws:lambda:eu-west-1:123456789012:function:x:live", ("aws",), []),
        ("x:live", ("aws", "alibaba"), ["function"]),
        ("svc/x", ("alibaba",), []),
        ("svc/x", ("aws",), ["function"]),
    ],
)
def test_names_that_do_not_fit(name: str, clouds: tuple[str, ...], keys: list[str]) -> None:
    assert [key for key, _ in function.problems(function.Settings(function=name), clouds)] == keys
    assert function.label(function.Settings(function=name)) == f"function {name.rpartition('function:')[2]}"
