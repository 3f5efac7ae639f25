"""What the campaign does to the clouds, over HTTP and with the official clients, in steps that can be done twice.

A step whose answer did not come may have been done or not: it is done again. So each is absolute (a size, not a change), or has a client
token, or takes "it is there already" for an answer.
"""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.request import CommonRequest
from botocore.exceptions import ClientError
from mns.mns_exception import MNSServerException
from mns.queue import QueueMeta
from mns.topic import TopicMeta

from campaigns.kill_scenarios import Planned
from emulate_world import Alibaba, Emulate

ACCOUNT = "123456789012"
LAMBDA = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rearm-"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/hook"
TOPIC, QUEUE = f"arn:aws:sns:us-east-1:{ACCOUNT}:hooks", f"arn:aws:sqs:us-east-1:{ACCOUNT}:rearm"
TARGETS = {"topic": TOPIC, "queue": QUEUE, "direct": LAMBDA + "direct", "rule": ""}
ALIBABA = "cn-hangzhou:1234567890123456:"
ALIBABA_TARGETS = {
    "topic": f"acs:mns:{ALIBABA}topic/rearm",
    "queue": f"acs:mns:{ALIBABA}queue/rearm",
    "fc2": f"acs:mns:{ALIBABA}topic/fc2",
    "bus": f"acs:eventbridge:{ALIBABA}eventbus/default",
    "oos": f"acs:oos:{ALIBABA}template/rearm",
}
TRANSITIONS = {"launch": "LAUNCHING", "terminate": "TERMINATING"}
VISIBLE_AGAIN_S = "90"
THERE = ("AlreadyExists", "InvalidLifecycleHookName.Duplicate", "IncorrectScalingGroupStatus", "IncorrectCapacity.NoChange")
GONE = ("InvalidLifecycleHookId.NotExist",)

Step = Callable[[], object]


def settled(step: Step, *codes: str) -> Any:
    """Do it, and take an error of these codes for an answer."""
    try:
        return step()
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise
    except ServerException as error:
        if error.get_error_code() not in codes:
            raise
    except MNSServerException as error:
        if error.type not in codes:
            raise
    return None


