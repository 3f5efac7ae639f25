"""Scaling activities: one for each way that an instance takes, `MidLifecycleAction` while a hook holds it.

Status codes: botocore's autoscaling model (ScalingActivityStatusCode). The texts are not documented; these follow what is seen.
"""

from typing import Any

from moto.autoscaling import models

from rearm.core.model import Result
from rearm_workbench.emulators.aws.routes import LAUNCH, REPLACE_ROOT, RETURN, ROOT_REPLACED, SHRINK, TERMINATE, USE, WARM, Route
from rearm_workbench.emulators.aws.running import running

TEXTS = {
    LAUNCH: "Launching a new EC2 instance",
    WARM: "Launching a new EC2 instance into warm pool",
    USE: "Launching a new EC2 instance from warm pool",
    TERMINATE: "Terminating EC2 instance",
    SHRINK: "Terminating EC2 instance from warm pool",
    RETURN: "Returning EC2 instance to warm pool",
    REPLACE_ROOT: "Replacing root volume of EC2 instance",
    ROOT_REPLACED: "Returning EC2 instance to service",
}
CAUSE = "an instance was moved in response to a difference between desired and actual capacity, or to a user request."


class Activities:
    """The activities of one backend, newest last."""

    def __init__(self) -> None:
        self._all: list[Any] = []
        self._open: dict[str, Any] = {}

    def begin(self, group: Any, instance_id: str, route: Route, held: bool) -> None:
        """An instance is on its way; `held`: by a hook. One activity for all the hooks that hold it."""
        if instance_id in self._open:
            return
        cause = f"At {running().time_s()} {CAUSE}"
        activity = models.Activity(f"{TEXTS[route]}: {instance_id}", cause, group)
        activity.status_code, activity.end_time = "MidLifecycleAction" if held else "InProgress", None
        self._all.append(activity)
        self._open[instance_id] = activity

    def end(self, instance_id: str, route: Route, result: Result) -> None:
        """It has arrived, or was abandoned while it was launched."""
        activity = self._open.pop(instance_id, None)
        if activity is not None:
            activity.status_code = "Cancelled" if result == "ABANDON" and route.transition == "launch" else "Successful"
            activity.end_time, activity.progress = running().moment(), 100

    def lost(self, instance_id: str) -> None:
        """The instance is no more."""
        activity = self._open.pop(instance_id, None)
        if activity is not None:
            activity.status_code, activity.end_time, activity.progress = "Cancelled", running().moment(), 100

    def of(self, group_name: str | None, ids: list[str]) -> list[Any]:
        """Those in progress first, then by their start, newest first; of one group or of all."""
        chosen = [one for one in self._all if group_name in (None, one.auto_scaling_group_name) and (not ids or one.activity_id in ids)]
        newest = chosen[::-1]
        return [one for one in newest if one.end_time is None] + [one for one in newest if one.end_time is not None]
