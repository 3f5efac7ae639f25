"""Lifecycle hooks on Alibaba Cloud: ESS through the same client as the deployed code.

Parameters and codes: api-ess-2022-02-22-{create,modify,delete,describe}lifecyclehook(s), describescalinggroups. A hook without a target
reads back as `acs:ess:REGION:ACCOUNT:null/null`.
"""

import os
from typing import Any

from rearm.clouds.alibaba import rpc
from rearm.clouds.alibaba.answers import entries, field, whole
from rearm.clouds.alibaba.calls import NOT_SENT, CallFailed, persist
from rearm.clouds.alibaba.settings import Credentials, Settings, read_settings
from rearm_workbench.hooks import alibaba_target
from rearm_workbench.hooks.alibaba_credentials import named
from rearm_workbench.hooks.diff import whole as whole_of
from rearm_workbench.hooks.model import Found, Group, NoGroup, Target, Trouble, Wanted
from rearm_workbench.hooks.model import Settings as Values

WIRE = {"launch": "SCALE_OUT", "terminate": "SCALE_IN"}
TRANSITIONS = {"SCALE_OUT": "launch", "SCALE_IN": "terminate"}
NAMES = {
    "transition": "LifecycleTransition",
    "heartbeat_timeout": "HeartbeatTimeout",
    "default_result": "DefaultResult",
    "target": "NotificationArn",
    "metadata": "NotificationMetadata",
}
PAGE = 50
PATIENCE_S = 60.0
STS = "https://sts.aliyuncs.com"


class Alibaba:
    """One region with one set of credentials: `credentials` is a profile of the `aliyun` command, or the usual environment if empty."""

    def __init__(self, region: str, credentials: str, endpoint: str) -> None:
        self._region, self._credentials, self._endpoint = region, credentials, endpoint
        self._settings: Settings | None = None

    def account(self) -> str:
        try:
            return str(field(self.call("sts", "GetCallerIdentity", {}), "AccountId") or "")
        except Trouble:
            return ""

    def hooks(self, group: str) -> list[Found]:
        self.about(group)
        found: list[Found] = []
        for page in range(1, 100):
            params = {"ScalingGroupId": group, "PageNumber": page, "PageSize": PAGE}
            answer = self.call("ess", "DescribeLifecycleHooks", params)
            listed = entries(answer, "LifecycleHooks", "LifecycleHook")
            found += [_found(one) for one in listed]
            if len(listed) < PAGE:
                break
        return found

    def about(self, group: str) -> Group:
        answer = self.call("ess", "DescribeScalingGroups", {"ScalingGroupIds.1": group})
        for one in entries(answer, "ScalingGroups", "ScalingGroup"):
            if field(one, "ScalingGroupId") == group:
                return Group(name=str(field(one, "ScalingGroupName") or group), instances=whole(field(one, "TotalCapacity")))
        raise NoGroup(f"there is no such group in {self._region}: look at `group` and `region` (ess:DescribeScalingGroups)")

    def create(self, wanted: Wanted) -> str:
        params = {"ScalingGroupId": wanted.place.group, "LifecycleHookName": wanted.hook} | _params(whole_of(wanted))
        answer = self.call("ess", "CreateLifecycleHook", params, may_repeat=False)
        return str(field(answer, "LifecycleHookId") or "")

    def update(self, _group: str, found: Found, settings: Values) -> None:
        self.call("ess", "ModifyLifecycleHook", {"LifecycleHookId": found.id} | _params(settings))

    def delete(self, _group: str, found: Found) -> None:
        self.call("ess", "DeleteLifecycleHook", {"LifecycleHookId": found.id}, may_repeat=False)

    def target(self, _group: str, settings: Values) -> Target:
        return alibaba_target.read(self._checked().credentials, str(settings["target"]), self._endpoint)

    def call(self, product: str, action: str, params: dict[str, Any], *, may_repeat: bool = True) -> dict[str, Any]:
        """One call; throttling is waited out. Raises `Trouble` in one line."""
        settings = self._checked()
        try:
            return persist(
                lambda: rpc.call(settings, product, action, {"RegionId": self._region, **params}, fresh=not may_repeat),
                may_repeat=may_repeat,
                remaining_s=lambda: PATIENCE_S,
            )
        except CallFailed as failed:
            sure = failed.code == NOT_SENT or 400 <= failed.status < 500
            raise Trouble(_said(failed, self._region), sure=sure) from failed

    def _checked(self) -> Settings:
        if self._settings is None:
            credentials = named(self._credentials) if self._credentials else read_settings(None, os.environ).credentials
            self._settings = _surroundings(credentials, self._region, self._endpoint)
        return self._settings


def _surroundings(credentials: Credentials, region: str, endpoint: str) -> Settings:
    if not (credentials.access_key_id and credentials.access_key_secret):
        raise Trouble("no Alibaba Cloud credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    given = os.environ.get("REARM_ENDPOINT_ESS", "")
    endpoints = {"ess": endpoint or given, "sts": endpoint or STS}
    return Settings(credentials, region, account="", fc_api="", fc_service="", recheck_function="", endpoints=endpoints)


def _said(failed: CallFailed, region: str) -> str:
    if failed.code.startswith(("Forbidden", "NoPermission", "AccessDenied")):
        return f"{failed.operation} is denied ({failed.code}): allow it to the identity that runs this command"
    if failed.throttled:
        return f"{failed.operation} is throttled ({failed.code}) and stayed so: run this again later"
    if failed.code == NOT_SENT:
        return f"{failed.operation}: no connection to {region}: is the region's name right?"
    if failed.code.startswith("InvalidScalingGroupId"):
        return f"there is no such group in {region}: look at `group` and `region` ({failed.operation})"
    return str(failed)


def _params(settings: Values) -> dict[str, Any]:
    """Only what is set: there is no way to say "none" here (see `diff.STAYS`)."""
    known = {name: value for name, value in settings.items() if name in NAMES and value != ""}
    return {NAMES[name]: WIRE[str(value)] if name == "transition" else value for name, value in known.items()}


def _found(one: Any) -> Found:
    target = str(field(one, "NotificationArn") or "")
    settings: dict[str, str | int] = {
        "transition": TRANSITIONS.get(str(field(one, "LifecycleTransition")), str(field(one, "LifecycleTransition"))),
        "heartbeat_timeout": whole(field(one, "HeartbeatTimeout")),
        "default_result": str(field(one, "DefaultResult") or ""),
        "target": "" if target.endswith(":null/null") else target,
        "role": "",
        "metadata": str(field(one, "NotificationMetadata") or ""),
    }
    active = str(field(one, "LifecycleHookStatus") or "Active").lower() != "inactive"
    return Found(hook=str(field(one, "LifecycleHookName")), settings=settings, id=str(field(one, "LifecycleHookId") or ""), active=active)
