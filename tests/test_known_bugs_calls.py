"""Bugs that other handlers of lifecycle hooks had, around the calls they make: each is tried on the deployed handlers.

Each test's docstring says who had the bug. They are named so that nobody brings one back.
"""

import itertools
from pathlib import Path
from typing import Any

import pytest

from known_bugs_world import (
    ADAPTER,
    BEAT,
    COMPLETE,
    DESCRIBE,
    SCALE_IN,
    TERMINATE,
    breaking_first,
    cloud_of,
    failing,
    looks_at,
    on_both_clouds,
    play,
    ready_at,
    whats,
)
from rearm import checks
from rearm_workbench import world_aws

CALL_REFUSED = {"aws": "ValidationError", "alibaba": "LifecycleHookIdAndLifecycleActionToken.Invalid"}
DRAINED: dict[str, Any] = {"checks": [{"tag": {"key": "drained", "value": "yes"}}], "budget": "20m", "on_timeout": "ABANDON"}
on_both_clouds_leaving = pytest.mark.parametrize("event", [TERMINATE, SCALE_IN], ids=["aws", "alibaba"])


@on_both_clouds
@pytest.mark.parametrize(("code", "status"), [("Throttling", 400), ("InternalError", 500), ("AccessDenied", 403)])
def test_one_failed_heartbeat_does_not_end_the_heartbeats(event: str, code: str, status: int) -> None:
    """keikoproj/lifecycle-manager: `sendHeartbeat` (pkg/service/autoscaling.go, commit 06851846) returns at its first error, and the drain
    goes on with nobody extending the wait. aws/aws-node-termination-handler stops for good at any ValidationError (asg-lifecycle-event.go).
    """
    wait = play(event, failing(BEAT, code, status), ready_after="45m", hook={"heartbeat_timeout": "10m", "default_result": "ABANDON"}).wait
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    failed = whats(wait).index("heartbeat failed")
    assert any(what.startswith("heartbeat ") and what.endswith(" s") for what in whats(wait)[failed:])


