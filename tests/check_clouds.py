"""Checks asked of the emulated clouds, over the real SDKs, and what can go wrong."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from rearm import checks
from rearm.checks.question import Question
from rearm.core.model import Action, CheckResult, Transition

I = "i-0123456789abcdef0"  # noqa: E741 - the instance, as in check_world
Settings = Mapping[str, object]

AWS_TROUBLE = [("AccessDenied", 403, "is denied"), ("UnauthorizedOperation", 403, "is denied"), ("Throttling", 400, "is throttled")]
ALIBABA_TROUBLE = [("Forbidden.RAM", 403, "does the function's role allow"), ("Throttling.User", 400, "Throttling.User")]


def instance(cloud: Any, instance_id: str = I, transition: Transition = "launch") -> None:
    """An instance that waits in its hook."""
    on_aws = hasattr(cloud.emulator, "client")
    one = {"instance_id": instance_id} if on_aws else {"instances": (instance_id,)}
    cloud.emulator.seed_action(
        group="web", hook="hold", token=f"t-{instance_id}", transition=transition, timeout_s=600, default_result="ABANDON", **one
    )


def ask(cloud: Any, kind: str, settings: Settings, transition: Transition = "launch", known: Settings | None = None) -> CheckResult:
    """One check's answer about `I`. When it was last asked whether the instance exists is left to `test_check_existence.py`."""
    port = cloud._port()
    question = Question(I, Action(port.name, "hook", "", (I,), "group", transition), port, known or {}, 5.0)  # type: ignore[arg-type] - texts
    return without_existence(checks.ask(kind)(settings, question))


def without_existence(found: CheckResult) -> CheckResult:
    kept = {key: text for key, text in found.remember.items() if not key.startswith("exists:")}
    return msgspec.structs.replace(found, remember=kept)


def assert_trouble_is_waiting(cloud: Any, call: str, kind: str, settings: Settings, transition: Transition = "launch") -> None:
    """Denied and throttled: the answer is `waiting`, and names the permission."""
    on_aws = hasattr(cloud.emulator, "client")
    for code, status, words in AWS_TROUBLE if on_aws else ALIBABA_TROUBLE:
        cloud.emulator.fail_next(call, code, status, times=5 if code.startswith("Throttling") and on_aws else 1 if status == 403 else 4)
        found = ask(cloud, kind, settings, transition)
        assert (found.status, found.error) == ("waiting", True)
        assert call in found.reason
        assert words in found.reason


def assert_nonsense_is_waiting(
    monkeypatch: pytest.MonkeyPatch, cloud: Any, place: str, kind: str, settings: Settings, transition: Transition = "launch"
) -> None:
    """`place`: the module attribute by which the check calls its cloud."""
    for answer in ({}, None, [], {"Reservations": None}, "<html>"):
        monkeypatch.setattr(place, lambda *_args, _answer=answer, **_more: _answer)
        found = ask(cloud, kind, settings, transition)
        assert (found.status, found.error) == ("waiting", True), answer
        assert found.reason
