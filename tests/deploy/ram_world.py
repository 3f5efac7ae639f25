"""The RAM policies of the ROS template, worked out, and the calls of replays as actions on resources: what test_ram.py holds together."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from rearm_workbench.deploy import environment, serverless_devs
from rearm_workbench.deploy.model import Environment
from rearm_workbench.descriptions.intrinsics import Template
from rearm_workbench.emulators.alibaba.account import ACCOUNT, REGION
from rearm_workbench.replay import events_dir, prepare
from rearm_workbench.world_alibaba import ReplayedOnAlibaba
from rearm_workbench.world_file import judge

ROOT = Path(__file__).resolve().parents[2]
HERE = f"{REGION}:{ACCOUNT}"
RECHECK = "rearm-dev-recheck"
GROUP = "asg-bp1fxuqyi98w0aib1web"
Call = tuple[str, str]
"""An action, and a resource."""
BEHIND = {"cms:DescribeMetricLast": "cms:QueryMetricLast"}


def dev() -> Environment:
    return environment.load("dev", ROOT / "environments")


def roles(document: dict[str, Any], **parameters: str) -> dict[str, list[dict[str, Any]]]:
    """The statements of each role, by the last word of its name."""
    template = Template(document, {"ALIYUN::Region": REGION, "ALIYUN::TenantId": ACCOUNT, **parameters})
    return {
        resource["Properties"]["RoleName"].rpartition("-")[2]: [
            statement for policy in resource["Properties"]["Policies"] for statement in policy["PolicyDocument"]["Statement"]
        ]
        for resource in template.resources().values()
        if resource["Type"] == "ALIYUN::RAM::Role"
    }


def rendered(env: Environment) -> dict[str, list[dict[str, Any]]]:
    return roles(serverless_devs.template(env, ROOT), **serverless_devs.parameters(env))


class Recorded(ReplayedOnAlibaba):
    """A replay under the names of the environment dev. `calls` are those that the cloud received."""

    calls: list[Call]

    def config_environment(self) -> dict[str, str]:
        return super().config_environment() | {"REARM_RECHECK_FUNCTION": RECHECK}

    @contextmanager
    def cloud(self) -> Iterator[Any]:
        with super().cloud():
            self.calls = recording(self.emulator, {action.hook: action.group for action in self.actions})
            yield

    def _fire(self, function: str, payload: bytes, _task_id: str | None) -> None:
        self._invoke(function.removeprefix("rearm-dev-"), payload)


def recording(emulator: Any, groups: dict[str, str]) -> list[Call]:
    """The list that grows with each call that the emulator receives. `groups` by hook."""
    calls: list[Call] = []
    tell = emulator._tell

    def told(name: str, incoming: Any) -> None:
        calls.extend((BEHIND.get(name, name), resource) for resource in resources(name, incoming, groups))
        tell(name, incoming)

    emulator._tell = told
    return calls


def resources(name: str, incoming: Any, groups: dict[str, str]) -> list[str]:
    """What a request is about, as RAM names it. Raises KeyError for a call that is not known here."""
    text = unquote(f"{incoming.query}&{incoming.body.decode('utf-8', 'replace')}")
    told = {key.lower(): values[0] for key, values in parse_qs(text).items()}
    product = name.partition(":")[0]
    if product == "ess":
        hook = told.get("lifecyclehookid", told.get("lifecyclehookids.1", ""))
        return [f"acs:ess:{HERE}:scalinggroup/{told.get('scalinggroupid') or groups.get(hook) or 'asg-any'}"]
    if product == "ecs":
        return [f"acs:ecs:{HERE}:instance/{one}" for one in sorted(set(re.findall(r"\bi-[0-9a-z]+", text)))]
    if product == "fc":
        return [f"acs:fc:{HERE}:functions/{incoming.path.split('/functions/')[1].split('/')[0]}"]
    known = {
        "slb": lambda: f"acs:slb:{HERE}:loadbalancer/{told['loadbalancerid']}",
        "oos": lambda: f"acs:oos:{HERE}:parameter/{told['name']}",
        "mns": lambda: f"acs:mns:{HERE}:{incoming.path}",
        "cms": lambda: "*",
    }
    return [known[product]()]


def replayed(event: str, env: Environment, scratch: Path, **world: object) -> list[Call]:
    """Every call of a replay of a sample event, with the environment's configuration as it is deployed."""
    path = scratch / "rearm.json"
    path.write_bytes(env.compiled())
    replay = prepare(events_dir() / event, None)
    running = Recorded(replay.event, replay.kind, replay.actions, judge({"hook": {"heartbeat_timeout": "10m"}, **world}), env.config, path)
    waits = running.run()
    assert all(wait.api_calls for wait in waits)
    return running.calls
