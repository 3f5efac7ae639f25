"""`ecs_tasks`: the instance as a container instance of Amazon ECS."""

import json
from typing import Any

import pytest

from check_clouds import I, ask, assert_nonsense_is_waiting, assert_trouble_is_waiting, instance
from rearm import config

KIND = "ecs_tasks"
SHOP = {"cluster": "shop"}
OTHER = "i-00000000000000001"


@pytest.fixture
def ecs(aws_cloud: Any) -> Any:
    """A client; a cluster with a container instance on another EC2 instance."""
    for one in (I, OTHER):
        instance(aws_cloud, one)
    client = aws_cloud.client("ecs")
    client.create_cluster(clusterName="shop")
    join(client, OTHER)
    return client


def join(ecs: Any, instance_id: str = I) -> str:
    """Register as the agent does; the container instance's ARN."""
    document = json.dumps({"instanceId": instance_id})
    told = ecs.register_container_instance(cluster="shop", instanceIdentityDocument=document)
    return str(told["containerInstance"]["containerInstanceArn"])


def kept(aws_cloud: Any) -> Any:
    """moto's own object of the instance, to be changed by hand as no API can."""
    from moto.ecs.models import ecs_backends

    backend = ecs_backends["123456789012"][aws_cloud.emulator.region]
    return next(one for one in backend.container_instances["shop"].values() if one.ec2_instance_id == I)


def test_a_launched_instance_joins_and_its_agent_connects(aws_cloud: Any, ecs: Any) -> None:
    found = ask(aws_cloud, KIND, SHOP)
    assert (found.status, found.reason) == ("waiting", "the cluster does not know the instance yet")
    join(ecs)
    joined = kept(aws_cloud)
    joined.status, joined.agent_connected = "REGISTERING", False
    assert ask(aws_cloud, KIND, SHOP).reason == "the container instance is REGISTERING, wants ACTIVE"
    joined.status = "ACTIVE"
    found = ask(aws_cloud, KIND, SHOP)
    assert (found.status, found.reason) == ("waiting", "the agent is not connected")
    joined.agent_connected = True
    found = ask(aws_cloud, KIND, SHOP)
    assert (found.status, found.reason) == ("passed", "ACTIVE, the agent is connected")


def test_a_terminating_instance_runs_its_tasks_to_the_end(aws_cloud: Any, ecs: Any) -> None:
    arn = join(ecs)
    container = {"name": "web", "image": "web", "memory": 10, "cpu": 10}
    ecs.register_task_definition(family="web", containerDefinitions=[container])
    task = ecs.start_task(cluster="shop", taskDefinition="web", containerInstances=[arn])["tasks"][0]["taskArn"]
    found = ask(aws_cloud, KIND, SHOP, "terminate")
    assert (found.status, found.reason) == ("waiting", "1 tasks run, 0 are pending; the container instance is ACTIVE")
    ecs.update_container_instances_state(cluster="shop", containerInstances=[arn], status="DRAINING")
    assert ask(aws_cloud, KIND, SHOP, "terminate").reason.endswith("is DRAINING")
    assert ask(aws_cloud, KIND, SHOP, "launch").status == "waiting"
    ecs.stop_task(cluster="shop", task=task)
    found = ask(aws_cloud, KIND, SHOP, "terminate")
    assert (found.status, found.reason) == ("passed", "no tasks")
    kept(aws_cloud).pending_tasks_count = 1
    assert ask(aws_cloud, KIND, SHOP, "terminate").status == "waiting"
    kept(aws_cloud).pending_tasks_count = 0
    ecs.deregister_container_instance(cluster="shop", containerInstance=arn)
    assert ask(aws_cloud, KIND, SHOP, "terminate").reason == "the cluster does not know the instance (any more)"


def test_an_instance_that_is_gone(aws_cloud: Any, ecs: Any) -> None:
    aws_cloud.vanish(I)
    assert ask(aws_cloud, KIND, SHOP).status == "gone"
    assert ask(aws_cloud, KIND, SHOP, "terminate").status == "passed"


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_a_cluster_that_is_not_there_is_waiting(aws_cloud: Any, transition: Any) -> None:
    found = ask(aws_cloud, KIND, SHOP, transition)
    assert found.status == "waiting"
    assert "ClusterNotFoundException" in found.reason


@pytest.mark.parametrize("transition", ["launch", "terminate"])
def test_trouble_is_waiting(aws_cloud: Any, ecs: Any, monkeypatch: pytest.MonkeyPatch, transition: Any) -> None:
    join(ecs)
    assert ask(aws_cloud, KIND, SHOP, transition).status == "passed"
    for call in ("ecs:ListContainerInstances", "ecs:DescribeContainerInstances"):
        assert_trouble_is_waiting(aws_cloud, call, KIND, SHOP, transition)
    assert_nonsense_is_waiting(monkeypatch, aws_cloud, "rearm.checks.ecs_tasks.aws", KIND, SHOP, transition)


ME = {"ec2InstanceId": I, "status": "ACTIVE", "agentConnected": True, "runningTasksCount": 0, "pendingTasksCount": 0}


@pytest.mark.parametrize(
    ("told", "launch", "terminate"),
    [
        ([ME], "passed", "passed"),
        ([ME | {"ec2InstanceId": OTHER}], "waiting", "waiting"),
        ([], "waiting", "waiting"),
        ([ME | {"runningTasksCount": None}], "passed", "waiting"),
        ([ME | {"pendingTasksCount": "?"}], "passed", "waiting"),
        ([ME | {"agentConnected": "yes"}], "waiting", "passed"),
        ([ME | {"agentConnected": False, "status": "REGISTRATION_FAILED"}, ME], "passed", "passed"),
        ([ME | {"status": "INACTIVE"}], "waiting", "passed"),
        ([ME | {"status": "INACTIVE", "runningTasksCount": 1}], "waiting", "waiting"),
    ],
)
def test_what_the_cluster_tells(aws_cloud: Any, monkeypatch: pytest.MonkeyPatch, told: list[Any], launch: str, terminate: str) -> None:
    instance(aws_cloud)
    monkeypatch.setattr("rearm.checks.ecs_tasks.aws", lambda *_, **__: {"containerInstanceArns": ["a"], "containerInstances": told})
    assert ask(aws_cloud, KIND, SHOP).status == launch
    assert ask(aws_cloud, KIND, SHOP, "terminate").status == terminate


@pytest.mark.parametrize(("match", "right"), [({"cloud": "aws"}, True), ({}, False), ({"cloud": "alibaba"}, False)])
def test_a_profile_for_alibaba_cloud_is_refused(match: dict[str, str], right: bool) -> None:
    profile = {"name": "p", "checks": [{KIND: SHOP}]} | ({"match": match} if match else {})
    _, problems = config.judge({"version": 1, "profiles": [profile]})
    assert [problem for problem in problems if "is for AWS only" in problem] == ([] if right else problems[:1])
    assert bool(problems) is not right


@pytest.mark.parametrize("wanted", ["attribute:zone == a", "runningTasksCount == 0"])
def test_the_emulator_refuses_other_filters(ecs: Any, wanted: str) -> None:
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="only filter"):
        ecs.list_container_instances(cluster="shop", filter=wanted)
