"""`rearm hooks` against the emulated AWS: plan, apply, remove, and what happens when a call fails."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hooks_world import ACCOUNT, DRAIN, QUEUE, READY, TERMINATING, AwsHooks, aws_account, aws_hooks

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    with aws_account() as made:
        yield made


@pytest.fixture
def hooks(tmp_path: Path, account: Any) -> Iterator[AwsHooks]:
    with aws_hooks(tmp_path, account) as world:
        world.write(READY, DRAIN)
        yield world


def test_apply_makes_what_the_file_says_and_a_second_run_makes_no_write_call(hooks: AwsHooks) -> None:
    assert hooks.done("apply") == {"ready-hook": "created", "drain-hook": "created"}
    assert hooks.writes() == ["PutLifecycleHook"] * 2
    made = hooks.described()["ready-hook"]
    assert (made["HeartbeatTimeout"], made["DefaultResult"], made["NotificationTargetARN"]) == (600, "ABANDON", QUEUE)
    assert made["NotificationMetadata"] == '{"role": "web"}'
    code, out, err = hooks.run("apply")
    assert (code, err, out.splitlines()[-1]) == (0, "", "no change")
    assert hooks.writes() == []


def test_a_plan_writes_nothing_neither_there_nor_here(hooks: AwsHooks) -> None:
    hooks.put("drain-hook", TERMINATING, HeartbeatTimeout=300)
    hooks.writes()
    code, out, _ = hooks.run("plan")
    assert (code, out.splitlines()[-1]) == (0, "1 to create, 1 to update")
    assert hooks.writes() == []
    assert not hooks.state.exists()


def test_only_what_differs_is_written(hooks: AwsHooks) -> None:
    hooks.run("apply")
    hooks.write(READY.replace("10m", "20m"), DRAIN)
    hooks.writes()
    hooks.run("apply")
    [text] = hooks.written
    assert "HeartbeatTimeout=1200" in text
    assert "NotificationTargetARN" not in text  # no test message for nothing
    assert hooks.described()["ready-hook"]["NotificationTargetARN"] == QUEUE


def test_remove_takes_away_what_rearm_made_and_leaves_the_others(hooks: AwsHooks) -> None:
    hooks.put("somebody-elses")
    hooks.run("apply")
    assert hooks.done("remove") == {"ready-hook": "deleted", "drain-hook": "deleted"}
    assert list(hooks.described()) == ["somebody-elses"]
    assert hooks.entries() == []
    hooks.writes()
    assert hooks.run("remove")[:2] == (0, "nothing to do\n")
    assert hooks.writes() == []


def test_a_hook_that_was_in_place_already_is_not_removed(hooks: AwsHooks) -> None:
    hooks.write(DRAIN)
    hooks.put("drain-hook", TERMINATING, HeartbeatTimeout=900, DefaultResult="CONTINUE")
    assert hooks.done("apply") == {"drain-hook": "no change"}
    assert hooks.done("remove") == {}
    assert list(hooks.described()) == ["drain-hook"]


def test_remove_gives_an_updated_hook_its_former_values_back(hooks: AwsHooks) -> None:
    hooks.write(READY)
    hooks.put("ready-hook", HeartbeatTimeout=300)
    before = hooks.described()
    hooks.run("apply")
    hooks.write(READY.replace("10m", "20m"))
    hooks.run("apply")
    code, out, _ = hooks.run("remove")
    assert code == 0
    assert "heartbeat_timeout: 20m -> 5m" in out
    assert "the cloud has no call to take it away: metadata" in out
    after = hooks.described()
    for kept in ("NotificationMetadata", "RoleARN"):  # PutLifecycleHook cannot take these away
        del after["ready-hook"][kept]
    assert after == before


def test_remove_leaves_a_setting_that_somebody_changed_since(hooks: AwsHooks) -> None:
    hooks.write(DRAIN)
    hooks.put("drain-hook", TERMINATING, HeartbeatTimeout=300)
    hooks.run("apply")
    hooks.put("drain-hook", TERMINATING, HeartbeatTimeout=1234)
    _, out, _ = hooks.run("remove")
    assert "left as somebody changed it since: heartbeat_timeout" in out
    after = hooks.described()["drain-hook"]
    assert (after["HeartbeatTimeout"], after["DefaultResult"]) == (1234, "ABANDON")


def test_one_hook_can_be_removed_by_name_and_an_unknown_name_is_refused(hooks: AwsHooks) -> None:
    hooks.run("apply")
    assert hooks.done("remove", "drain-hook") == {"drain-hook": "deleted"}
    assert list(hooks.described()) == ["ready-hook"]
    code, out, err = hooks.run("remove", "nobody")
    assert (code, out) == (2, "")
    assert err.startswith("rearm: nobody: ")


def test_a_hook_that_left_the_file_is_told_of_and_can_still_be_removed(hooks: AwsHooks) -> None:
    hooks.run("apply")
    hooks.write(READY)
    _, out, _ = hooks.run("plan")
    assert "made by rearm and no longer in the file" in out
    assert hooks.json("plan")["no_longer_in_the_file"][0]["name"] == "drain-hook"
    assert hooks.done("remove", "drain-hook") == {"drain-hook": "deleted"}


def test_environments_are_kept_apart(hooks: AwsHooks) -> None:
    hooks.write(READY, DRAIN, more="environments:\n  prod: {hooks: {ready-hook: {hook_name: ready-prod, heartbeat_timeout: 30m}}}\n")
    hooks.run("apply")
    assert hooks.done("apply", "--env", "prod")["ready-hook"] == "created"
    assert hooks.described()["ready-prod"]["HeartbeatTimeout"] == 1800
    assert hooks.done("remove", "--env", "prod")["ready-hook"] == "deleted"
    assert "ready-hook" in hooks.described()


def test_a_new_role_is_waited_for_and_a_wrong_one_is_one_line(hooks: AwsHooks) -> None:
    hooks.write(READY)
    message = f"Unable to publish test message to notification target {QUEUE} using IAM role x."
    hooks.aws.fail_next("autoscaling:PutLifecycleHook", "ValidationError", times=3, message=message)
    assert hooks.done("apply") == {"ready-hook": "created"}
    assert hooks.slept == [2, 3, 5]
    hooks.run("remove")
    hooks.aws.fail_next("autoscaling:PutLifecycleHook", "ValidationError", times=8, message=message)
    code, out, err = hooks.run("apply")
    assert (code, err) == (1, "")
    assert "the test message could not be published" in out
    assert sum(hooks.slept) < 60
    assert hooks.entries() == []  # it was refused, so there is nothing to undo


@pytest.mark.parametrize(
    ("code", "status", "times", "said"),
    [
        ("AccessDenied", 403, 1, "autoscaling:DescribeLifecycleHooks is denied (AccessDenied)"),
        ("Throttling", 400, 25, "autoscaling:DescribeLifecycleHooks is throttled (Throttling) and stayed so"),
        ("RateExceeded", 400, 5, "autoscaling:DescribeLifecycleHooks is throttled (RateExceeded) and stayed so"),
        ("InternalFailure", 500, 5, "autoscaling:DescribeLifecycleHooks failed (InternalFailure, HTTP 500)"),
    ],
)
def test_a_group_that_cannot_be_read_is_one_line_and_stops_nothing_else(
    hooks: AwsHooks, code: str, status: int, times: int, said: str
) -> None:
    hooks.make_group("other")
    hooks.write(READY, DRAIN.replace("web-asg", "other"))
    hooks.aws.fail_next("autoscaling:DescribeLifecycleHooks", code, status=status, times=times)
    exit_code, out, err = hooks.run("apply")
    assert (exit_code, err) == (1, "")
    assert said in out
    assert "+ drain-hook: created" in out


def test_an_unknown_group_and_a_wrong_region_are_one_line_each(hooks: AwsHooks) -> None:
    hooks.write(READY.replace("web-asg", "nobody").replace("eu-central-1", "eu-west-1"), DRAIN)
    code, out, _ = hooks.run("plan")
    assert code == 1
    assert "there is no such group in eu-west-1: look at `group` and `region`" in out
    assert "+ drain-hook: create in" in out


def test_credentials_of_another_account_are_refused_before_anything_is_read(hooks: AwsHooks) -> None:
    hooks.write(READY.replace(f'account: "{ACCOUNT}"', 'account: "999999999999"'))
    code, out, _ = hooks.run("apply")
    assert code == 1
    assert f"the credentials are of account {ACCOUNT}, the file says 999999999999" in out
    assert hooks.calls == ["sts:GetCallerIdentity"]


def test_named_credentials_that_nobody_knows_are_one_line(hooks: AwsHooks) -> None:
    hooks.write(DRAIN.replace(f'account: "{ACCOUNT}"', "credentials: nobody"))
    code, out, _ = hooks.run("plan")
    assert code == 1
    assert "`credentials` names a profile of the AWS configuration" in out


def test_a_run_that_dies_after_the_call_still_owns_what_it_made(hooks: AwsHooks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the call and its confirmation: the entry is there, as pending, and the next run settles it."""
    hooks.write(DRAIN)
    real = os.replace
    seen: list[str] = []

    def replace(source: str, target: Path) -> None:
        seen.append(str(target))
        if len(seen) == 2:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    assert hooks.run("apply")[0] != 0
    monkeypatch.undo()
    assert [(one["made"], one["pending"]) for one in hooks.entries()] == [(True, True)]
    assert [path.name for path in hooks.state.parent.iterdir() if path.suffix not in (".yml", ".json")] == []
    assert hooks.done("apply") == {"drain-hook": "no change"}
    assert [(one["made"], one["pending"]) for one in hooks.entries()] == [(True, False)]
    assert hooks.done("remove") == {"drain-hook": "deleted"}


