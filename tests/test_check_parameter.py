"""`parameter`: Parameter Store on AWS; OOS's parameters and KMS's secrets on Alibaba Cloud."""

from typing import Any

import pytest

from check_clouds import I, ask, assert_nonsense_is_waiting, assert_trouble_is_waiting, instance
from rearm import config
from rearm.checks import parameter
from rearm.core.model import CheckResult

KIND, NAME = "parameter", "rearm-{instance}"
THERE, NOT_THERE = CheckResult("passed", "it is there"), CheckResult("waiting", "it is not there yet")
RIGHT, OTHER = CheckResult("passed", "it has the right value"), CheckResult("waiting", "it has another value")
CALL = {"ssm": "ssm:GetParameter", "oos": "oos:GetParameter", "kms": "kms:GetSecretValue"}


@pytest.fixture(params=["ssm", "oos", "kms"])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cloud(store: str, request: pytest.FixtureRequest) -> Any:
    found = request.getfixturevalue("aws_cloud" if store == "ssm" else "alibaba_cloud")
    instance(found)
    return found


def put(cloud: Any, store: str, value: str) -> None:
    if store == "ssm":
        cloud.put_parameter(f"rearm-{I}", value)
    else:
        cloud.put_parameter(f"rearm-{I}", value, store)


def settings(store: str, **more: str) -> dict[str, object]:
    return {"name": NAME, **more} | ({"store": "kms"} if store == "kms" else {})


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_it_has_to_be_there_or_to_have_the_value(cloud: Any, store: str, transition: Any) -> None:
    any_, yes = settings(store), settings(store, value="yes")
    assert [ask(cloud, KIND, one, transition) for one in (any_, yes)] == [NOT_THERE, NOT_THERE]
    put(cloud, store, "s3cret")
    assert [ask(cloud, KIND, one, transition) for one in (any_, yes)] == [THERE, OTHER]
    put(cloud, store, "yes")
    assert [ask(cloud, KIND, one, transition) for one in (any_, yes)] == [THERE, RIGHT]


def test_a_secure_string_is_decrypted_only_to_be_compared(aws_cloud: Any) -> None:
    instance(aws_cloud)
    aws_cloud.client("ssm").put_parameter(Name=f"rearm-{I}", Value="yes", Type="SecureString")
    assert ask(aws_cloud, KIND, {"name": NAME, "value": "yes"}) == RIGHT
    assert parameter._on_aws(f"rearm-{I}", decrypted=False) != "yes"


def test_an_instance_that_is_gone_is_gone(cloud: Any, store: str) -> None:
    cloud.vanish(I)
    call = "ec2:DescribeInstanceStatus" if store == "ssm" else "ecs:DescribeInstanceStatus"
    for value in (None, "no"):
        if value is not None:
            put(cloud, store, value)
        cloud.emulator.fail_next(call, "AccessDenied", 403)
        assert ask(cloud, KIND, settings(store, value="yes")).status == "waiting"
        assert ask(cloud, KIND, settings(store, value="yes")).status == "gone"
    put(cloud, store, "yes")
    assert ask(cloud, KIND, settings(store, value="yes")) == RIGHT


def test_trouble_is_waiting(cloud: Any, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cloud, store, "yes")
    assert_trouble_is_waiting(cloud, CALL[store], KIND, settings(store))
    place = "rearm.checks.parameter." + ("aws" if store == "ssm" else "alibaba")
    assert_nonsense_is_waiting(monkeypatch, cloud, place, KIND, settings(store))
    for answer in ({"Parameter": {"Value": 1}, "SecretData": None}, {"Parameter": {}}):
        monkeypatch.setattr(place, lambda *_, _answer=answer, **__: _answer)
        assert ask(cloud, KIND, settings(store, value="yes")).status == "waiting"


@pytest.mark.parametrize(
    ("given", "clouds", "keys"),
    [
        ({}, ("aws", "alibaba"), []),
        ({"store": "kms"}, ("alibaba",), []),
        ({"store": "kms"}, ("aws", "alibaba"), ["store"]),
        ({"store": "kms"}, ("aws",), ["store"]),
    ],
)
def test_settings_that_do_not_fit(given: dict[str, Any], clouds: tuple[str, ...], keys: list[str]) -> None:
    assert [key for key, _ in parameter.problems(parameter.Settings(name=NAME, **given), clouds)] == keys


@pytest.mark.parametrize("name", ["", "a b", "a{group}", "{instance", "}", "x\n", "é"])
def test_names_that_are_none(name: str) -> None:
    _, problems = config.judge({"version": 1, "profiles": [{"name": "p", "checks": [{"parameter": {"name": name}}]}]})
    assert len(problems) == 1
    assert "{instance} stands for the instance's id" in problems[0]


def test_a_value_is_never_quoted() -> None:
    raw = {"version": 1, "profiles": [{"name": "p", "checks": [{"parameter": {"name": "x", "value": 31337}}]}]}
    _, problems = config.judge(raw)
    assert len(problems) == 1
    assert "31337" not in problems[0]
    assert parameter.label(parameter.Settings(name="x", value="s3cret")) == "parameter x"
