"""Creates or updates a stack of Resource Orchestration Service: what neither Serverless Devs nor Funcraft makes (roles, queues, the topic).

alibabacloud.com/help/en/ros/developer-reference: api-ros-2019-09-10-{createstack,updatestack,getstack}. An update that changes nothing is
refused with NotSupported, "Update the completely same stack is not supported" (as ros-cdk handles it).
"""

import uuid
from collections.abc import Mapping
from typing import Any

from rearm import clock
from rearm.clouds.alibaba import rpc
from rearm.clouds.alibaba.calls import CallFailed, persist
from rearm.clouds.alibaba.settings import Credentials, Settings

ENDPOINT = "https://ros.aliyuncs.com"
PATIENCE_S = 60.0
"""A call that fails in passing is tried again for so long."""
LASTS_MAX_S = 1800
"""Roles, queues and a topic take a minute or two."""
LOOK_EVERY_S = 5
SAME = "completely same stack"


class StackFailed(Exception):
    """The stack is not as it should be; one line."""


class Ros:
    """One region's stacks, with one set of credentials. `endpoint` is for an emulator."""

    def __init__(self, credentials: Credentials, region: str, endpoint: str = "") -> None:
        endpoints = {"ros": endpoint or ENDPOINT}
        self._region = region
        self._settings = Settings(credentials, region, account="", fc_api="", fc_service="", recheck_function="", endpoints=endpoints)

    def make(self, name: str, template: str, parameters: Mapping[str, str]) -> str:
        """Create the stack, or bring it to the template, and wait for that. Returns what was done, in a word. Raises `StackFailed`."""
        stack = self._stack(name)
        body: dict[str, Any] = {"TemplateBody": template}
        for number, (key, value) in enumerate(parameters.items(), start=1):
            body |= {f"Parameters.{number}.ParameterKey": key, f"Parameters.{number}.ParameterValue": value}
        # One for this run: an answer that was lost can be asked for again, and nothing is made twice.
        token = uuid.uuid4().hex
        if not stack:
            answer = self._call("CreateStack", {"StackName": name, "ClientToken": token, **body})
            return self._finished(str(answer.get("StackId", "")), name, "created")
        try:
            self._call("UpdateStack", {"StackId": stack["StackId"], "ClientToken": token, **body})
        except StackFailed as failed:
            if SAME in str(failed):
                return "unchanged"
            raise
        return self._finished(str(stack["StackId"]), name, "updated")

    def _stack(self, name: str) -> dict[str, Any]:
        """The stack of that name; empty if there is none."""
        answer = self._call("ListStacks", {"StackName.1": name, "PageSize": 50})
        found = answer.get("Stacks")
        stacks = [one for one in found if isinstance(one, dict) and one.get("StackName") == name] if isinstance(found, list) else []
        return next((one for one in stacks if one.get("Status") != "DELETE_COMPLETE"), {})

    def _finished(self, stack_id: str, name: str, done: str) -> str:
        """Waits until the stack is no longer in progress."""
        for _ in range(LASTS_MAX_S // LOOK_EVERY_S):
            stack = self._call("GetStack", {"StackId": stack_id})
            status = str(stack.get("Status", ""))
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return done
            if not status.endswith("_IN_PROGRESS") or "ROLLBACK" in status:
                raise StackFailed(f"stack {name}: {status or 'no status'}: {str(stack.get('StatusReason', ''))[:300]}")
            clock.sleep(LOOK_EVERY_S)
        raise StackFailed(f"stack {name} is still in progress after {LASTS_MAX_S // 60} minutes: look at it in the ROS console")

    def _call(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return persist(
                lambda: rpc.call(self._settings, "ros", action, {"RegionId": self._region, **params}),
                may_repeat=True,
                remaining_s=lambda: PATIENCE_S,
            )
        except CallFailed as failed:
            raise StackFailed(str(failed).replace("the function's role allow", "the identity that runs this command have")) from None