def test_an_answer_that_never_came_is_settled_by_the_next_run(hooks: AwsHooks) -> None:
    hooks.write(DRAIN)
    hooks.aws.fail_next("autoscaling:PutLifecycleHook", "", status=0, times=5)
    code, out, _ = hooks.run("apply")
    assert code == 1
    assert "whether it was done is not known: run this again" in out
    assert hooks.entries()[0]["pending"] is True
    hooks.put("drain-hook", TERMINATING, HeartbeatTimeout=4000)  # not what rearm was about to write
    assert hooks.done("remove") == {"drain-hook": "gone"}
    assert list(hooks.described()) == ["drain-hook"]


def test_a_memory_that_cannot_be_read_stops_everything(hooks: AwsHooks) -> None:
    for text in ("{", '{"version": 9, "hooks": []}', '{"version": 1, "hooks": [{"name": 3}]}'):
        hooks.state.write_text(text)
        for command in ("plan", "apply", "remove"):
            code, out, err = hooks.run(command)
            assert (code, out, len(err.splitlines())) == (2, "", 1)
            assert err.startswith(f"rearm: {hooks.state}: ")
    assert hooks.calls == []


def test_the_memory_of_another_endpoint_is_not_this_ones(hooks: AwsHooks) -> None:
    hooks.run("apply")
    told = json.loads(hooks.state.read_text())
    for one in told["hooks"]:
        one["endpoint"] = "http://127.0.0.1:1"
    hooks.state.write_text(json.dumps(told))
    assert hooks.done("remove") == {}
    assert len(hooks.described()) == 2