class Clouds:
    """The clients of one life of the process. `groups` outlives it: the ids of the groups on Alibaba Cloud, by their names."""

    def __init__(self, emulated: Emulate, groups: dict[str, str]) -> None:
        self.emulated, self._groups = emulated, groups
        self.alibaba = Alibaba(emulated)
        self._clients: dict[str, Any] = {}

    def aws(self, service: str) -> Any:
        """A boto3 client, made when it is needed: a life may be short."""
        if service not in self._clients:
            self._clients[service] = self.emulated.client(service)
        return self._clients[service]

    # once

    def prepare(self) -> list[Step]:
        """Topics, queues, rules and triggers."""
        kinds = ("mns_topic", "fc2", "rearm/mns_topic"), ("eventbridge", "default", "rearm-eventbridge")
        return [
            lambda: self.aws("sns").create_topic(Name="hooks"),
            lambda: self.aws("sns").subscribe(TopicArn=TOPIC, Protocol="lambda", Endpoint=LAMBDA + "sns"),
            lambda: self.aws("sqs").create_queue(QueueName="rearm", Attributes={"VisibilityTimeout": VISIBLE_AGAIN_S}),
            *(lambda name=name: self.alibaba.mns.get_topic(name).create(TopicMeta()) for name in ("rearm", "fc2")),
            lambda: self.alibaba.mns.get_queue("rearm").create(QueueMeta()),
            *(lambda kind=kind: self.trigger(*kind) for kind in kinds),
        ]

    def trigger(self, kind: str, source: str, function: str) -> None:
        """Done twice it invokes twice: a duplicate delivery, which rearm has to bear."""
        self.post("/_triggers", {"kind": kind, "source": source, "function": function})

    # a wait

    def begin(self, wait: Planned) -> list[Step]:
        """Its group and hook are made, and its action begins with the last step."""
        return self._begin_on_aws(wait) if wait.scenario.cloud == "aws" else self._begin_on_alibaba(wait)

    def end(self, wait: Planned) -> list[Step]:
        """What ends it from outside: the instances say that they are drained, or one vanishes, or the hook is deleted."""
        asked = wait.scenario
        if asked.end == "gone":
            return [lambda: self.aws("ec2").terminate_instances(InstanceIds=[one["InstanceId"] for one in self.on_aws(wait.name)])]
        if asked.end == "hook deleted":
            return [lambda: settled(lambda: self.ess("DeleteLifecycleHook", LifecycleHookId=self.hook(wait)), *GONE)]
        if (asked.cloud, asked.transition) == ("aws", "terminate"):
            drained = [{"Key": "drained", "Value": "yes"}]
            return [lambda: self.aws("ec2").create_tags(Resources=[one["InstanceId"] for one in self.on_aws(wait.name)], Tags=drained)]
        return []

    def _rule(self, name: str) -> list[Step]:
        pattern = json.dumps({"source": ["aws.autoscaling"], "detail": {"AutoScalingGroupName": [name]}})
        return [
            lambda: self.aws("events").put_rule(Name=name, EventPattern=pattern),
            lambda: self.aws("events").put_targets(Rule=name, Targets=[{"Id": "1", "Arn": LAMBDA + "eventbridge"}]),
        ]

    def _begin_on_aws(self, wait: Planned) -> list[Step]:
        name, asked = wait.name, wait.scenario
        launch = {"LaunchConfigurationName": name, "ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
        group = {"LaunchConfigurationName": name, "MinSize": 0, "MaxSize": 3, "AvailabilityZones": ["us-east-1a"]}
        target = TARGETS[asked.way]
        hook = {
            "LifecycleHookName": "hook",
            "LifecycleTransition": f"autoscaling:EC2_INSTANCE_{TRANSITIONS[asked.transition]}",
            "HeartbeatTimeout": asked.hook_s,
            "DefaultResult": asked.default,
            **({"NotificationTargetARN": target} if target else {}),
            **({"RoleARN": ROLE} if target and asked.way != "direct" else {}),
        }

        def size(count: int) -> Step:
            return lambda: self.aws("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=count)

        leaving = asked.transition == "terminate"
        return [
            lambda: settled(lambda: self.aws("autoscaling").create_launch_configuration(**launch), *THERE),
            lambda: settled(lambda: self.aws("autoscaling").create_auto_scaling_group(AutoScalingGroupName=name, **group), *THERE),
            *(self._rule(name) if asked.way == "rule" else []),
            *([size(asked.instances)] if leaving else []),
            lambda: self.aws("autoscaling").put_lifecycle_hook(AutoScalingGroupName=name, **hook),
            # What is abandoned is not to be replaced: each group has one wait.
            size(0) if leaving else size(asked.instances),
            lambda: self.aws("autoscaling").suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"]),
        ]

    def _begin_on_alibaba(self, wait: Planned) -> list[Step]:
        name, asked = wait.name, wait.scenario
        leaving = asked.transition == "terminate"
        hook: dict[str, object] = {
            "LifecycleHookName": name,
            "LifecycleTransition": "SCALE_IN" if leaving else "SCALE_OUT",
            "HeartbeatTimeout": asked.hook_s,
            "DefaultResult": asked.default,
            "NotificationArn": ALIBABA_TARGETS[asked.way],
        }
        if asked.way == "oos":
            told = {"scalingGroupName": name, "lifecycleTransition": hook["LifecycleTransition"]}
            hook["NotificationMetadata"] = json.dumps(told)

        def size(count: int) -> Step:
            change = {"AdjustmentType": "TotalCapacity", "AdjustmentValue": count, "ClientToken": f"{name}-{count}"}
            return lambda: settled(lambda: self.ess("ScaleWithAdjustment", ScalingGroupId=self.group(wait), **change), *THERE)

        return [
            lambda: self.group(wait),
            lambda: settled(lambda: self.ess("EnableScalingGroup", ScalingGroupId=self.group(wait)), *THERE),
            *([size(asked.instances)] if leaving else []),
            lambda: settled(lambda: self.ess("CreateLifecycleHook", ScalingGroupId=self.group(wait), **hook), *THERE),
            size(0) if leaving else size(asked.instances),
        ]

    # asking

    def group(self, wait: Planned) -> str:
        """The id of its group on Alibaba Cloud, which is made if it is not there: the client token makes that the same request."""
        if wait.name not in self._groups:
            made = self.ess("CreateScalingGroup", ScalingGroupName=wait.name, MinSize=0, MaxSize=5, ClientToken=wait.name)
            self._groups[wait.name] = str(made["ScalingGroupId"])
        return self._groups[wait.name]

    def hook(self, wait: Planned) -> str:
        """The id of its hook; one that does not exist, if it was deleted already."""
        found = self.ess("DescribeLifecycleHooks", ScalingGroupId=self.group(wait))["LifecycleHooks"]
        return str(found[0]["LifecycleHookId"]) if found else "ash-none"

    def on_aws(self, name: str) -> list[Any]:
        found = self.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return [instance for group in found for instance in group["Instances"]]

    def state(self, wait: Planned) -> tuple[tuple[str, str], ...]:
        """The instances of its group and their lifecycle states, as anybody can read them."""
        if wait.scenario.cloud == "aws":
            return tuple(sorted((one["InstanceId"], one["LifecycleState"]) for one in self.on_aws(wait.name)))
        found = self.ess("DescribeScalingInstances", ScalingGroupId=self.group(wait))["ScalingInstances"]
        return tuple(sorted((one["InstanceId"], one["LifecycleState"]) for one in found))

    def schedules(self) -> list[str]:
        return [one["Name"] for one in self.aws("scheduler").list_schedules(GroupName="rearm")["Schedules"]]

    def ess(self, action: str, **params: object) -> Any:
        request = CommonRequest(domain=self.alibaba.endpoint.removeprefix("http://"), version="2022-02-22", action_name=action)
        request.set_method("POST")
        for name, value in {"RegionId": self.alibaba.region, **params}.items():
            request.add_query_param(name, str(value))
        return json.loads(self.alibaba.acs.do_action_with_exception(request))

    def post(self, path: str, body: object, cloud: str = "alibaba") -> Any:
        """The emulator's own: without a signature."""
        endpoint = self.emulated.told[cloud]["endpoint"]
        asked = urllib.request.Request(endpoint + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)
