"""`rearm hooks verify`: every finding, from documents (pure) and against the emulated AWS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hooks_world import ACCOUNT, DRAIN, QUEUE, READY, REGION, ROLE, TERMINATING, AwsHooks, aws_account, aws_hooks
from rearm.core.profile import Check, Config, Match, Profile
from rearm_workbench.hooks import delivery, diff, findings
from rearm_workbench.hooks.model import Finding, Found, Group, Place, Target, Wanted

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rearm-direct"
SERVICE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
PLACES = {"aws": Place("aws", REGION, "web"), "alibaba": Place("alibaba", "cn-hangzhou", "asg-1")}
CHECK = Check(kind="http", settings={})


def judged(cloud: str = "aws", profile: Profile | None = None, group: Group | None = None, **settings: str | int) -> list[Finding]:
    """The findings about a hook that is as its file says."""
    wanted = Wanted("hook", PLACES[cloud], "hook", {"transition": "launch", "default_result": "ABANDON", **settings})
    found = Found("hook", diff.whole(wanted), id="ash-1")
    subject = findings.Subject(diff.change(wanted, found), found.settings, group or Group("web"), None)
    return findings.judge(subject, Config(profiles=(profile or Profile(name="p", checks=(CHECK,)),)))


def said(found: list[Finding], check: str) -> tuple[str, str]:
    [one] = [one for one in found if one.check == check]
    return one.level, one.text + (f" -> {one.todo}" if one.todo else "")


@pytest.mark.parametrize(
    ("cloud", "timeout_s", "every_s", "level", "part"),
    [
        ("aws", 600, 60, "ok", "10m suits looks every 1m"),
        ("aws", 120, 60, "warning", "shorter than timers of 60 s precision allow for"),
        ("aws", 600, 600, "warning", "set `heartbeat_timeout` to 12m or more"),
        ("alibaba", 600, 3600, "ok", "10m suits"),
        ("alibaba", 60, 60, "warning", "leaves the first look little time"),
    ],
)
def test_the_timeout_suits_the_cadence(cloud: str, timeout_s: int, every_s: int, level: str, part: str) -> None:
    found = said(judged(cloud, Profile(name="p", every_s=every_s), heartbeat_timeout=timeout_s), "timeout")
    assert found[0] == level
    assert part in found[1]


@pytest.mark.parametrize(
    ("cloud", "timeout_s", "budget_s", "level", "part"),
    [
        ("aws", 600, None, "ok", "as long as the cloud allows; this hook can wait 16h40m (100 x 10m, 48h at most)"),
        ("aws", 60, 7200, "warning", "the budget of 2h is never reached: this hook can wait 1h40m"),
        ("aws", 7200, 180_000, "warning", "-> shorten `budget`"),
        ("alibaba", 600, 21_600, "ok", "6h; this hook can wait 6h (20 heartbeats within 6h)"),
        ("alibaba", 600, 43_200, "warning", "the budget of 12h is never reached"),
    ],
)
def test_the_budget_can_be_reached(cloud: str, timeout_s: int, budget_s: int | None, level: str, part: str) -> None:
    found = said(judged(cloud, Profile(name="p", budget_s=budget_s), heartbeat_timeout=timeout_s), "budget")
    assert found[0] == level
    assert part in found[1]


@pytest.mark.parametrize(("length", "level"), [(1023, "ok"), (1024, "warning"), (4000, "warning"), (4001, "problem")])
def test_the_metadata_fits_aws(length: int, level: str) -> None:
    assert said(judged(metadata="x" * length), "metadata")[0] == level


@pytest.mark.parametrize(("length", "level"), [(4096, "ok"), (4097, "problem")])
def test_the_metadata_fits_alibaba_cloud(length: int, level: str) -> None:
    assert said(judged("alibaba", metadata="x" * length), "metadata")[0] == level


def test_a_load_balancer_check_in_a_scale_out_of_alibaba_cloud_can_never_pass() -> None:
    asks = Profile(name="p", checks=(CHECK, Check(kind="slb_health", settings={}, label="slb lb-1")))
    assert said(judged("alibaba", asks), "checks")[0] == "problem"
    assert not [one for one in judged("alibaba", asks, transition="terminate") if one.check == "checks"]
    assert not [one for one in judged("aws", asks) if one.check == "checks"]


def test_the_default_result_of_a_launch_is_the_careful_one() -> None:
    assert said(judged(default_result="CONTINUE"), "default result")[0] == "warning"
    assert not [one for one in judged(default_result="CONTINUE", transition="terminate") if one.check == "default result"]


def test_a_hook_without_a_profile_is_a_problem_and_a_group_is_known_by_its_name_too() -> None:
    only = Profile(name="p", match=Match(group=("web*",)))
    assert said(judged("alibaba", only, Group("db")), "profile")[0] == "problem"
    assert not [one for one in judged("alibaba", only, Group("web-1")) if one.check == "profile"]


def test_hooks_that_collide() -> None:
    place = PLACES["aws"]
    launch: dict[str, str | int] = {"transition": "launch", "target": QUEUE}
    one, two = Wanted("one", place, "one", launch), Wanted("two", place, "two", {"transition": "launch"})
    drain = Wanted("drain", place, "drain", {"transition": "terminate"})
    [found] = findings.collisions([one, two, drain], [])
    assert (found.hook, found.level) == ("two", "problem")
    other = Found("other", diff.whole(two))
    same_target = Found("other", diff.whole(one))
    assert [found.level for found in findings.collisions([one, drain], [(one, other), (drain, other)])] == ["warning"]
    assert [found.level for found in findings.collisions([one], [(one, same_target)])] == ["problem"]


def test_a_hook_that_is_missing_differs_or_is_switched_off() -> None:
    wanted = Wanted("hook", PLACES["alibaba"], "hook", {"transition": "launch"})
    config = Config(profiles=(Profile(name="p"),))
    settings = diff.whole(wanted)

    def existence(found: Found | None, **more: str | int) -> tuple[str, str]:
        asked = Wanted("hook", wanted.place, "hook", wanted.settings | more)
        subject = findings.Subject(diff.change(asked, found), settings, Group("web", instances=3), None)
        return said(findings.judge(subject, config), "exists")

    assert existence(None)[0] == "problem"
    assert "3 of the group's instances were there before it" in existence(None)[1]
    assert existence(Found("hook", settings, active=False))[0] == "problem"
    assert existence(Found("hook", settings), heartbeat_timeout=30)[0] == "warning"
    assert existence(Found("hook", settings))[0] == "ok"


def statement(effect: str = "Allow", action: object = "sqs:SendMessage", resource: object = QUEUE, **more: object) -> dict[str, object]:
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}


TRUST: dict[str, object] = {
    "Statement": {"Effect": "Allow", "Principal": {"Service": ["autoscaling.amazonaws.com"]}, "Action": "sts:AssumeRole"}
}


def levels(read: Target, target: str = QUEUE, role: str = ROLE) -> list[tuple[str, str]]:
    return [(one.check, one.level) for one in delivery.judge({"target": target, "role": role}, read)]


OK = [("target", "ok"), ("delivery", "ok"), ("delivery", "ok")]


@pytest.mark.parametrize(
    ("policy", "last"),
    [
        (statement(), "ok"),
        (statement(action=["sns:Publish", "SQS:*"], resource="*"), "ok"),
        (statement(resource=f"arn:aws:sqs:{REGION}:{ACCOUNT}:*"), "ok"),
        (statement(resource=f"arn:aws:sqs:{REGION}:{ACCOUNT}:other"), "problem"),
        (statement(action="sqs:ReceiveMessage"), "problem"),
        (statement(Condition={"Bool": {"aws:SecureTransport": "true"}}), "warning"),
        ({"Statement": [*statement()["Statement"], *statement("Deny")["Statement"]]}, "problem"),
        ({"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}, "warning"),
        ({}, "problem"),
    ],
)
def test_what_a_roles_policies_allow(policy: dict[str, object], last: str) -> None:
    read = Target(exists=True, policy={}, trust=TRUST, role_exists=True, role_policies=(policy,))
    assert levels(read) == [*OK[:2], ("delivery", last)]


def test_a_role_must_trust_auto_scaling() -> None:
    other = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust: dict[str, object] = {"Statement": [other]}
    read = Target(exists=True, policy={}, trust=trust, role_exists=True, role_policies=(statement(),))
    assert levels(read)[1] == ("delivery", "problem")
    assert levels(Target(exists=True, policy={}, role_exists=False)) == [("target", "ok"), ("role", "problem")]
    assert levels(Target(exists=True, policy={}), role="") == [("target", "ok"), ("role", "problem")]


def test_a_queues_own_policy_matters_when_it_denies_and_in_another_account() -> None:
    foreign = QUEUE.replace(ACCOUNT, "999999999999")
    allowing = statement(resource=foreign, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    role = {"trust": TRUST, "role_exists": True, "role_policies": (statement(resource="*"),)}
    assert levels(Target(exists=True, policy={}, **role), foreign)[-1] == ("delivery", "problem")
    assert levels(Target(exists=True, policy=allowing, **role), foreign)[-1] == ("delivery", "ok")
    denying = statement("Deny", Principal="*")
    assert levels(Target(exists=True, policy=denying, **role)) == [*OK, ("delivery", "problem")]


@pytest.mark.parametrize(
    ("principal", "level"), [(SERVICE_ROLE, "ok"), (ACCOUNT, "ok"), ("*", "ok"), (f"arn:aws:iam::{ACCOUNT}:role/x", "problem")]
)
def test_a_function_must_let_the_service_linked_role_invoke_it(principal: str, level: str) -> None:
    policy = statement(action="lambda:InvokeFunction", resource=FUNCTION, Principal={"AWS": principal})
    assert levels(Target(exists=True, policy=policy), FUNCTION, "") == [("target", "ok"), ("delivery", level)]


def test_what_could_not_be_read_is_said_and_nothing_is_guessed() -> None:
    assert levels(Target(exists=None, unread=("sqs:GetQueueUrl is denied",))) == [("target", "warning"), ("role", "warning")]
    assert levels(Target(exists=False)) == [("target", "problem")]


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    with aws_account() as made:
        yield made


@pytest.fixture
def hooks(tmp_path: Path, account: Any) -> Iterator[AwsHooks]:
    with aws_hooks(tmp_path, account) as world:
        world.write(READY, DRAIN)
        yield world


def test_all_is_well(hooks: AwsHooks) -> None:
    hooks.make_role()
    hooks.run("apply")
    hooks.writes()
    found = hooks.findings()
    assert {level for one in found.values() for level, _ in one} == {"ok"}
    assert len(found["ready-hook", "delivery"]) == 2
    assert hooks.run("verify")[0] == 0
    assert hooks.writes() == []


def test_a_managed_policy_counts_too(hooks: AwsHooks) -> None:
    hooks.make_role(actions="s3:GetObject")
    assert [level for level, _ in hooks.findings()["ready-hook", "delivery"]] == ["ok", "problem"]
    iam = hooks.aws.client("iam")
    document = {"Version": "2012-10-17", **statement(resource="*")}
    managed = iam.create_policy(PolicyName="deliver", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="rearm-hooks", PolicyArn=managed)
    try:
        assert [level for level, _ in hooks.findings()["ready-hook", "delivery"]] == ["ok", "ok"]
    finally:
        iam.detach_role_policy(RoleName="rearm-hooks", PolicyArn=managed)
        iam.delete_policy(PolicyArn=managed)


def test_before_apply_the_hooks_are_missing(hooks: AwsHooks) -> None:
    hooks.make_role(service="ec2.amazonaws.com", actions="sqs:*")
    found = hooks.findings()
    assert found["ready-hook", "exists"][0][0] == found["drain-hook", "exists"][0][0] == "problem"
    assert [level for level, _ in found["ready-hook", "delivery"]] == ["problem", "ok"]
    assert hooks.run("verify")[0] == 1


def test_a_queue_and_a_topic_that_do_not_exist(hooks: AwsHooks) -> None:
    hooks.write(READY.replace(":rearm\n", ":nobody\n"), READY.replace("ready-hook", "sns").replace(QUEUE, QUEUE.replace("sqs", "sns")))
    found = hooks.findings()
    assert [found[name, "target"][0][0] for name in ("ready-hook", "sns")] == ["problem", "problem"]
    assert found["sns", "collision"][0][0] == "problem"


def test_a_function_as_the_target(hooks: AwsHooks) -> None:
    hooks.write(READY.replace(QUEUE, FUNCTION).replace(f"    role: {ROLE}\n", ""))
    assert hooks.findings()["ready-hook", "target"][0][0] == "problem"
    hooks.make_function()
    assert hooks.findings()["ready-hook", "delivery"][0][0] == "problem"
    hooks.aws.client("lambda").add_permission(
        FunctionName="rearm-direct", StatementId="rearm", Action="lambda:InvokeFunction", Principal=SERVICE_ROLE
    )
    policy = json.loads(hooks.aws.client("lambda").get_policy(FunctionName="rearm-direct")["Policy"])
    assert policy["Statement"][0]["Action"] == "lambda:InvokeFunction"
    assert hooks.findings()["ready-hook", "delivery"][0][0] == "ok"


def test_what_may_not_be_read_is_a_warning(hooks: AwsHooks) -> None:
    hooks.make_role()
    hooks.run("apply")
    hooks.aws.fail_next("sqs:GetQueueUrl", "AccessDenied", status=403)
    hooks.aws.fail_next("iam:GetRole", "AccessDenied", status=403)
    hooks.aws.fail_next("sts:GetCallerIdentity", "AccessDenied", status=403)
    code, out, _ = hooks.run("verify")
    assert code == 0
    assert "sqs:GetQueueUrl is denied" in out
    assert "iam:GetRole is denied" in out
    assert "whether the credentials are of account 123456789012 could not be asked" in out


def test_a_configuration_of_ones_own(hooks: AwsHooks, tmp_path: Path) -> None:
    hooks.put("drain-hook", TERMINATING, HeartbeatTimeout=900, DefaultResult="CONTINUE")
    path = tmp_path / "rearm.yml"
    path.write_text("version: 1\nprofiles: [{name: only launches, match: {transition: launch}, checks: [instance_status]}]\n")
    found = hooks.findings("--config", str(path))
    assert found["drain-hook", "profile"][0][0] == "problem"
    assert hooks.run("verify", "--config", str(tmp_path / "none.yml"))[0] == 2


def test_a_group_that_is_not_there_is_a_problem(hooks: AwsHooks) -> None:
    hooks.write(READY.replace("web-asg", "nobody"), DRAIN)
    assert hooks.findings()["ready-hook", "group"][0][0] == "problem"
