"""Cloud Assistant, a part of ECS 2014-05-26: RunCommand, its results, and its agents.

API pages RunCommand, DescribeInvocationResults, DescribeCloudAssistantStatus, "How to ensure idempotence". Scripts are not run: `scripts`
says how they end.
"""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

from rearm_workbench.emulators.alibaba.ecs import Ecs
from rearm_workbench.emulators.alibaba.ids import Ids
from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall, bad_parameter
from rearm_workbench.emulators.lifecycle import Clock
from rearm_workbench.emulators.scripts import Run, Scripts

TYPES = ("RunShellScript", "RunPowerShellScript", "RunBatScript")
PICKED_UP_AFTER_S = 1.0
CONTENT_MAX = 24_576
INSTANCES_MAX = 100
UNSIGNED = frozenset({"clienttoken", "signature", "signaturenonce", "timestamp", "securitytoken"})
"""Parameters that may differ in a repetition with the same client token."""


class CloudAssistant:
    """Invocations of one account. An instance's agent is online when it runs and `scripts` does not say otherwise."""

    def __init__(self, ecs: Ecs, clock: Clock, ids: Ids) -> None:
        self._ecs, self._clock, self._ids = ecs, clock, ids
        self.scripts = Scripts()
        self._runs: dict[str, dict[str, Run]] = {}
        self._tokens: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {
            "RunCommand": self.run,
            "DescribeInvocationResults": self.results,
            "DescribeCloudAssistantStatus": self.status,
        }

    def run(self, call: RpcCall) -> dict[str, Any]:
        """The same client token and parameters: the first call's answer."""
        call.need("RegionId")
        token = call.get("ClientToken")
        if len(token) > 64 or not token.isascii():
            raise bad_parameter("ClientToken")
        same = {name.lower(): value for name, value in call.pairs if name.lower() not in UNSIGNED}
        if token in self._tokens:
            asked, answer = self._tokens[token]
            if asked != same:
                message = "The specified parameters do not match those of the first request with this ClientToken."
                raise ApiError("IdempotentParameterMismatch", message)
            return answer
        answer = self._run(call)
        if token:
            self._tokens[token] = (same, answer)
        return answer

    def _run(self, call: RpcCall) -> dict[str, Any]:
        if call.need("Type") not in TYPES:
            raise ApiError("InvalidCmdType.NotFound", "The specified command type does not exist.")
        script = _script(call)
        ids = call.numbered("InstanceId")
        if not ids or len(ids) > INSTANCES_MAX:
            raise ApiError("MissingParam.InstanceId", "The parameter instanceId is missing or has too many values.")
        if not all(one in self._ecs.instances and not self._ecs.is_gone(one) for one in ids):
            raise ApiError("InvalidInstance.NotFound", "The specified instances do not exist.", 404)
        timeout_s = call.number("Timeout", 60, 10, 86_400, bad_parameter("Timeout"))
        invoke_id, now = self._ids.named("t"), self._clock.now()
        self._runs[invoke_id] = {one: Run(one, script, now, timeout_s) for one in ids}
        self._clock.call_at(now + PICKED_UP_AFTER_S, partial(self._pick_up, invoke_id))
        return {"CommandId": self._ids.named("c"), "InvokeId": invoke_id}

    def _pick_up(self, invoke_id: str) -> None:
        for run in self._runs[invoke_id].values():
            if self._is_online(run.instance_id):
                run.pick_up(self.scripts, self._clock.now())

    def results(self, call: RpcCall) -> dict[str, Any]:
        """By invocation, and by instance if one is given."""
        call.need("RegionId")
        runs = self._runs.get(call.need("InvokeId"), {})
        plain = call.choice("ContentEncoding", ("PlainText", "Base64"), bad_parameter("ContentEncoding")) == "PlainText"
        found = [run for run in runs.values() if call.get("InstanceId") in ("", run.instance_id)]
        for run in found:
            run.advance(self.scripts, self._clock.now())
        told = [self._result(call.get("InvokeId"), run, plain) for run in found]
        return {"Invocation": {"InvocationResults": {"InvocationResult": told}, "PageNumber": 1, "PageSize": 10, "TotalCount": len(told)}}

    def _result(self, invoke_id: str, run: Run, plain: bool) -> dict[str, Any]:
        status, record, code = _state(run, self._clock.now())
        output = run.end.output if run.end else ""
        return {
            "InvokeId": invoke_id,
            "InstanceId": run.instance_id,
            "InvocationStatus": status,
            "InvokeRecordStatus": record,
            "ErrorCode": code,
            "ErrorInfo": "",
            **({"ExitCode": run.end.exit_code} if run.end else {}),
            "Output": output if plain else base64.b64encode(output.encode()).decode(),
            "Dropped": 0,
            "Repeats": 1 if run.end else 0,
        }

    def status(self, call: RpcCall) -> dict[str, Any]:
        call.need("RegionId")
        ids = call.numbered("InstanceId")
        found = [one for one in self._ecs.instances.values() if not one.gone and (not ids or one.instance_id in ids)]
        told = [{"InstanceId": one.instance_id, "CloudAssistantStatus": str(self._is_online(one.instance_id)).lower()} for one in found]
        return {
            "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": told},
            "PageNumber": 1,
            "PageSize": 10,
            "TotalCount": len(told),
        }

    def _is_online(self, instance_id: str) -> bool:
        return instance_id in self._ecs.instances and not self._ecs.is_gone(instance_id) and self.scripts.is_online(instance_id)


def _script(call: RpcCall) -> str:
    content, encoding = call.need("CommandContent"), call.get("ContentEncoding") or "PlainText"
    try:
        script = base64.b64decode(content, validate=True).decode() if encoding.lower() == "base64" else content
    except ValueError:
        raise ApiError("InvalidParameter.CommandContent", "The specified CommandContent is not Base64 of UTF-8 text.") from None
    if len(base64.b64encode(script.encode())) > CONTENT_MAX:
        raise ApiError("CmdContent.ExceedLimit", "The length of the command content exceeds the maximum length.")
    return script


def _state(run: Run, now: float) -> tuple[str, str, str]:
    """InvocationStatus, InvokeRecordStatus, ErrorCode."""
    if run.late:
        return "Timeout", "Failed", ""
    if run.end is not None:
        return ("Success", "Finished", "") if run.end.exit_code == 0 else ("Failed", "Failed", "ExitCodeNonzero")
    if run.picked_up:
        return "Running", "Running", ""
    # A command that reaches no agent within a minute is given up.
    return ("Pending", "Running", "") if now < run.sent_at + 60 else ("Aborted", "Failed", "ClientNotOnline")