@on_both_clouds_leaving
@pytest.mark.parametrize("how", ["the call is denied", "the answer cannot be read", "the handler breaks"])
def test_an_error_never_completes_a_wait(event: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """awslabs/ecs-cluster-manager (lambda/ecs-lifecycle-hook-terminate.py): "our exception path is to allow the instance to terminate", so
    a throttled call ends an instance that still works. buildkite/lifecycled#55: CONTINUE is sent whatever the handler's script said."""
    plants = []
    if how == "the call is denied":
        plants = [failing({"aws": "ec2:DescribeTags", "alibaba": "ecs:ListTagResources"}, "UnauthorizedOperation", 403, times=8)]
    elif how == "the answer cannot be read":
        monkeypatch.setattr(checks.module("tag"), "ask", breaking_first(8, checks.module("tag").ask))
    else:
        adapter = ADAPTER[cloud_of(event)]
        monkeypatch.setattr(adapter, "describe_hook", breaking_first(1, adapter.describe_hook))
    wait = play(event, *plants, rules=DRAINED, scratch=tmp_path, ready_after="12m", hook={"heartbeat_timeout": "10m"}).wait
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s >= 12 * 60, "completed before it was drained"
    assert wait.api_calls[COMPLETE[wait.cloud]] == 1


@pytest.mark.parametrize("timeout_s", [pytest.param(70, marks=pytest.mark.slow), 120, 900])
def test_no_invocation_sleeps_past_its_functions_time_out(timeout_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """xero-oss/ecs-cluster-update-lambda#7: `time.sleep(PAUSE)` is longer than the function may run, so nothing after it ever happens.
    aws-samples/amazon-k8s-node-drainer#42: evictions wait on until Lambda kills the function, and the platform's retry is the loop."""
    monkeypatch.setattr(world_aws, "FUNCTION_TIMEOUT_S", timeout_s)
    # The hook is too short for timers: looks are held inside the invocation.
    played = play("aws/direct-launch.json", ready_after="25m", hook={"heartbeat_timeout": "60s"})
    assert (played.wait.outcome, played.wait.ended_by) == ("CONTINUE", "rearm")
    assert len(played.invocations) > 25 * 60 / timeout_s
    assert max(one.ended_s - one.began_s for one in played.invocations) < timeout_s


@on_both_clouds
def test_no_early_timer_is_slept_out_past_the_functions_time_out(event: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same bug as above, by another way: Function Compute says that its delay "may be not accurate"."""
    adapter = ADAPTER[cloud_of(event)]
    real = adapter.recheck
    monkeypatch.setattr(adapter, "recheck", lambda self, name, at, now, payload: real(self, name, max(now + 10, at - 1200), now, payload))
    rules = {"checks": [{"instance_status": {}}], "every": "30m"}
    played = play(event, rules=rules, scratch=tmp_path, ready_after="70m", hook={"heartbeat_timeout": "2h", "default_result": "ABANDON"})
    assert (played.wait.outcome, played.wait.ended_by) == ("CONTINUE", "rearm")
    assert max(one.ended_s - one.began_s for one in played.invocations) < 900


@on_both_clouds
@pytest.mark.parametrize("trouble", [None, BEAT, COMPLETE, DESCRIBE], ids=["no trouble", "heartbeats", "completion", "describe"])
def test_looks_keep_their_cadence_and_the_last_comes_before_the_end(event: str, trouble: dict[str, str] | None, tmp_path: Path) -> None:
    """spacelift-io/terraform-aws-spacelift-workerpool-on-ec2#203 (lifecycle_manager/main.py): each retry waits twice as long, up to 15
    minutes, and the next one falls after the hook's timeout: the wait ends by default though the answer was known."""
    plants = [failing(trouble, "InternalError", 500, times=6)] if trouble else []
    rules = {"checks": [{"instance_status": {}}], "every": "60s", "budget": "40m", "on_timeout": "ABANDON"}
    hook = {"heartbeat_timeout": "10m", "default_result": "CONTINUE"}
    wait = play(event, *plants, rules=rules, scratch=tmp_path, ready_after="never", hook=hook).wait
    assert (wait.outcome, wait.ended_by) == ("ABANDON", "rearm")
    assert 39 * 60 <= wait.waited_s <= (42 if trouble is COMPLETE else 40) * 60
    at = looks_at(wait)
    assert max(later - sooner for sooner, later in itertools.pairwise(at)) <= 2 * 60


@on_both_clouds
@pytest.mark.parametrize("refusals", [1, 2])
@pytest.mark.parametrize("call", [COMPLETE, BEAT], ids=["completion", "heartbeat"])
def test_a_call_refused_right_after_the_wait_became_visible_is_made_again(event: str, refusals: int, call: dict[str, str]) -> None:
    """PrairieLearn/PrairieLearn#15586: `Terminating:Wait` was shown, CompleteLifecycleAction answered "No active Lifecycle Action found",
    and the instance hung until the hook's timeout; the same call succeeded later."""

    def refuse(world: Any) -> None:
        more = {"message": "No active Lifecycle Action found with instance ID i-0123456789abcdef0"} if world.kind.cloud == "aws" else {}
        world.emulator.fail_next(call[world.kind.cloud], CALL_REFUSED[world.kind.cloud], 400, times=refusals, **more)

    ready_s = 0 if call is COMPLETE else 30
    # What is extended at the first look: on AWS a hook that cannot be described yet, on Alibaba Cloud a hook that is very short.
    beat_on = "" if call is COMPLETE else event.partition("/")[0]
    plants = [refuse, ready_at(first=ready_s), *([failing(DESCRIBE, "InternalError", 500)] if beat_on == "aws" else [])]
    timeout = "90s" if beat_on == "alibaba" else "10m"
    wait = play(event, *plants, ready_after="1s", hook={"heartbeat_timeout": timeout, "default_result": "ABANDON"}).wait
    assert any(what.endswith(("failed", "refused")) for what in whats(wait))
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s <= ready_s + 120
