"""RAM on Function Compute 2.0 (funcraft/ros.yml): each call of a replay is allowed on its resource, and what nobody needs is not."""

from pathlib import Path
from typing import Any

import pytest
import ram_world
from ram_world import HERE, ROOT, Call, dev

from rearm_workbench.deploy import funcraft
from rearm_workbench.descriptions.ram import verdict
from rearm_workbench.replay import events_dir, prepare
from rearm_workbench.world_file import judge

SERVICE = f"acs:fc:{HERE}:services/rearm-dev"
QUEUES = f"acs:mns:{HERE}:/queues"


def roles() -> dict[str, list[dict[str, Any]]]:
    return ram_world.roles(funcraft.template(dev(), ROOT), **funcraft.parameters(dev()))


class OnFc2(ram_world.Recorded):
    """A replay under the names of funcraft/template.yml."""

    def config_environment(self) -> dict[str, str]:
        return super().config_environment() | {"REARM_FC_SERVICE": "rearm-dev", "REARM_RECHECK_FUNCTION": "recheck"}

    def _fire(self, function: str, payload: bytes, _task_id: str | None) -> None:
        assert function == "rearm-dev/recheck"
        self._invoke("recheck", payload)


def replayed(event: str, scratch: Path) -> list[Call]:
    path = scratch / "rearm.json"
    path.write_bytes(dev().compiled())
    replay = prepare(events_dir() / event, None)
    world = judge({"hook": {"heartbeat_timeout": "10m"}, "fc": "2.0", "ready_after": "25m"})
    running = OnFc2(replay.event, replay.kind, replay.actions, world, dev().config, path)
    assert all(wait.api_calls for wait in running.run())
    return [
        (action, resource.replace(f":{HERE}:functions/", f":{HERE}:services/rearm-dev/functions/")) for action, resource in running.calls
    ]


@pytest.mark.parametrize("event", ["alibaba/mns-topic-stream.txt", "alibaba/eventbridge-scale-in.json", "alibaba/oos.json"])
def test_what_a_wait_calls_is_allowed(event: str, tmp_path: Path) -> None:
    calls = replayed(event, tmp_path)
    look = roles()["look"]
    assert {verdict(look, *call) for call in calls} == {"allowed"}
    assert ("fc:InvokeFunction", f"{SERVICE}/functions/recheck") in calls
    assert verdict(look, "mns:SendMessage", f"{QUEUES}/rearm-dev-dead-letters/messages") == "allowed"


FORBIDDEN = {
    "look": [
        ("fc:InvokeFunction", f"{SERVICE}/functions/oos"),
        ("fc:InvokeFunction", f"acs:fc:{HERE}:services/other/functions/recheck"),
        ("fc:InvokeFunction", f"acs:fc:{HERE}:functions/rearm-dev-recheck"),
        ("fc:UpdateFunction", f"{SERVICE}/functions/recheck"),
        ("mns:SendMessage", f"{QUEUES}/rearm-dev-hooks/messages"),
        ("log:PostLogStoreLogs", f"acs:log:{HERE}:project/other/logstore/rearm"),
        ("ess:DeleteScalingGroup", f"acs:ess:{HERE}:scalinggroup/asg-1"),
        ("ecs:DeleteInstance", f"acs:ecs:{HERE}:instance/i-1"),
    ],
    "sweep": [
        ("ess:CompleteLifecycleAction", f"acs:ess:{HERE}:scalinggroup/asg-1"),
        ("ecs:DescribeInstanceStatus", f"acs:ecs:{HERE}:instance/i-1"),
        ("fc:InvokeFunction", f"{SERVICE}/functions/mns-topic"),
    ],
    "topic": [
        ("fc:InvokeFunction", f"{SERVICE}/functions/recheck"),
        ("mns:SendMessage", f"{QUEUES}/rearm-dev-dead-letters/messages"),
    ],
}


@pytest.mark.parametrize(("role", "call"), [(role, call) for role, calls in FORBIDDEN.items() for call in calls])
def test_what_nobody_needs_is_not(role: str, call: Call) -> None:
    assert verdict(roles()[role], *call) == "not allowed"


def test_no_action_is_a_pattern_and_every_open_resource_says_why() -> None:
    lines = (ROOT / funcraft.ROS).read_text().splitlines()
    for number, line in enumerate(lines):
        if "Action: [" in line:
            assert "*" not in line
        if 'Fn::Sub": "acs:' in line and line.rstrip().endswith('*"}'):
            assert lines[number - 1].strip().startswith("#"), line
