"""Configurations, replayed, and the permissions that their calls needed: what `rearm config permissions` is held against.

A new check or step needs a line in `CASES` for each of its clouds, and for each way in which its settings change what it calls.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rearm import config as configs
from rearm.checks.asking.call import aws
from rearm.checks.question import Question
from rearm.core.model import CheckResult, CloudName, StepResult
from rearm.core.profile import Config
from rearm_workbench.replay import _world_class, events_dir, prepare
from rearm_workbench.world_file import judge

ACCOUNT = "123456789012"
EVENTS = {
    "aws launch": "aws/eventbridge-launch.json",
    "aws terminate": "aws/eventbridge-terminate.json",
    "alibaba launch": "alibaba/eventbridge-scale-out.json",
    "alibaba terminate": "alibaba/eventbridge-scale-in.json",
}
READY: dict[str, object] = {"ready_after": "4m", "hook": {"heartbeat_timeout": "10m"}}
GONE: dict[str, object] = {"ready_after": "never", "gone_after": "2m", "hook": {"heartbeat_timeout": "5m"}}
LONG: dict[str, object] = {"ready_after": "25m", "hook": {"heartbeat_timeout": "10m"}, "duplicates": 3}
"""With heartbeats, and with a copy of the notification that finds its timer's name taken."""
LATE: dict[str, object] = {"ready_after": "40m", "hook": {"heartbeat_timeout": "20m"}, "duplicates": 6}
"""With late copies, which set timers that know of no steps: in a profile that looks every 80 s."""

BEHIND: dict[str, tuple[str, ...]] = {
    "s3:HeadObject": ("s3:GetObject", "s3:ListBucket"),
    "oss:HeadObject": ("oss:GetObject",),
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "scheduler:CreateSchedule": ("scheduler:CreateSchedule", "iam:PassRole"),
    "scheduler:UpdateSchedule": ("scheduler:UpdateSchedule", "iam:PassRole"),
    "cms:DescribeMetricLast": ("cms:QueryMetricLast",),
}
"""The permissions behind an operation that is called otherwise, or needs several: the clouds' pages, see facts_aws and facts_alibaba."""


class Case(NamedTuple):
    """A profile that uses one check or step. `where`: cloud and transition. `every`: how often it looks."""

    where: str
    what: str
    kind: str
    settings: dict[str, Any]
    worlds: Sequence[dict[str, object]] = (READY, GONE)
    every: str = "60s"
    also: Sequence[Any] = ("instance_status",)
    """Checks beside a step: without any, the wait would be over at once."""
    before: Callable[[Any], None] = lambda _: None
    """Changes the emulated cloud before the first notification."""

    @property
    def cloud(self) -> CloudName:
        return "aws" if self.where.startswith("aws") else "alibaba"

    def __str__(self) -> str:
        return f"{self.where} {self.what} {self.kind} {' '.join(f'{key}={value}' for key, value in self.settings.items())}".strip()


def check(where: str, kind: str, **settings: Any) -> Case:
    return Case(where, "checks", kind, settings)


def step(where: str, kind: str, **settings: Any) -> Case:
    return Case(where, "steps", kind, settings)


def both(kind: str, **settings: Any) -> list[Case]:
    return [check(where, kind, **settings) for where in ("aws launch", "alibaba launch")]


def unregistered(world: Any) -> None:
    """Whatever a replay has registered with load balancers is not."""
    from moto.elb.models import elb_backends
    from moto.elbv2.models import elbv2_backends

    for group in elbv2_backends[ACCOUNT][world.instances.region].target_groups.values():
        group.targets.clear()
    classic = elb_backends[ACCOUNT][world.instances.region]
    for name, balancer in classic.load_balancers.items():
        balancer.attributes["connection_draining"] = {"enabled": False}
        classic.deregister_instances(name, list(balancer.instance_ids))


def with_bucket(world: Any) -> None:
    """The bucket is there, and holds another object."""
    world.instances.put_object("ready-flags", "another")


def asked(question: Question) -> CheckResult:
    """A check of the operator's own."""
    answer = aws("ec2", "DescribeTags", Filters=[{"Name": "resource-id", "Values": [question.instance]}])
    return CheckResult("waiting", f"{len(answer['Tags'])} tags")


def done(question: Question) -> StepResult:
    """A step of the operator's own."""
    return StepResult("done", question.instance)


