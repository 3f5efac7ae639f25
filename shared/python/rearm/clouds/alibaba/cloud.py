"""Alibaba Cloud: ESS lifecycle hooks and Function Compute's delayed invocation, behind the port in `rearm.clouds`."""

import hashlib
import json
import logging
import math
import os
from typing import Any

from rearm import clock
from rearm.clouds.alibaba import rpc
from rearm.clouds.alibaba.answers import entries, field
from rearm.clouds.alibaba.calls import CallFailed, forget_kept, persist
from rearm.clouds.alibaba.exchange import forget_connections
from rearm.clouds.alibaba.hook import hook_of
from rearm.clouds.alibaba.settings import FC2, read_settings
from rearm.core.limits import ALIBABA
from rearm.core.model import Action, CloudName, Held, Hook, Result
from rearm.errors import ActionGone, LimitSpent

DEFAULT_TIMEOUT_S = 60.0
MAX_DELAY_S = 3600
"""`x-fc-async-delay`: 0-3600 s (Function Compute 2.0, user guide, asynchronous invocation)."""

_GONE = frozenset({"LifecycleHookIdAndLifecycleActionToken.Invalid", "InvalidLifecycleHookId.NotExist"})
_SPENT = frozenset({"LifecycleAction.RecordTimesExceeded", "LifecycleAction.TimeExceeded"})


