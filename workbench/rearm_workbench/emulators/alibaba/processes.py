"""Processes of a scaling group, suspended and resumed: remembered and told, and not obeyed by what the emulator does by itself.

alibabacloud.com/help/en/auto-scaling/developer-reference/api-ess-2022-02-22-suspendprocesses; the 2014 version names them `Process.N`.
"""

from collections.abc import Callable
from typing import Any

from rearm_workbench.emulators.alibaba.groups import Groups
from rearm_workbench.emulators.alibaba.wire import RpcCall, bad_parameter

PROCESSES = ("ScaleIn", "ScaleOut", "HealthCheck", "AlarmNotification", "ScheduledAction")


class Processes:
    """The two operations."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups
        self.operations: dict[str, Callable[[RpcCall], dict[str, Any]]] = {"SuspendProcesses": self.suspend, "ResumeProcesses": self.resume}

    def suspend(self, call: RpcCall) -> dict[str, Any]:
        group = self.groups.get(call.need("ScalingGroupId"))
        group.suspended = list(dict.fromkeys([*group.suspended, *_named(call)]))
        return {}

    def resume(self, call: RpcCall) -> dict[str, Any]:
        group, named = self.groups.get(call.need("ScalingGroupId")), _named(call)
        group.suspended = [process for process in group.suspended if process not in named]
        return {}


def _named(call: RpcCall) -> list[str]:
    named = call.numbered("Processes", "Process")
    if not named or any(process not in PROCESSES for process in named):
        raise bad_parameter("Processes")
    return named
