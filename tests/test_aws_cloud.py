"""The AWS adapter against the emulator: what it sends, what it makes of each error, and what it costs to import."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, NoCredentialsError

from aws_world import FUNCTION, INSTANCE, ROLE, START, TOKEN, World, running
from rearm.clouds import Cloud
from rearm.clouds.aws import calls, cloud, faults
from rearm.clouds.aws.cloud import Aws
from rearm.core.limits import AWS
from rearm.core.model import Action, Hook
from rearm.errors import ActionGone, ConfigError, InvalidNotification, TryAgain

ACTION = Action(cloud="aws", hook="hold", token=TOKEN, instances=(INSTANCE,), group="web", transition="launch")
COMPLETE, BEAT, DESCRIBE = (
    f"autoscaling:{name}" for name in ("CompleteLifecycleAction", "RecordLifecycleActionHeartbeat", "DescribeLifecycleHooks")
)
CREATE = "scheduler:CreateSchedule"


class Context:
    """A Lambda context with so much time left."""

    def __init__(self, left_s: float) -> None:
        self.left_s = left_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self.left_s * 1000)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("REARM_SCHEDULE_GROUP", "rearm")
    monkeypatch.setenv("REARM_RECHECK_ARN", FUNCTION)
    monkeypatch.setenv("REARM_SCHEDULER_ROLE_ARN", ROLE)
    with running() as one:
        one.aws.add_schedule_group("rearm")
        yield one


def names(world: World) -> list[str]:
    return [name for name, _ in world.calls]


def test_it_is_a_cloud() -> None:
    aws: Cloud = Aws(Context(12.5))
    assert (aws.name, aws.limits, aws.remaining_s()) == ("aws", AWS, 12.5)
    assert Aws(None).remaining_s() == 60


def test_the_hook_is_described(world: World) -> None:
    world.seed(transition="terminate", default_result="CONTINUE", timeout_s=1800)
    assert Aws().describe_hook(ACTION) == Hook(1800, "CONTINUE", "terminate")


def test_a_hook_or_group_that_is_not_there_is_an_action_that_is_gone(world: World) -> None:
    with pytest.raises(ActionGone, match="the group 'web' or its hook does not exist"):
        Aws().describe_hook(ACTION)
    world.seed(hook="other")
    with pytest.raises(ActionGone, match="has no hook 'hold'"):
        Aws().describe_hook(ACTION)


def test_a_heartbeat_names_hook_group_token_and_instance(world: World) -> None:
    action = world.seed()
    world.clock.run_until(START + 500)
    Aws().heartbeat(ACTION, 30)
    assert action.lapses_at == START + 1100, "the length asked for is not AWS's: the hook's own is used"
    name, text = world.calls[0]
    assert name == BEAT
    for part in ("LifecycleHookName=hold", "AutoScalingGroupName=web", f"LifecycleActionToken={TOKEN}", f"InstanceId={INSTANCE}"):
        assert part in text


def test_completing_ends_the_wait_and_a_second_time_it_is_gone(world: World) -> None:
    action = world.seed()
    Aws().complete(ACTION, "ABANDON")
    assert (action.result, action.by) == ("ABANDON", "client")
    with pytest.raises(ActionGone, match="No active Lifecycle Action found with token 87654321…"):
        Aws().complete(ACTION, "CONTINUE")
    with pytest.raises(ActionGone, match="No active Lifecycle Action found with token 87654321…"):
        Aws().heartbeat(ACTION, 60)


def test_a_later_action_of_the_same_instance_is_never_touched(world: World) -> None:
    world.seed(origin="EC2", destination="WarmPool")
    Aws().complete(ACTION, "CONTINUE")
    later = world.seed(token="b" * 36, origin="WarmPool", destination="AutoScalingGroup")
    with pytest.raises(ActionGone):
        Aws().complete(ACTION, "CONTINUE")
    assert later.ended_at is None


def test_aws_knows_no_rollback(world: World) -> None:
    action = world.seed()
    with pytest.raises(ConfigError, match="use one of CONTINUE, ABANDON"):
        Aws().complete(ACTION, "ROLLBACK")
    assert (action.ended_at, world.calls) == (None, [])


def test_a_recheck_is_a_schedule_that_fires_once_and_never_early(world: World) -> None:
    aws = Aws()
    assert aws.recheck("rearm-1", START + 60.2, START, '{"wait": "ä"}'.encode())
    assert not aws.recheck("rearm-1", START + 60.2, START, b"{}"), "a timer of that name exists already"
    stored = world.client("scheduler").get_schedule(GroupName="rearm", Name="rearm-1")
    assert stored["ScheduleExpression"] == "at(2023-11-14T22:14:21)"
    assert stored["ActionAfterCompletion"] == "DELETE"
    assert stored["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 7200, "MaximumRetryAttempts": 185}
    world.clock.run_until(START + 60.9)
    assert world.invoked == []
    world.clock.run_until(START + 61)
    assert world.invoked == [(FUNCTION, {"wait": "ä"})]
    assert world.aws.pending_schedules() == []


def test_a_recheck_in_the_past_comes_as_soon_as_a_schedule_can(world: World) -> None:
    assert Aws().recheck("late", START - 100, START + 0.5, b"{}")
    world.clock.run_until(START + 11)
    assert len(world.invoked) == 1


def test_every_missing_setting_of_the_environment_is_named_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REARM_SCHEDULE_GROUP")
    monkeypatch.setenv("REARM_SCHEDULER_ROLE_ARN", "")
    with pytest.raises(ConfigError) as error:
        Aws().recheck("n", START + 60, START, b"{}")
    assert [problem.split()[3] for problem in error.value.problems] == ["REARM_SCHEDULE_GROUP", "REARM_SCHEDULER_ROLE_ARN"]


def test_a_schedule_group_that_is_not_there_is_told_and_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REARM_SCHEDULE_GROUP", "nowhere")
    with pytest.raises(TryAgain, match=r"scheduler:CreateSchedule failed \(ResourceNotFoundException, HTTP 404\).*nowhere"):
        Aws().recheck("n", START + 60, START, b"{}")


# errors


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException", "RateExceeded", "RequestLimitExceeded"])
def test_a_burst_of_throttling_is_waited_out(world: World, code: str) -> None:
    action = world.seed()
    world.aws.fail_next(COMPLETE, code, message="Rate exceeded", times=3)
    Aws().complete(ACTION, "CONTINUE")
    assert action.result == "CONTINUE"
    assert names(world) == [COMPLETE] * 4
    assert START < world.clock.now() < START + 40


def test_throttling_that_lasts_is_handed_back_after_bounded_time(world: World) -> None:
    action = world.seed()
    world.aws.fail_next(COMPLETE, "RateExceeded", message="Rate exceeded", times=99)
    with pytest.raises(TryAgain, match=r"autoscaling:CompleteLifecycleAction is throttled \(RateExceeded\): Rate exceeded"):
        Aws().complete(ACTION, "CONTINUE")
    assert names(world) == [COMPLETE] * calls.OWN_ATTEMPTS
    assert world.clock.now() <= START + 3 * calls.OWN_PAUSE_MAX_S
    assert action.ended_at is None


def test_no_pause_when_the_invocation_is_about_to_end(world: World) -> None:
    world.seed()
    world.aws.fail_next(COMPLETE, "RateExceeded", times=99)
    with pytest.raises(TryAgain):
        Aws(Context(2)).complete(ACTION, "CONTINUE")
    assert (names(world), world.clock.now()) == ([COMPLETE], START)


@pytest.mark.parametrize(("code", "status"), [("ResourceContention", 500), ("InternalFailure", 500), ("ServiceUnavailable", 503), ("", 0)])
def test_passing_faults_are_retried_by_the_sdk(world: World, code: str, status: int) -> None:
    action = world.seed()
    world.aws.fail_next(COMPLETE, code, status=status, times=4)
    Aws().complete(ACTION, "CONTINUE")
    assert action.result == "CONTINUE"
    assert names(world) == [COMPLETE] * 5


@pytest.mark.parametrize(
    ("code", "status", "message", "line"),
    [
        ("ResourceContention", 500, "pending update", r"failed \(ResourceContention, HTTP 500\): pending update"),
        ("", 0, "", r"failed \(ConnectionClosedError\)"),
        ("AccessDenied", 403, "User x is not authorized", r"autoscaling:CompleteLifecycleAction is denied \(AccessDenied\): allow it"),
        ("ValidationError", 400, f"1 problem\nwith {TOKEN}", r"failed \(ValidationError, HTTP 400\): 1 problem with 87654321…$"),
        ("ExpiredToken", 403, "expired", r"failed \(ExpiredToken, HTTP 403\)"),
        ("SomethingNew", 418, "?", r"failed \(SomethingNew, HTTP 418\)"),
    ],
)
def test_no_other_error_ends_anything(world: World, code: str, status: int, message: str, line: str) -> None:
    action = world.seed()
    world.aws.fail_next(COMPLETE, code, status=status, message=message, times=5)
    with pytest.raises(TryAgain, match=line) as error:
        Aws().complete(ACTION, "CONTINUE")
    assert action.ended_at is None
    assert TOKEN not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_validation_error_of_describing_is_gone_only_when_something_is_not_found(world: World) -> None:
    world.seed()
    world.aws.fail_next(DESCRIBE, "ValidationError", message="too many names")
    with pytest.raises(TryAgain, match="too many names"):
        Aws().describe_hook(ACTION)


def test_a_schedule_that_is_throttled_is_tried_again(world: World) -> None:
    world.aws.fail_next(CREATE, "ThrottlingException", status=429, times=2)
    assert Aws().recheck("n", START + 60, START, b"{}")
    assert names(world) == [CREATE] * 3


def test_errors_of_checks_are_translated_by_the_same_rules() -> None:
    denied = ClientError({"Error": {"Code": "UnauthorizedOperation", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "X")
    assert str(faults.translate(denied, "ec2:DescribeInstanceStatus")).startswith("ec2:DescribeInstanceStatus is denied")
    assert faults.error_code(denied) == "UnauthorizedOperation"
    assert "no AWS credentials" in str(faults.translate(NoCredentialsError(), "ec2:DescribeTags"))
    timeout = faults.translate(ConnectTimeoutError(endpoint_url="https://ec2"), "ec2:DescribeTags")
    assert isinstance(timeout, TryAgain)
    assert "ConnectTimeoutError" in str(timeout)
    already = InvalidNotification("x")
    assert faults.translate(already, "y") is already


def test_long_messages_are_cut_and_secrets_shortened() -> None:
    assert faults.mask("a" * 400) == "a" * 299 + "…"
    assert faults.mask("token secretsecret!", ("secretsecret",)) == "token secretse…!"
    assert faults.mask(f"{TOKEN.upper()}") == "87654321…"


# clients, region, log


def test_a_client_is_made_once_also_by_many_threads(world: World) -> None:
    made: list[Any] = []
    threads = [threading.Thread(target=lambda: made.append(cloud.client("ec2"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in made}) == 1
    config = made[0].meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}
    cloud.forget_clients()
    assert cloud.client("ec2") is not made[0]


def test_without_a_region_the_operator_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    cloud.forget_clients()
    try:
        with pytest.raises(ConfigError, match="set AWS_REGION"):
            cloud.client("autoscaling")
    finally:
        cloud.forget_clients()


def test_importing_loads_no_sdk_and_a_line_is_one_json_object() -> None:
    program = """
import sys
from rearm.clouds.aws.cloud import Aws
heavy = {"boto3", "botocore", "aws_lambda_powertools", "urllib3", "logging"} & set(sys.modules)
assert not heavy, heavy
aws = Aws()
aws.say({"reason": "ready", "looks": 3, "message": "m"})
aws.say({"reason": "again"})
assert not {"boto3", "botocore.session"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["message"] == {"reason": "ready", "looks": 3, "message": "m"}
    assert (first["service"], first["level"]) == ("rearm", "INFO")
    assert second["message"] == {"reason": "again"}
