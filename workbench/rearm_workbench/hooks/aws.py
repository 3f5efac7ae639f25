"""Lifecycle hooks on AWS: Auto Scaling through boto3, and what `verify` reads of targets and roles.

PutLifecycleHook keeps what is not named (autoscaling/APIReference/API_PutLifecycleHook); it sends a test message to a target that it is
given, and a role that was just made may not be known yet: "Unable to publish test message" is tried again for a while.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from rearm import clock
from rearm.clouds.aws.faults import DENIED, is_not_found, is_throttled, mask, parts
from rearm.core.model import Transition
from rearm_workbench.hooks import aws_target
from rearm_workbench.hooks.model import Found, Group, NoGroup, Settings, Target, Trouble, Wanted

T = TypeVar("T")

WIRE: dict[str, str] = {"launch": "autoscaling:EC2_INSTANCE_LAUNCHING", "terminate": "autoscaling:EC2_INSTANCE_TERMINATING"}
TRANSITIONS: dict[str, Transition] = {"autoscaling:EC2_INSTANCE_LAUNCHING": "launch", "autoscaling:EC2_INSTANCE_TERMINATING": "terminate"}
NAMES = {
    "transition": "LifecycleTransition",
    "heartbeat_timeout": "HeartbeatTimeout",
    "default_result": "DefaultResult",
    "target": "NotificationTargetARN",
    "role": "RoleARN",
    "metadata": "NotificationMetadata",
}
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, ATTEMPTS = 5, 20, 5
ROLE_PAUSES_S = (2, 3, 5, 5, 5, 5, 5)
"""A new role is known everywhere within some seconds: half a minute is enough, and a wrong one is told soon."""
THROTTLED_PAUSES_S = (1, 2, 4, 8)
NO_TEST_MESSAGE = "Unable to publish test message"


class Aws:
    """One region with one set of credentials: `credentials` is a profile of the AWS configuration, or the usual environment if empty."""

    def __init__(self, region: str, credentials: str, endpoint: str) -> None:
        self._region, self._credentials, self._endpoint = region, credentials, endpoint
        self._clients: dict[str, Any] = {}

    def account(self) -> str:
        try:
            return str(self.call("sts", "GetCallerIdentity")["Account"])
        except Trouble:
            return ""

    def hooks(self, group: str) -> list[Found]:
        answer = self.call("autoscaling", "DescribeLifecycleHooks", AutoScalingGroupName=group)
        return [_found(one) for one in answer["LifecycleHooks"]]

    def about(self, group: str) -> Group:
        answer = self.call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[group])
        return Group(name=group, instances=sum(len(one["Instances"]) for one in answer["AutoScalingGroups"]))

    def create(self, wanted: Wanted) -> str:
        self._put(wanted.place.group, wanted.hook, wanted.settings)
        return ""

    def update(self, group: str, found: Found, settings: Settings) -> None:
        # The test message is sent with the role that comes with the target.
        role = found.settings["role"] if settings.get("target") and "role" not in settings else ""
        self._put(group, found.hook, dict(settings) | ({"role": role} if role else {}))

    def delete(self, group: str, found: Found) -> None:
        self.call("autoscaling", "DeleteLifecycleHook", AutoScalingGroupName=group, LifecycleHookName=found.hook)

    def target(self, group: str, settings: Settings) -> Target:
        return aws_target.read(self.call, group, str(settings["target"]), str(settings["role"]))

    def call(self, service: str, operation: str, **params: Any) -> Any:
        """One call; throttling is waited out. Raises `Trouble` in one line; its cause is botocore's error."""
        from botocore import xform_name

        def run() -> Any:
            return getattr(self._client(service), xform_name(operation))(**params)

        return _persist(run, f"{service}:{operation}", self._region)

    def _put(self, group: str, hook: str, settings: Settings) -> None:
        params = {NAMES[name]: WIRE[str(value)] if name == "transition" else value for name, value in settings.items()}
        for pause_s in (*ROLE_PAUSES_S, None):
            try:
                self.call("autoscaling", "PutLifecycleHook", AutoScalingGroupName=group, LifecycleHookName=hook, **params)
                return
            except Trouble as trouble:
                if NO_TEST_MESSAGE not in str(trouble):
                    raise
                if pause_s is None:
                    raise Trouble(
                        f"the test message could not be published to {settings.get('target')} with role {settings.get('role') or 'none'}, "
                        f"tried for {sum(ROLE_PAUSES_S)} s: look whether both exist and the role trusts autoscaling.amazonaws.com"
                    ) from trouble.__cause__
            clock.sleep(pause_s)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            from botocore.config import Config

            config = Config(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            )
            make: Any = _session(self._credentials, os.environ.get("AWS_ACCESS_KEY_ID", "")).client
            self._clients[service] = make(service, region_name=self._region, endpoint_url=self._endpoint or None, config=config)
        return self._clients[service]


@cache
def _session(profile: str, _key: str) -> Any:
    """Kept for one access key: a session reads the API models from its disk once, and the credentials too."""
    import boto3.session

    return boto3.session.Session(profile_name=profile or None)


def _persist(run: Callable[[], T], what: str, region: str) -> T:
    from botocore.exceptions import BotoCoreError, ClientError

    for pause_s in (*THROTTLED_PAUSES_S, None):
        try:
            return run()
        except (BotoCoreError, ClientError) as error:
            if pause_s is None or not is_throttled(error):
                sure = isinstance(error, ClientError) and parts(error).status < 500
                kind = NoGroup if _is_no_group(error) else Trouble
                raise kind(_said(error, what, region), sure=sure) from error
            clock.sleep(pause_s)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _said(error: Exception, what: str, region: str) -> str:
    told = parts(error)
    if told.code in DENIED:
        return f"{what} is denied ({told.code}): allow it to the identity that runs this command"
    if told.code in ("NoCredentialsError", "PartialCredentialsError"):
        return f"{what}: no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY"
    if told.code == "ProfileNotFound":
        return f"{what}: {told.message}: `credentials` names a profile of the AWS configuration"
    if told.code in ("EndpointConnectionError", "ConnectTimeoutError"):
        return f"{what}: no connection to {region}: is the region's name right? ({mask(told.message)})"
    if is_throttled(error):
        return f"{what} is throttled ({told.code}) and stayed so: run this again later"
    if _is_no_group(error):
        return f"there is no such group in {region}: look at `group` and `region` ({what})"
    return f"{what} failed ({told.code}{f', HTTP {told.status}' if told.status else ''}): {mask(told.message)}"


def _is_no_group(error: Exception) -> bool:
    return is_not_found(error) and "AutoScalingGroup" in parts(error).message


def _found(one: Any) -> Found:
    settings: dict[str, str | int] = {name: one.get(wire) or "" for name, wire in NAMES.items()}
    settings["transition"] = TRANSITIONS.get(str(settings["transition"]), str(settings["transition"]))
    return Found(hook=one["LifecycleHookName"], settings=settings)
