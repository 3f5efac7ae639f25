"""What only reads is not kept, shifts nothing, and is not undone by a restart."""

import json
from pathlib import Path
from typing import Any

import pytest
from aliyunsdkcore.request import CommonRequest

from alibaba_world import DirectWorld
from aws_server_world import REGION, Served, served, session
from rearm_workbench.emulate.journal import Journal
from rearm_workbench.emulate.reads import read_of
from rearm_workbench.emulate.state_dir import StateDir
from rearm_workbench.emulators.aws.operations import SERVICES, modelled_operations
from rearm_workbench.emulators.aws.reads import READS

NEW = "2022-02-22"
ASKED = read_of(REGION)


class Asked:
    """A journal that notes what each request reads."""

    def __init__(self) -> None:
        self.reads: list[str | None] = []

    def record(self, *request: Any) -> None:
        self.reads.append(ASKED(*request))


CLIENTS = {"elasticloadbalancing": ("elb", "elbv2")}
"""Where boto3's name is not that of the permission."""


def read_everything(world: Served) -> int:
    """Every read of the list, as boto3 sends it; answers how many."""
    wants: dict[str, dict[str, Any]] = {
        "DescribeInstanceRefreshes": {"AutoScalingGroupName": "web"},
        "DescribeLifecycleHooks": {"AutoScalingGroupName": "web"},
        "DescribeWarmPool": {"AutoScalingGroupName": "web"},
        "DescribeRule": {"Name": "r"},
        "ListTargetsByRule": {"Rule": "r"},
        "GetSchedule": {"Name": "none", "GroupName": "rearm"},
        "GetScheduleGroup": {"Name": "default"},
        "GetSubscriptionAttributes": {"SubscriptionArn": f"arn:aws:sns:{REGION}:123456789012:t:1"},
        "GetTopicAttributes": {"TopicArn": f"arn:aws:sns:{REGION}:123456789012:t"},
        "ListSubscriptionsByTopic": {"TopicArn": f"arn:aws:sns:{REGION}:123456789012:t"},
        "GetQueueAttributes": {"QueueUrl": "http://q/1/q"},
        "GetQueueUrl": {"QueueName": "q"},
        "GetCommandInvocation": {"CommandId": "0" * 36, "InstanceId": "i-0"},
        "GetParameter": {"Name": "p"},
        "DescribeInstanceHealth": {"LoadBalancerName": "b"},
        "DescribeTargetHealth": {"TargetGroupArn": f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/g/0"},
        "DescribeContainerInstances": {"cluster": "c", "containerInstances": ["0"]},
        "GetMetricData": {"MetricDataQueries": [], "StartTime": 0, "EndTime": 60},
        "GetMetricStatistics": {"Namespace": "n", "MetricName": "m", "StartTime": 0, "EndTime": 60, "Period": 60, "Statistics": ["Sum"]},
        "HeadObject": {"Bucket": "example-bucket", "Key": "a/b c"},
        "DescribeCluster": {"name": "c"},
    }
    for service, names in READS.items():
        clients = [world.client(name) for name in CLIENTS.get(service, (service,))]
        for name in sorted(names):
            found = [(one, python) for one in clients for python, wire in one.meta.method_to_api_mapping.items() if wire == name]
            client, method = found[0]
            try:
                getattr(client, method)(**wants.get(name, {}))
            except client.exceptions.ClientError:
                continue  # it does not exist: asked for all the same
    return sum(map(len, READS.values()))


def test_each_read_of_aws_is_known_as_one_and_nothing_else_is() -> None:
    with served() as world:
        world.group(world.client("autoscaling"))
        world.aws._journal = asked = Asked()
        count = read_everything(world)
        names = {f"{service}:{name}" for service, listed in READS.items() for name in listed}
        assert (len(asked.reads), {one for one in asked.reads if one}) == (count, names)
        asked.reads.clear()
        sqs, ec2, scheduler = (world.client(name) for name in ("sqs", "ec2", "scheduler"))
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.receive_message(QueueUrl=url)
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
        scheduler.create_schedule_group(Name="mine")
        scheduler.delete_schedule_group(Name="mine")
        assert asked.reads == [None] * 5
    assert {name for name in names if name.partition(":")[0] in SERVICES} <= modelled_operations().keys()


def test_a_read_in_another_region_may_make_that_region() -> None:
    with served() as world:
        world.aws._journal = asked = Asked()
        key, secret = world.aws.credentials
        make: Any = session().client
        client = make(
            "ec2",
            endpoint_url=f"http://{world.aws.endpoint}",
            region_name="eu-central-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )
        client.describe_tags()
        assert asked.reads == [None]


def launch(world: Served, read: bool) -> Any:
    scaling = world.client("autoscaling")
    hook = {"LifecycleHookName": "up", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "HeartbeatTimeout": 60}
    if read:
        read_everything(world)
    world.group(scaling, LifecycleHookSpecificationList=[hook], DesiredCapacity=1)
    if read:
        read_everything(world)
    world.clock.run_until(world.clock.now() + 100)  # abandoned, and another is launched
    if read:
        read_everything(world)
    scaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    topic = world.client("sns").create_topic(Name="t")["TopicArn"]
    return world.state(), topic, [one["PrivateIpAddress"] for one in described(world)]


def described(world: Served) -> list[Any]:
    return [one for many in world.client("ec2").describe_instances()["Reservations"] for one in many["Instances"]]


def test_reads_shift_no_id_on_aws() -> None:
    """Or a journal without them would rebuild another account. The first request of all is a read here, which makes moto's backends."""
    with served() as quiet:
        plain = launch(quiet, read=False)
    with served() as curious:
        assert launch(curious, read=True) == plain
    assert len(plain[0][0]) == 4


def test_the_next_server_of_the_process_starts_like_the_first() -> None:
    def subnets() -> list[str]:
        with served() as world:
            world.group(world.client("autoscaling"))
            return sorted(one["SubnetId"] for one in world.client("ec2").describe_subnets()["Subnets"])

    assert subnets() == subnets() != []


def test_request_ids_of_reads_differ_among_themselves() -> None:
    with served() as world:
        answers = [world.client("sns").list_topics()["ResponseMetadata"] for _ in range(2)]
    ids = {answer["HTTPHeaders"].get("x-amzn-requestid", answer["RequestId"]) for answer in answers}
    assert len(ids) == 2


def test_reads_shift_no_id_on_alibaba_cloud() -> None:
    def asked(world: DirectWorld, action: str, **params: object) -> Any:
        request = CommonRequest(domain=world.emulator.endpoint, version=NEW, action_name=action)
        request.set_method("POST")
        for name, value in {"RegionId": "cn-hangzhou", **params}.items():
            request.add_query_param(name, str(value))
        return json.loads(world.client.do_action_with_exception(request))

    def grown(read: bool) -> Any:
        world = DirectWorld(seed=7)
        with world.emulator:
            first = asked(world, "CreateScalingGroup", MinSize=0, MaxSize=5)
            reads = [asked(world, "DescribeScalingGroups")["RequestId"] for _ in range(3)] if read else []
            other = asked(world, "CreateScalingGroup", MinSize=0, MaxSize=5)
            assert len({*reads, other["RequestId"]}) == len(reads) + 1
            return first, other

    assert grown(read=True) == grown(read=False)


# what the journal makes of it

TAGS = ("alibaba", "POST", "/", {"x-acs-action": "ListTagResources"}, b"")
GROW = ("alibaba", "POST", "/", {"x-acs-action": "ScaleWithAdjustment"}, b"")


class Kept:
    """A journal in a directory; `ran` timers have run."""

    def __init__(self, path: Path) -> None:
        self.state, self.ran = StateDir(path), 0
        self.journal = self.again()
        self.journal.start({"seed": 0, "heartbeat_adds": False})

    def again(self) -> Journal:
        return Journal(self.state, lambda: 5.0, lambda: self.ran, ASKED)

    @property
    def kinds(self) -> list[str]:
        return [record["what"] for record in self.state.records()][1:]


@pytest.fixture
def kept(tmp_path: Path):
    made = Kept(tmp_path)
    yield made
    made.state.close()


def test_reads_are_not_kept(kept: Kept) -> None:
    for request in (TAGS, GROW, TAGS, TAGS):
        kept.journal.record(*request)
    assert kept.kinds == ["request"]


def test_what_timers_did_and_somebody_read_is_kept_by_the_time(kept: Kept) -> None:
    """A default result has fallen, say: after a restart it must not come again that it has not."""
    kept.ran = 3
    for request in (TAGS, TAGS, GROW):
        kept.journal.record(*request)
    kept.ran = 4
    kept.journal.record(*GROW)
    kept.journal.record(*TAGS)
    assert kept.kinds == ["time", "request", "request"]


@pytest.mark.parametrize("name", ["ecs:ListTagResources", "ListTagResources"])
def test_a_read_that_is_made_to_fail_uses_the_failure_up_and_is_kept(kept: Kept, name: str) -> None:
    kept.journal.record("alibaba", "POST", "/_faults", {}, json.dumps({"name": name, "code": "Throttling"}).encode())
    kept.journal.record(*TAGS)
    later = kept.again()
    later.seen(kept.state.records())
    later.record(*TAGS)
    kept.again().record("alibaba", "POST", "/_faults", {}, b"nonsense")
    assert kept.kinds == ["request"] * 4