class Alibaba:
    """The cloud of one invocation. `context` is the FC context, of Python 3.10 or 3.12.

    Connections are made at first use and kept for the next invocation. The first call refuses wrong surroundings:
    `ConfigError` with every problem at once.
    """

    name: CloudName = "alibaba"
    limits = ALIBABA

    def __init__(self, context: Any) -> None:
        self._began_at = clock.now()
        self._timeout_s = _seconds(getattr(getattr(context, "function", None), "timeout", None))
        self._settings = read_settings(context, os.environ)
        self._checked = False

    def remaining_s(self) -> float:
        """Seconds that this invocation may still run: the function's timeout less what has passed since it began."""
        return max(0.0, self._timeout_s - (clock.now() - self._began_at))

    def call(self, product: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """A repeatable call (a describe) to `ess`, `ecs` and so on; RegionId is added. Returns the answer; raises `TryAgain`."""
        return self._call(product, action, params, may_repeat=True)

    def has_object(self, bucket: str, key: str, limit_s: float) -> bool:
        """Whether OSS has that object, in the function's region. Raises `TryAgain`."""
        self._check()
        from rearm.clouds.alibaba import oss

        return oss.is_there(self._settings, bucket, key, limit_s)

    def run_function(self, name: str, payload: bytes, limit_s: float) -> tuple[bytes, str]:
        """Invoke a function (FC 2.0: `service/function`) once and wait: its answer, and its error's type or "". Raises `TryAgain`."""
        self._check()
        service, _, function = name.rpartition("/")
        if service or self._settings.fc_api == FC2:
            from rearm.clouds.alibaba import invoke_fc2

            return invoke_fc2.run(self._settings, service or self._settings.fc_service, function, payload, limit_s)
        from rearm.clouds.alibaba import invoke_fc3

        return invoke_fc3.run(self._settings, function, payload, limit_s)

    def publish(self, topic: str, text: str, limit_s: float) -> None:
        """Publish a message to a topic of SMQ, in the function's region: one attempt. Raises `TryAgain`."""
        self._check()
        from rearm.clouds.alibaba import smq

        smq.publish(self._settings, topic, text, limit_s)

    def describe_hook(self, action: Action) -> Hook:
        """DescribeLifecycleHooks by id. No such hook: `ActionGone` (deleting a hook ends its wait states)."""
        answer = self._ess(action, "DescribeLifecycleHooks", {"LifecycleHookIds.1": action.hook})
        for hook in entries(answer, "LifecycleHooks", "LifecycleHook"):
            if field(hook, "LifecycleHookId") == action.hook:
                return hook_of(hook)
        raise ActionGone(f"ess:DescribeLifecycleHooks: no hook {action.hook}")

    def heartbeat(self, action: Action, seconds: int) -> None:
        """RecordLifecycleActionHeartbeat, whose own parameters are lowerCamel. `LimitSpent` after 20 heartbeats or 6 hours.

        Each heartbeat may count to the 20, so none is repeated that may have been done.
        """
        params = {"lifecycleHookId": action.hook, "lifecycleActionToken": action.token, "heartbeatTimeout": seconds}
        self._ess(action, "RecordLifecycleActionHeartbeat", params, may_repeat=False)

    def complete(self, action: Action, result: Result) -> None:
        """CompleteLifecycleAction. The client token makes a repetition the same request."""
        params = {
            "LifecycleHookId": action.hook,
            "LifecycleActionToken": action.token,
            "LifecycleActionResult": result,
            "ClientToken": hashlib.sha256(f"{action.token}\0{result}".encode(errors="replace")).hexdigest(),
        }
        self._ess(action, "CompleteLifecycleAction", params)

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        """Delayed asynchronous invocation of the recheck function; `name` is the task id. False if that id was used before.

        A task id in use is HTTP 409 (Function Compute 2.0, "Task deduplication"), in older pages 400.
        """
        self._check()
        settings = self._settings
        delay_s = min(max(math.ceil(at - now), 0), MAX_DELAY_S)
        if settings.fc_api == FC2:
            from rearm.clouds.alibaba.invoke_fc2 import invoke
        else:
            from rearm.clouds.alibaba.invoke_fc3 import invoke
        try:
            persist(lambda: invoke(settings, name, delay_s, payload), may_repeat=True, remaining_s=self.remaining_s)
        except CallFailed as failed:
            conflict = failed.status == 409 and failed.code != "ConcurrentUpdateError"
            if conflict or (failed.status == 400 and "AlreadyExists" in failed.code):
                return False
            raise
        return True

    def held_waits(self, groups: tuple[str, ...]) -> list[Held]:
        """Every pending action of the activities in progress, with its token."""
        from rearm.clouds.alibaba.waiting import Waiting

        waiting = Waiting(lambda operation, params: self.call("ess", operation, params), self._settings.region, self.remaining_s)
        found = waiting.held(groups)
        if waiting.missing:
            self.say({"cloud": self.name, "verdict": "not listed", "reason": "; ".join(waiting.missing)})
        return found

    def timers_due(self) -> frozenset[str] | None:
        """Waits whose next look is an asynchronous task that waits or runs. None if Function Compute refuses to list tasks."""
        self._check()
        from rearm.clouds.alibaba.tasks import tasks_due

        try:
            return tasks_due(self._settings, self.remaining_s)
        except CallFailed as failed:
            if failed.may_pass:
                raise
            self.say({"cloud": self.name, "verdict": "not listed", "reason": str(failed)})
            return None

    def say(self, line: dict[str, object]) -> None:
        """One line of JSON to the root logger, which Function Compute prefixes with the time and the request id."""
        logging.getLogger().info(json.dumps(line, ensure_ascii=False, default=str))

    def _check(self) -> None:
        if not self._checked:
            self._settings.check()
            self._checked = True

    def _ess(self, action: Action, operation: str, params: dict[str, Any], *, may_repeat: bool = True) -> dict[str, Any]:
        """A call about an action. Errors are told apart by code, never by text; any other stays what it is: `TryAgain`."""
        region = {"RegionId": action.region} if action.region else {}
        try:
            return self._call("ess", operation, {**region, **params}, may_repeat=may_repeat)
        except CallFailed as failed:
            if failed.code in _GONE:
                raise ActionGone(str(failed)) from None
            if failed.code in _SPENT:
                raise LimitSpent(str(failed), failed.code) from None
            raise

    def _call(self, product: str, action: str, params: dict[str, Any], *, may_repeat: bool) -> dict[str, Any]:
        self._check()
        params = {"RegionId": self._settings.region, **params}

        def attempt() -> dict[str, Any]:
            return rpc.call(self._settings, product, action, params, fresh=not may_repeat)

        return persist(attempt, may_repeat=may_repeat, remaining_s=self.remaining_s)


def forget_clients() -> None:
    """Make every connection anew at its next use, and read again what is kept."""
    forget_kept()
    forget_connections()


def _seconds(timeout: object) -> float:
    """The function's timeout: a number, or text (FC passes it on unconverted)."""
    try:
        return float(str(timeout))
    except ValueError:
        return DEFAULT_TIMEOUT_S
