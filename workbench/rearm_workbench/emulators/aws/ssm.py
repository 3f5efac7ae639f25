"""Systems Manager by subclass: Run Command through its states, and agents that come online. Parameters are moto's.

docs.aws.amazon.com/systems-manager/latest/APIReference/ API_SendCommand, API_ListCommands, API_GetCommandInvocation and
API_DescribeInstanceInformation. Two documents are modelled; their scripts are not run: `set_script` says how they end.
"""

from functools import partial
from typing import Any, ClassVar

from moto.core.responses import ActionResult
from moto.ec2 import ec2_backends
from moto.ssm import models, responses, urls
from moto.ssm.exceptions import SSMException, ValidationException

from rearm_workbench.emulators.aws.running import running
from rearm_workbench.emulators.scripts import Run

DOCUMENTS = ("AWS-RunShellScript", "AWS-RunPowerShellScript")
PICKED_UP_AFTER_S = 1.0
COMMENT_MAX = 100
PAGE = 50
ENDED = ("Success", "Failed", "TimedOut")


class Command(models.Command):
    """moto's command, whose invocations go through their states on the virtual clock."""

    def __init__(self, **asked: Any) -> None:
        super().__init__(**asked)
        now = running().clock.now()
        self.requested_date_time = running().moment().replace(tzinfo=None)
        given: dict[str, list[str]] = asked["parameters"]
        script, timeout_s = "\n".join(given.get("commands", [])), float(given.get("executionTimeout", ["3600"])[0])
        self.runs = {one: Run(one, script, now, timeout_s) for one in self.instance_ids}
        for run in self.runs.values():
            running().clock.call_at(now + PICKED_UP_AFTER_S, partial(self._pick_up, run))

    def _pick_up(self, run: Run) -> None:
        run.pick_up(running().scripts, running().clock.now())

    def get_invocation(self, instance_id: str, plugin_name: str | None = None) -> dict[str, Any]:
        """Of the only plugin that these documents have."""
        if instance_id not in self.runs:
            raise SSMException("InvocationDoesNotExist", "")
        run = self.runs[instance_id]
        run.advance(running().scripts, running().clock.now())
        status, details = _state(run)
        return {
            **super().get_invocation(instance_id, plugin_name),
            "Status": status,
            "StatusDetails": details,
            "ResponseCode": run.end.exit_code if run.end else -1,
            "StandardOutputContent": run.end.output[:24_000] if run.end else "",
        }

    def response_object(self) -> dict[str, Any]:
        states = [self.get_invocation(one)["Status"] for one in self.runs]
        self.status = self.status_details = next((one for one in states if one not in ENDED), states[0])
        told: dict[str, Any] = super().response_object()
        return told


def _state(run: Run) -> tuple[str, str]:
    if run.late:
        return "TimedOut", "ExecutionTimedOut"
    if run.end is not None:
        word = "Success" if run.end.exit_code == 0 else "Failed"
        return word, word
    return ("InProgress", "InProgress") if run.picked_up else ("Pending", "Pending")


class Backend(models.SimpleSystemManagerBackend):
    """moto's backend, with agents."""

    _url_module: ClassVar[Any] = urls

    def send_command(self, **asked: Any) -> Command:
        """Raises SSM's errors for an instance without an agent, and for what is not modelled."""
        if asked["document_name"] not in DOCUMENTS or asked["targets"]:
            raise SSMException("InvalidDocument", f"the emulator models {' and '.join(DOCUMENTS)}, with InstanceIds")
        if len(asked["comment"]) > COMMENT_MAX or not 30 <= (asked["timeout_seconds"] or 3600) <= 2_592_000:
            raise ValidationException("Comment must have at most 100 characters, TimeoutSeconds be from 30 to 2592000")
        if not asked["instance_ids"] or not all(self.is_online(one) for one in asked["instance_ids"]):
            raise SSMException("InvalidInstanceId", "Instances not in a valid state for account")
        command = Command(account_id=self.account_id, backend_region=self.region_name, **asked)
        self._commands.append(command)
        return command

    def is_online(self, instance_id: str) -> bool:
        """Whether the agent of a running instance answers."""
        return self._is_running(instance_id) and running().scripts.is_online(instance_id)

    def _is_running(self, instance_id: str) -> bool:
        ec2 = ec2_backends[self.account_id][self.region_name]
        return any(one.id == instance_id and one.state == "running" for one in ec2.all_instances())


class Response(responses.SimpleSystemManagerResponse):
    """moto's answers, and those it lacks."""

    @property
    def _ours(self) -> Backend:
        backend: Backend = self.ssm_backend
        return backend

    def list_commands(self) -> ActionResult:
        """Newest first."""
        wanted = self._filter("Filters", "key", "DocumentName")
        found = self._ours.list_commands(self._get_param("CommandId"), self._get_param("InstanceId"))[::-1]
        shown, more = self._page([one for one in found if wanted in (None, one.document_name)])
        return ActionResult({"Commands": [one.response_object() for one in shown], **more})

    def describe_instance_information(self) -> ActionResult:
        """Agents that are online: one that never was is not told of."""
        wanted = self._filter("Filters", "Key", "InstanceIds")
        if wanted is None:
            raise SSMException("InvalidFilterKey", "the emulator models Filters with the key InstanceIds")
        told = {"PingStatus": "Online", "AgentVersion": "3.3.0.0", "IsLatestVersion": True, "PlatformType": "Linux"}
        found = [{"InstanceId": one, "ResourceType": "EC2Instance", **told} for one in [wanted] if self._ours.is_online(one)]
        return ActionResult({"InstanceInformationList": found})

    def _filter(self, name: str, key: str, modelled: str) -> str | None:
        """The one value of the one filter that is modelled; None without a filter."""
        given = self._get_param(name, [])
        if not given:
            return None
        values = given[0].get("Values", [given[0].get("value")])
        if len(given) != 1 or given[0].get(key) != modelled or len(values) != 1:
            raise SSMException("InvalidFilterKey", f"the emulator models one filter: {modelled}, with one value")
        return str(values[0])

    def _page(self, found: list[Any]) -> tuple[list[Any], dict[str, str]]:
        size, begin = self._get_int_param("MaxResults", PAGE), int(self._get_param("NextToken", "0"))
        end = begin + size
        return found[begin:end], ({"NextToken": str(end)} if end < len(found) else {})
