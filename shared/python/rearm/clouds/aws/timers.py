"""The next looks, as one-time schedules of EventBridge Scheduler.

docs.aws.amazon.com/scheduler/latest/APIReference: CreateSchedule (names of 1 to 64 of `[0-9a-zA-Z-_.]`, unique in their group, else
`ConflictException`), GetSchedule, UpdateSchedule (which writes all of it anew), ListSchedules (at most 100 a page). A schedule made with
`ActionAfterCompletion` DELETE is gone soon after it has fired.
"""

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from rearm.clouds.aws.calls import call, client
from rearm.clouds.aws.faults import error_code
from rearm.core import grid, staging
from rearm.errors import ConfigError, RearmError, TryAgain

ENVIRONMENT = ("REARM_SCHEDULE_GROUP", "REARM_RECHECK_ARN", "REARM_SCHEDULER_ROLE_ARN")
TIMER_AGE_S = 7200
"""The longest heartbeat timeout: a timer older than that has nothing left to look at."""
TIMER_ATTEMPTS = 185
PAGE = 100
MARK_DIGITS = 6
"""Of a token's hash: enough to tell the actions of one instance in one hook apart."""

RemainingS = Callable[[], float]


def set_timer(name: str, due: int, payload: bytes, remaining_s: RemainingS) -> bool:
    """One-time schedule `name` at `due`, in whole seconds since the epoch. False if the same action has it already.

    A later action of the same instance in the same hook (warm pool) has the same names: one that a stale timer holds is taken under
    another, with a mark of the later action's token. Of the same action, it is told what we know and it does not: a late copy of the
    notification may have set it.
    """
    if _create(name, due, payload, remaining_s):
        return True
    token, known = token_of(payload), _known_of(payload)
    if not (token or known):
        return False
    found = _timer(name, remaining_s)
    if found is None:
        # It has fired since. Whichever action it was of, a second look does no harm, and none at all would.
        return _create(name, due, payload, remaining_s)
    theirs = token_of(found["Target"].get("Input", ""))
    if token and theirs not in ("", token):
        return _create(f"{name}-{hashlib.sha256(token.encode()).hexdigest()[:MARK_DIGITS]}", due, payload, remaining_s)
    _tell(found, known, remaining_s)
    return False


def timers_due(remaining_s: RemainingS) -> frozenset[str]:
    """The identities of all waits with a schedule that has not fired yet. Raises `TryAgain`."""
    group, _, _ = _environment()
    found: set[str] = set()
    page: dict[str, str] = {}
    while True:
        ask = functools.partial(
            client("scheduler").list_schedules, GroupName=group, NamePrefix=grid.TIMER_PREFIX, State="ENABLED", MaxResults=PAGE, **page
        )
        answer = call("scheduler:ListSchedules", ask, remaining_s)
        found.update(identity for one in answer["Schedules"] if (identity := grid.identity_of(one.get("Name", ""))))
        if not answer.get("NextToken"):
            return frozenset(found)
        page = {"NextToken": answer["NextToken"]}


def token_of(payload: bytes | str) -> str:
    """The token in a recheck's message; empty if it has none or is no such message."""
    try:
        token = json.loads(payload)["rearm"]["action"]["token"]
    except (ValueError, LookupError, TypeError):
        return ""
    return token if isinstance(token, str) else ""


def _create(name: str, due: int, payload: bytes, remaining_s: RemainingS) -> bool:
    group, function, role = _environment()
    try:
        call(
            "scheduler:CreateSchedule",
            lambda: client("scheduler").create_schedule(
                Name=name,
                GroupName=group,
                ScheduleExpression=f"at({_utc(due)})",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": function,
                    "RoleArn": role,
                    "Input": payload.decode(),
                    "RetryPolicy": {"MaximumEventAgeInSeconds": TIMER_AGE_S, "MaximumRetryAttempts": TIMER_ATTEMPTS},
                },
            ),
            remaining_s,
        )
    except TryAgain as error:
        if error_code(error.__cause__) == "ConflictException":
            return False
        raise
    return True


def _known_of(payload: bytes | str) -> dict[str, str]:
    """What a recheck's message remembers of checks and steps."""
    try:
        known = json.loads(payload)["rearm"].get("known", {})
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}
    return known if isinstance(known, dict) else {}


def _timer(name: str, remaining_s: RemainingS) -> Mapping[str, Any] | None:
    """The schedule; None if there is none any more."""
    group, _, _ = _environment()
    try:
        return call("scheduler:GetSchedule", lambda: client("scheduler").get_schedule(GroupName=group, Name=name), remaining_s)
    except TryAgain as error:
        if error_code(error.__cause__) == "ResourceNotFoundException":
            return None
        raise


def _tell(timer: Mapping[str, Any], known: dict[str, str], remaining_s: RemainingS) -> None:
    """Write what we know into the schedule's message. If that fails, a step may be done twice, which it is made for."""
    text = timer["Target"].get("Input", "")
    theirs = _known_of(text)
    merged = staging.merged(known, theirs)
    if merged == theirs:
        return
    message = json.loads(text)
    message["rearm"]["known"] = merged
    kept = {name: timer[name] for name in ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "ActionAfterCompletion")}
    target = {**timer["Target"], "Input": json.dumps(message, separators=(",", ":"))}
    update: Any = client("scheduler").update_schedule
    with contextlib.suppress(RearmError):
        call("scheduler:UpdateSchedule", functools.partial(update, **kept, Target=target), remaining_s)


def _environment() -> tuple[str, str, str]:
    values = {name: os.environ.get(name, "") for name in ENVIRONMENT}
    missing = [
        f"the environment variable {name} is not set: the template sets it for every rearm function"
        for name in ENVIRONMENT
        if not values[name]
    ]
    if missing:
        raise ConfigError(missing)
    return values["REARM_SCHEDULE_GROUP"], values["REARM_RECHECK_ARN"], values["REARM_SCHEDULER_ROLE_ARN"]


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