CPU = {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "{instance}"}, "below": 90}
CONNECTIONS = {"namespace": "acs_ecs_dashboard", "name": "concurrentConnections", "dimensions": {"instanceId": "{instance}"}, "below": 1}
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0a1b2c3d4e5f6a7b"
CASES: list[Case] = [
    *both("http", port=8080, path="/healthz", after="3m"),
    *both("http", port=8080, host="10.1.2.3"),
    *both("tcp", port=5432),
    *both("tcp", port=5432, host="10.1.2.3"),
    *both("tls", port=8443, server_name="shop.example"),
    *both("tls", port=8443, host="10.1.2.3"),
    *both("instance_status"),
    check("aws launch", "instance_status", ssm=True),
    check("alibaba launch", "instance_status", cloud_assistant=True),
    *both("tag", key="ready"),
    *both("command", run="/opt/ready.sh"),
    *both("parameter", name="/web/{instance}/ready"),
    check("alibaba launch", "parameter", name="ready", store="kms"),
    *(case._replace(before=with_bucket) for case in both("object", bucket="ready-flags", key="web/{instance}")),
    *both("function", function="is-ready"),
    *both("kubernetes_node", cluster="web"),
    check("aws launch", "target_health", target_group="web")._replace(before=unregistered),
    check("aws launch", "target_health", target_group=ARN)._replace(before=unregistered),
    check("aws launch", "target_health", load_balancer="old")._replace(before=unregistered),
    check("alibaba terminate", "target_health", load_balancer="lb-1"),
    check("alibaba terminate", "target_health", server_group="sgp-1"),
    check("alibaba terminate", "target_health", server_group="sgp-1", balancer="nlb"),
    check("aws launch", "metric", **CPU),
    check("alibaba launch", "metric", **CONNECTIONS),
    check("aws launch", "ecs_tasks", cluster="shop"),
    check("aws terminate", "queue_empty", queue="jobs-{instance}"),
    check("aws terminate", "queue_empty", queue="https://sqs.us-east-1.amazonaws.com/123456789012/jobs"),
    check("alibaba terminate", "queue_empty", queue="jobs"),
    check("aws launch", "python", function="permissions_world:asked", permissions=["ec2:DescribeTags"]),
    check("alibaba launch", "python", function="permissions_world:nowhere"),
    step("aws terminate", "tag", key="draining")._replace(worlds=(READY, GONE, LATE), every="80s"),
    step("alibaba terminate", "tag", key="draining"),
    step("aws terminate", "suspend_processes", processes=["HealthCheck"]),
    step("alibaba terminate", "suspend_processes", processes=["HealthCheck"]),
    step("aws terminate", "deregister_targets", target_group="web"),
    step("aws terminate", "deregister_targets", target_group=ARN),
    step("aws terminate", "deregister_targets", load_balancer="old"),
    step("alibaba terminate", "deregister_targets", load_balancer="lb-1"),
    step("alibaba terminate", "deregister_targets", vserver_group="rsp-1"),
    step("alibaba terminate", "deregister_targets", server_group="sgp-1"),
    step("alibaba terminate", "deregister_targets", server_group="sgp-1", balancer="nlb"),
    step("aws terminate", "ecs_drain", cluster="shop"),
    step("aws terminate", "command", run="/opt/drain.sh"),
    step("alibaba terminate", "command", run="/opt/drain.sh"),
    step("aws terminate", "notify", topic="arn:aws:sns:us-east-1:123456789012:alarms"),
    step("aws terminate", "notify", bus="ops"),
    step("alibaba terminate", "notify", smq_topic="alarms"),
    step("aws terminate", "kubernetes_cordon", cluster="web"),
    step("alibaba terminate", "kubernetes_cordon", cluster="web"),
    step("aws terminate", "kubernetes_drain", cluster="web"),
    step("alibaba terminate", "kubernetes_drain", cluster="web"),
    step("aws terminate", "python", function="permissions_world:done"),
    step("alibaba terminate", "python", function="permissions_world:done"),
]


def configuration(case: Case, scratch: Path) -> tuple[Config, Path]:
    """The case's profile as a file."""
    cloud, transition = case.where.split()
    path = scratch / f"{case.kind}-{len(list(scratch.iterdir()))}.json"
    profile = {"name": "p", "match": {"cloud": cloud, "transition": transition}, "every": case.every, "budget": "50m"}
    profile["checks"] = list(case.also) if case.what == "steps" else []
    profile[case.what] = [{case.kind: case.settings}]
    path.write_text(json.dumps({"version": 1, "profiles": [profile]}))
    return configs.load(str(path)), path


def called(event: str, config: Config, path: Path | None, worlds: Iterable[dict[str, object]], before: Any = lambda _: None) -> set[str]:
    """The permissions that were needed, over all worlds."""
    seen: set[str] = set()
    for world in worlds:
        replay = prepare(events_dir() / event, None)
        running = _world_class(replay.kind)(replay.event, replay.kind, replay.actions, judge(world), config, path)
        seen |= behind(name for wait in running.run(before=before) for name in wait.api_calls)
    return seen


def behind(operations: Iterable[str]) -> set[str]:
    """The permissions that these operations need. What is asked of a cluster's own API server, its own rules allow."""
    clouds = [name for name in operations if not name.startswith("kubernetes:")]
    return {permission for name in clouds for permission in BEHIND.get(name, (name,))}
