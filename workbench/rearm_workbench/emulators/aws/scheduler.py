"""EventBridge Scheduler by subclass: names and times are checked, and schedules fire on the virtual clock.

Limits: docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule. Whether the service refuses a time that is
past is not documented; here it does, which is the stricter reading.
"""

import re
from typing import Any, ClassVar

from moto.core.exceptions import JsonRESTError
from moto.scheduler import models, urls
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.sns import sns_backends
from moto.sqs import sqs_backends

from rearm_workbench.emulators.aws.expressions import NextAfter, is_once, parsed
from rearm_workbench.emulators.aws.running import running

NAME = re.compile(r"[0-9a-zA-Z\-_.]{1,64}")
INPUT_MAX = 256 * 1024
PAGE_MAX = 100
STATES = ("ENABLED", "DISABLED", None)
COMPLETIONS = ("NONE", "DELETE", None)


class Exists(JsonRESTError):
    """409, as the service answers; moto's own is a 400."""

    code = 409

    def __init__(self, kind: str, name: str) -> None:
        super().__init__("ConflictException", f"{kind} {name} already exists.")


class Backend(models.EventBridgeSchedulerBackend):
    """moto's schedules, checked and armed."""

    _url_module: ClassVar[Any] = urls

    def create_schedule(self, *, name: str, group_name: str | None, **rest: Any) -> models.Schedule:
        group = self.schedule_groups.get(group_name or "default")
        if group is None:
            raise ScheduleGroupNotFound(group_name)
        times = _checked(name, rest)
        if name in group.schedules:
            raise Exists("Schedule", name)
        schedule = super().create_schedule(name=name, group_name=group_name, **rest)
        self._arm(schedule, times)
        return schedule

    def update_schedule(self, *, name: str, **rest: Any) -> models.Schedule:
        times = _checked(name, rest)
        schedule = super().update_schedule(name=name, **rest)
        self._arm(schedule, times)
        return schedule

    def list_schedules(
        self, group_names: list[str] | None, state: str | None, name_prefix: str | None = None, **page: Any
    ) -> tuple[list[models.Schedule], str | None]:
        """Newest first. `group_names`: one name, as the query has it."""
        for name in group_names or []:
            self.get_schedule_group(name)
        size, token = page.get("max_results") or PAGE_MAX, page.get("next_token") or "0"
        if not 1 <= size <= PAGE_MAX or not token.isdigit():
            raise ValidationException(f"MaxResults must be from 1 to {PAGE_MAX}, and NextToken one that was given.")
        found = [
            one
            for group in self.schedule_groups.values()
            if not group_names or group.name in group_names
            for one in reversed(group.schedules.values())
            if state in (None, one.state) and one.name.startswith(name_prefix or "")
        ]
        end = int(token) + size
        return found[int(token) : end], str(end) if end < len(found) else None

    def create_schedule_group(self, name: str, tags: list[dict[str, str]]) -> models.ScheduleGroup:
        if not NAME.fullmatch(name):
            raise ValidationException(_bad_name(name))
        if name in self.schedule_groups:
            raise Exists("Schedule group", name)
        return super().create_schedule_group(name, tags or [])

    def delete_schedule_group(self, name: str | None) -> None:
        self.get_schedule_group(name)
        super().delete_schedule_group(name)

    def _arm(self, schedule: models.Schedule, times: NextAfter) -> None:
        now = running()
        start = float(schedule.start_date or 0) - 1
        at = times(max(now.clock.now(), start if not is_once(schedule.schedule_expression) else 0))
        # An update that leaves the time as it is leaves the timer as it is, however late that will come.
        if at is None or at != getattr(schedule, "armed_for", None):
            self._arm_for(schedule, times, at)

    def _arm_for(self, schedule: models.Schedule, times: NextAfter, at: float | None) -> None:
        now, group = running(), self.schedule_groups[schedule.group_name]
        if at is not None and schedule.end_date and at > float(schedule.end_date) and not is_once(schedule.schedule_expression):
            at = None
        schedule.armed_for = at
        if at is None:
            return

        def fire() -> None:
            stands = group.schedules.get(schedule.name) is schedule and self.schedule_groups.get(group.name) is group
            if not stands or schedule.armed_for != at:
                return
            self._arm_for(schedule, times, times(at))
            if schedule.state == "DISABLED":
                return
            if schedule.armed_for is None and schedule.action_after_completion == "DELETE":
                group.delete_schedule(schedule.name)
            self._deliver(schedule.target)

        now.clock.call_at(at + now.timers_late_s, fire)

    def _deliver(self, target: dict[str, Any]) -> None:
        arn, text = target["Arn"], target.get("Input") or "{}"
        parts = arn.split(":")
        if parts[2] == "lambda":
            running().call_function(arn, text.encode())
        elif parts[2] == "sqs" and parts[5] in sqs_backends[self.account_id][parts[3]].queues:
            sqs_backends[self.account_id][parts[3]].send_message(parts[5], text)
        elif parts[2] == "sns" and arn in sns_backends[self.account_id][parts[3]].topics:
            sns_backends[self.account_id][parts[3]].publish(text, arn=arn)
        else:
            running().undelivered.append((arn, text.encode()))

    def pending(self) -> list[str]:
        """Names of the schedules that have still to fire."""
        return [one.name for group in self.schedule_groups.values() for one in group.schedules.values() if one.armed_for is not None]


def _checked(name: str, asked: dict[str, Any]) -> NextAfter:
    """The times of a schedule. Raises `ValidationException` for anything that is wrong with it."""
    if not NAME.fullmatch(name):
        raise ValidationException(_bad_name(name))
    if (asked["flexible_time_window"] or {}).get("Mode") != "OFF":
        raise ValidationException("This emulator models FlexibleTimeWindow OFF only.")
    if len((asked["target"].get("Input") or "").encode()) > INPUT_MAX:
        raise ValidationException(f"Input must be at most {INPUT_MAX} bytes.")
    if asked.get("state") not in STATES or asked.get("action_after_completion") not in COMPLETIONS:
        raise ValidationException("State must be ENABLED or DISABLED, and ActionAfterCompletion NONE or DELETE.")
    expression, now = asked["schedule_expression"] or "", running().clock.now()
    try:
        times = parsed(expression, asked["schedule_expression_timezone"] or "UTC", float(asked.get("start_date") or now))
    except ValueError as error:
        raise ValidationException(f"Invalid Schedule Expression {expression}: {error}.") from None
    if is_once(expression) and times(now) is None:
        raise ValidationException(f"Invalid Schedule Expression: {expression} is in the past.")
    return times


def _bad_name(name: str) -> str:
    return f"Value '{name}' at 'name' failed to satisfy constraint: 1 to 64 characters of 0-9, a-z, A-Z, -, _ and ."
