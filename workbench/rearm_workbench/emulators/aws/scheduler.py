"""EventBridge Scheduler by subclass: names and times are checked, and one-time schedules fire on the virtual clock.

Limits: docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule. Whether the service refuses a time that is
past is not documented; here it does, which is the stricter reading.
"""

import re
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from moto.core.exceptions import JsonRESTError
from moto.scheduler import models, urls
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.sqs import sqs_backends

from rearm_workbench.emulators.aws.running import running

NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
INPUT_MAX = 256 * 1024


class ScheduleExists(JsonRESTError):
    """409, as the service answers; moto's own is a 400."""

    code = 409

    def __init__(self, name: str) -> None:
        super().__init__("ConflictException", f"Schedule {name} already exists.")


class Backend(models.EventBridgeSchedulerBackend):
    """moto's schedules, checked and armed."""

    _url_module: ClassVar[Any] = urls

    def create_schedule(self, *, name: str, group_name: str | None, **rest: Any) -> models.Schedule:
        group = self.schedule_groups.get(group_name or "default")
        if group is None:
            raise ScheduleGroupNotFound(group_name)
        at = self._check(name, rest)
        if name in group.schedules:
            raise ScheduleExists(name)
        schedule = super().create_schedule(name=name, group_name=group_name, **rest)
        self._arm(schedule, at)
        return schedule

    def update_schedule(self, *, name: str, **rest: Any) -> models.Schedule:
        at = self._check(name, rest)
        schedule = super().update_schedule(name=name, **rest)
        self._arm(schedule, at)
        return schedule

    def _check(self, name: str, rest: dict[str, Any]) -> float:
        if not NAME.fullmatch(name):
            raise ValidationException(
                f"Value '{name}' at 'name' failed to satisfy constraint: 1 to 64 characters of 0-9, a-z, A-Z, -, _ and ."
            )
        if (rest["flexible_time_window"] or {}).get("Mode") != "OFF":
            raise ValidationException("This emulator models FlexibleTimeWindow OFF only.")
        if len((rest["target"].get("Input") or "").encode()) > INPUT_MAX:
            raise ValidationException(f"Input must be at most {INPUT_MAX} bytes.")
        return _due(rest["schedule_expression"], rest["schedule_expression_timezone"] or "UTC")

    def _arm(self, schedule: models.Schedule, at: float) -> None:
        now = running()
        schedule.armed_for = at
        group = self.schedule_groups[schedule.group_name]

        def fire() -> None:
            stands = group.schedules.get(schedule.name) is schedule and self.schedule_groups.get(group.name) is group
            if not stands or schedule.armed_for != at or schedule.state != "ENABLED":
                return
            schedule.armed_for = None
            if schedule.action_after_completion == "DELETE":
                group.delete_schedule(schedule.name)
            self._deliver(schedule.target)

        now.clock.call_at(at + now.timers_late_s, fire)

    def _deliver(self, target: dict[str, Any]) -> None:
        arn, text = target["Arn"], target.get("Input") or "{}"
        parts = arn.split(":")
        if parts[2] == "lambda":
            running().call_function(arn, text.encode())
        elif parts[2] == "sqs":
            sqs_backends[self.account_id][parts[3]].send_message(parts[5], text)
        else:
            running().undelivered.append((arn, text.encode()))

    def pending(self) -> list[str]:
        """Names of the schedules that have still to fire."""
        return [one.name for group in self.schedule_groups.values() for one in group.schedules.values() if one.armed_for is not None]


def _due(expression: str, zone: str) -> float:
    found = AT.fullmatch(expression)
    if not found:
        kind = "This emulator models at() only" if expression.startswith(("rate(", "cron(")) else "Invalid Schedule Expression"
        raise ValidationException(f"{kind}: {expression}.")
    try:
        at = datetime.fromisoformat(found.group(1)).replace(tzinfo=ZoneInfo(zone)).timestamp()
    except (ValueError, ZoneInfoNotFoundError):
        raise ValidationException(f"Invalid Schedule Expression: {expression} in {zone}.") from None
    if at <= running().clock.now():
        raise ValidationException(f"Invalid Schedule Expression: {expression} is in the past.")
    return at