def test_a_group_that_is_gone_takes_its_hooks_with_it(hooks: AwsHooks) -> None:
    hooks.run("apply")
    hooks.aws.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="web-asg", ForceDelete=True)
    assert set(hooks.done("remove").values()) == {"gone"}
    assert hooks.entries() == []


def test_a_target_can_be_taken_away(hooks: AwsHooks) -> None:
    hooks.run("apply")
    hooks.write(READY.replace(f"target: {QUEUE}", "target: none"), DRAIN)
    assert hooks.done("apply")["ready-hook"] == "updated"
    assert not hooks.described()["ready-hook"].get("NotificationTargetARN")
    assert hooks.done("apply")["ready-hook"] == "no change"


def test_what_people_read(hooks: AwsHooks) -> None:
    """Golden files. REARM_GOLDEN=write renews them; read the difference before you commit it."""
    hooks.put("drain-hook", TERMINATING, HeartbeatTimeout=300, NotificationMetadata="kept")
    hooks.put("somebody-elses")
    for name, command in (("plan", "plan"), ("apply", "apply"), ("again", "apply"), ("verify", "verify"), ("remove", "remove")):
        _, out, _ = hooks.run(command)
        path = GOLDEN / f"hooks-{name}.txt"
        if os.environ.get("REARM_GOLDEN") == "write":
            path.write_text(out)
        assert out == path.read_text(), name
