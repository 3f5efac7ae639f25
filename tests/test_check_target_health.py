"""`target_health`: ELB target groups and Classic Load Balancers; CLB, ALB and NLB."""

from typing import Any

import pytest

from check_clouds import I, ask, assert_nonsense_is_waiting, assert_trouble_is_waiting, instance
from rearm import config
from rearm.checks import target_health
from rearm_workbench.emulators.alibaba.balancers import Server

KIND = "target_health"
GROUP = {"target_group": "web"}
CLASSIC = {"load_balancer": "old"}
HEALTH, CLASSIC_HEALTH = "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeInstanceHealth"


@pytest.fixture
def group(aws_cloud: Any) -> tuple[Any, str]:
    """A client, and the ARN of an empty target group with half a minute of draining."""
    instance(aws_cloud)
    elb, ec2 = aws_cloud.client("elbv2"), aws_cloud.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    arn = elb.create_target_group(Name="web", Protocol="HTTP", Port=8080, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
    return elb, arn


def test_a_target_becomes_healthy_and_drains(aws_cloud: Any, group: tuple[Any, str], clock: Any) -> None:
    elb, arn = group
    ready = False
    aws_cloud.set_ready(I, lambda: ready)
    found = ask(aws_cloud, KIND, GROUP)
    assert (found.status, found.reason) == (
        "waiting",
        "not registered with the load balancer (Auto Scaling registers it only after this wait)",
    )
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": I}])
    found = ask(aws_cloud, KIND, GROUP)
    assert (found.status, found.reason) == ("waiting", "port 8080 is initial (Elb.InitialHealthChecking); wants healthy")
    ready = True
    assert (ask(aws_cloud, KIND, GROUP).status, ask(aws_cloud, KIND, GROUP).reason) == ("passed", "healthy")

    found = ask(aws_cloud, KIND, {"target_group": arn}, "terminate")
    assert (found.status, found.reason) == ("waiting", "port 8080 is healthy; wants unused")
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": I}])
    found = ask(aws_cloud, KIND, {"target_group": arn}, "terminate")
    assert (found.status, found.reason) == ("waiting", "port 8080 is draining (Target.DeregistrationInProgress); wants unused")
    clock.run_until(clock.now() + 30)
    assert ask(aws_cloud, KIND, {"target_group": arn}, "terminate").status == "passed"


def test_a_name_is_looked_up_once_and_remembered(aws_cloud: Any, group: tuple[Any, str]) -> None:
    first = ask(aws_cloud, KIND, GROUP, "terminate")
    assert first.remember == {f"target health web {I}": group[1]}
    aws_cloud.fail_next("elasticloadbalancing:DescribeTargetGroups", "AccessDenied", 403)
    again = ask(aws_cloud, KIND, GROUP, "terminate", known=first.remember)
    assert (again.status, again.remember) == ("passed", {})


def test_a_group_that_was_replaced_is_looked_up_again(aws_cloud: Any, group: tuple[Any, str]) -> None:
    known = {f"target health web {I}": group[1].replace("web/", "web/0")}
    found = ask(aws_cloud, KIND, GROUP, "terminate", known=known)
    assert (found.status, found.remember) == ("passed", {f"target health web {I}": group[1]})
    group[0].delete_target_group(TargetGroupArn=group[1])
    found = ask(aws_cloud, KIND, GROUP, "terminate", known=known)
    assert found.status == "waiting"
    assert "TargetGroupNotFound" in found.reason


def test_only_the_port_that_is_asked_for_counts(aws_cloud: Any, group: tuple[Any, str]) -> None:
    elb, arn = group
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": I, "Port": 9000}])
    assert ask(aws_cloud, KIND, GROUP | {"port": 9000}, "terminate").status == "waiting"
    assert ask(aws_cloud, KIND, GROUP | {"port": 8080}, "terminate").status == "passed"


def test_an_unknown_target_group_is_waiting_also_for_terminate(aws_cloud: Any) -> None:
    found = ask(aws_cloud, KIND, GROUP, "terminate")
    assert found.status == "waiting"
    assert "TargetGroupNotFound" in found.reason


def test_an_instance_that_is_gone_is_gone_on_launch(aws_cloud: Any, group: tuple[Any, str]) -> None:
    aws_cloud.vanish(I)
    assert ask(aws_cloud, KIND, GROUP).status == "gone"
    aws_cloud.fail_next("ec2:DescribeInstanceStatus", "AccessDenied", 403)
    assert ask(aws_cloud, KIND, GROUP).status == "waiting"
    assert ask(aws_cloud, KIND, GROUP, "terminate").status == "passed"


@pytest.mark.parametrize(
    ("states", "transition", "status"),
    [
        (["healthy", "unhealthy"], "launch", "waiting"),
        (["unused"], "launch", "waiting"),
        (["unavailable"], "launch", "waiting"),
        (["healthy", "healthy"], "launch", "passed"),
        (["unused", "draining"], "terminate", "waiting"),
        (["unused", "unused"], "terminate", "passed"),
        (["healthy.draining"], "terminate", "waiting"),
    ],
)
def test_every_port_of_the_instance_counts(aws_cloud: Any, monkeypatch: Any, states: list[str], transition: Any, status: str) -> None:
    targets = [{"Target": {"Id": I, "Port": 80 + n}, "TargetHealth": {"State": state}} for n, state in enumerate(states)]
    other = {"Target": {"Id": "i-other", "Port": 80}, "TargetHealth": {"State": "initial"}}
    answer = {"TargetHealthDescriptions": [*targets, other]}
    monkeypatch.setattr("rearm.checks.aws.target_health.aws", lambda *_, **__: answer)
    assert ask(aws_cloud, KIND, {"target_group": "arn:aws:x:targetgroup/web/1"}, transition).status == status


def test_a_classic_load_balancer(aws_cloud: Any, clock: Any) -> None:
    instance(aws_cloud)
    ready = False
    aws_cloud.set_ready(I, lambda: ready)
    elb = aws_cloud.client("elb")
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
    elb.create_load_balancer(LoadBalancerName="old", Listeners=[listener], AvailabilityZones=["us-east-1a"])
    draining = {"ConnectionDraining": {"Enabled": True, "Timeout": 60}}
    elb.modify_load_balancer_attributes(LoadBalancerName="old", LoadBalancerAttributes=draining)
    assert ask(aws_cloud, KIND, CLASSIC).status == "waiting"
    elb.register_instances_with_load_balancer(LoadBalancerName="old", Instances=[{"InstanceId": I}])
    found = ask(aws_cloud, KIND, CLASSIC)
    assert (found.status, found.reason) == ("waiting", "OutOfService (Instance registration is still in progress.); wants healthy")
    ready = True
    assert ask(aws_cloud, KIND, CLASSIC).status == "passed"
    assert ask(aws_cloud, KIND, CLASSIC, "terminate").status == "waiting"
    elb.deregister_instances_from_load_balancer(LoadBalancerName="old", Instances=[{"InstanceId": I}])
    found = ask(aws_cloud, KIND, CLASSIC, "terminate")
    assert (found.status, found.reason) == ("waiting", "InService (Instance deregistration currently in progress.); wants unused")
    clock.run_until(clock.now() + 60)
    assert ask(aws_cloud, KIND, CLASSIC, "terminate").status == "passed"


def test_trouble_on_aws_is_waiting(aws_cloud: Any, group: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for transition in ("launch", "terminate"):
        assert_trouble_is_waiting(aws_cloud, HEALTH, KIND, GROUP, transition)
        assert_trouble_is_waiting(aws_cloud, "elasticloadbalancing:DescribeTargetGroups", KIND, GROUP, transition)
        assert_trouble_is_waiting(aws_cloud, CLASSIC_HEALTH, KIND, CLASSIC, transition)
        for settings in (GROUP, CLASSIC, {"target_group": group[1]}):
            assert_nonsense_is_waiting(monkeypatch, aws_cloud, "rearm.checks.aws.target_health.aws", KIND, settings, transition)
        monkeypatch.undo()


ALIBABA = [
    ({"load_balancer": "lb-1"}, "slb", "lb-1", "slb:DescribeHealthStatus"),
    ({"server_group": "sgp-1"}, "alb", "sgp-1", "alb:ListServerGroupServers"),
    ({"server_group": "sgp-1", "balancer": "nlb"}, "nlb", "sgp-1", "nlb:ListServerGroupServers"),
]


@pytest.mark.parametrize(("settings", "product", "place", "call"), ALIBABA)
def test_on_alibaba_cloud_an_instance_leaves(alibaba_cloud: Any, settings: dict[str, object], product: str, place: str, call: str) -> None:
    servers = alibaba_cloud.emulator.balancers.place(product, place)
    servers += [Server("i-other", 80), Server(I, 80, health="abnormal", status="Removing")]
    found = ask(alibaba_cloud, KIND, settings, "terminate")
    told = "abnormal" if product == "slb" else "Removing"
    assert (found.status, found.reason) == ("waiting", f"still behind the load balancer: port 80 is {told}")
    assert ask(alibaba_cloud, KIND, settings | {"port": 81}, "terminate").status == "passed"
    found = ask(alibaba_cloud, KIND, settings, "launch")
    assert found.status == "waiting"
    assert "only after this wait" in found.reason
    del servers[1]
    assert ask(alibaba_cloud, KIND, settings, "terminate").status == "passed"
    assert ask(alibaba_cloud, KIND, settings, "launch").status == "waiting"


@pytest.mark.parametrize(("settings", "product", "place", "call"), ALIBABA)
def test_trouble_on_alibaba_cloud_is_waiting(
    alibaba_cloud: Any, monkeypatch: pytest.MonkeyPatch, settings: dict[str, object], product: str, place: str, call: str
) -> None:
    found = ask(alibaba_cloud, KIND, settings, "terminate")
    assert found.status == "waiting"
    assert "NotFound" in found.reason
    alibaba_cloud.emulator.balancers.place(product, place)
    assert_trouble_is_waiting(alibaba_cloud, call, KIND, settings, "terminate")
    assert_nonsense_is_waiting(monkeypatch, alibaba_cloud, "rearm.checks.alibaba.target_health.alibaba", KIND, settings, "terminate")


@pytest.mark.parametrize(
    ("settings", "clouds", "keys"),
    [
        (GROUP, ("aws",), []),
        (GROUP, ("aws", "alibaba"), ["target_group"]),
        ({"server_group": "sgp-1", "balancer": "nlb"}, ("alibaba",), []),
        ({"server_group": "sgp-1"}, ("aws",), ["server_group"]),
        (GROUP | CLASSIC, ("aws",), ["load_balancer"]),
        (CLASSIC | {"balancer": "nlb"}, ("alibaba",), ["balancer"]),
        (CLASSIC | {"port": 80}, ("aws",), ["port"]),
        (CLASSIC | {"port": 80}, ("alibaba",), []),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], clouds: tuple[str, ...], keys: list[str]) -> None:
    assert [key for key, _ in target_health.problems(target_health.Settings(**settings), clouds)] == keys


@pytest.mark.parametrize(
    ("settings", "match", "wrong"),
    [
        (GROUP, {"cloud": "aws"}, 0),
        (CLASSIC, {"transition": "terminate"}, 0),
        (CLASSIC, {"cloud": "aws", "transition": "launch"}, 0),
        (CLASSIC, {"cloud": "alibaba", "transition": "launch"}, 1),
        (CLASSIC, {"cloud": "alibaba"}, 1),
        (CLASSIC, {"group": "web"}, 1),
        ({"server_group": "sgp-1"}, {"cloud": "alibaba", "transition": ["launch", "terminate"]}, 1),
    ],
)
def test_a_scale_out_of_alibaba_cloud_is_refused(settings: dict[str, Any], match: dict[str, Any], wrong: int) -> None:
    profile = {"name": "p", "match": match, "checks": [{KIND: settings}]}
    _, problems = config.judge({"version": 1, "profiles": [profile]})
    assert len(problems) == wrong
    assert all(problem.startswith("profiles[0].checks[0].target_health: on a scale-out of Alibaba Cloud") for problem in problems)


@pytest.mark.parametrize(
    ("settings", "cloud", "needed"),
    [
        (GROUP, "aws", [HEALTH, "elasticloadbalancing:DescribeTargetGroups"]),
        ({"target_group": "arn:aws:x:targetgroup/web/1"}, "aws", [HEALTH]),
        (CLASSIC, "aws", [CLASSIC_HEALTH]),
        *((settings, "alibaba", [call]) for settings, _, _, call in ALIBABA),
    ],
)
def test_the_permissions_that_these_settings_need(settings: dict[str, Any], cloud: str, needed: list[str]) -> None:
    found = target_health.calls(target_health.Settings(**settings), cloud)
    assert [call for call in found if call != "ec2:DescribeInstanceStatus"] == needed
    assert set(found) <= set(target_health.CALLS[cloud])
