"""What the doorways call: `serve` and `serve_batch` for notifications, `look_again` for the recheck."""

from collections.abc import Sequence

import msgspec

from rearm import clock, config, look
from rearm.clouds import Cloud
from rearm.core import beginning, grid
from rearm.core import decide as core
from rearm.core.model import Action, Hook, Parsed, Recheck, Wait
from rearm.core.profile import Config, Profile
from rearm.errors import ActionGone, InvalidNotification, TryAgain
from rearm.look import Look, about, arm, message, tell

EARLY_S = 5
"""A timer that comes at most this early is taken as due."""

RESERVE_S = 10
"""Of the invocation's time, kept for calls when looks are repeated or a timer came early."""


DESCRIBE_PAUSE_S = 3.0
"""Before the hook of a wait that may be too short for a timer is asked for once more."""


def serve(notifications: Sequence[Parsed], cloud: Cloud) -> list[dict[str, object]]:
    """Take in what a doorway parsed; returns the log lines. All are tried before the first error is raised.

    Raises `InvalidNotification` (one line for each), or what went wrong with an action: the platform delivers again.
    """
    settings = config.load()
    lines: list[dict[str, object]] = []
    invalid: list[str] = []
    errors: list[Exception] = []
    for parsed in notifications:
        if parsed.action is None:
            lines.append(tell(cloud, {"verdict": parsed.verdict, "reason": parsed.reason}))
            if parsed.verdict == "invalid":
                invalid.append(parsed.reason)
            continue
        try:
            lines.append(_first_look(parsed.action, settings, cloud))
        except Exception as error:  # noqa: BLE001 - raised below: one wait in trouble must not cost the others their look
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else TryAgain("; ".join(_one_line(error) for error in errors)) from errors[0]
    if invalid:
        raise InvalidNotification("; ".join(invalid))
    return lines


def serve_batch(notifications: Sequence[Parsed], cloud: Cloud) -> dict[str, list[dict[str, str]]]:
    """The same for a batch with partial answers (SQS): only what failed is delivered again.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    failed: dict[str, None] = {}
    for parsed in notifications:
        try:
            serve([parsed], cloud)
        except Exception as error:  # noqa: BLE001 - one bad record must not take the others of its batch with it
            tell(cloud, {"verdict": "failed", "record": parsed.record, "reason": _one_line(error)})
            failed[parsed.record or ""] = None
    return {"batchItemFailures": [{"itemIdentifier": record} for record in failed]}


def look_again(payload: bytes, cloud: Cloud) -> dict[str, object]:
    """The recheck: the message is the memory. Raises `InvalidNotification` for a message that is not ours."""
    try:
        wait = msgspec.json.decode(payload, type=look.Message).rearm
    except msgspec.DecodeError as error:
        raise InvalidNotification(f"not a recheck message of rearm: {error}") from None
    wait = core.as_told(wait, cloud.limits)
    if wait.due_at - clock.now() > EARLY_S:
        room_s = max(0.0, cloud.remaining_s() - RESERVE_S)
        clock.sleep(min(wait.due_at - clock.now(), room_s))
        now = clock.now()
        if wait.due_at - now > EARLY_S:
            wait = msgspec.structs.replace(wait, hop=wait.hop + 1)
            cloud.recheck(grid.timer_name(wait.action, wait.due_at, wait.hop), wait.due_at, now, message(wait))
            return tell(cloud, about(wait.action) | {"verdict": "early", "reason": f"due in {round(wait.due_at - now)} s: set again"})
    profile = config.load().profile_for(wait.action)
    if profile is None:
        return tell(cloud, about(wait.action) | {"verdict": "left alone", "reason": "no profile matches it any more"})
    if not wait.heartbeat_timeout_s:
        try:
            hook = _describe(wait.action, cloud)
        except ActionGone as gone:
            return tell(cloud, about(wait.action) | {"verdict": "gone", "reason": str(gone)})
        wait = beginning.with_hook(wait, hook, cloud.limits) if hook else wait
    return _look(wait, profile, cloud, lingers=profile.linger_s is not None)


def _first_look(action: Action, settings: Config, cloud: Cloud) -> dict[str, object]:
    now = clock.now()
    if look.armed.due(action) > now:
        return tell(cloud, about(action) | {"verdict": "duplicate", "reason": "this process has set its timer already"})
    hook: Hook | None = None
    try:
        if action.transition is None:
            hook = _describe(action, cloud)
            if hook is None or hook.transition is None:
                raise TryAgain(f"the transition of hook {action.hook} is not known: neither the notification nor the hook tells it")
            action = msgspec.structs.replace(action, transition=hook.transition)
        profile = settings.profile_for(action)
        if profile is None:
            return tell(cloud, about(action) | {"verdict": "left alone", "reason": "no profile matches: its default result will fall"})
        hook = hook or _describe(action, cloud)
        if hook is None and not cloud.limits.short_hook_s:
            # It may be shorter than a timer can be late. (Where such hooks are served without timers, see `_described_again`.)
            clock.sleep(DESCRIBE_PAUSE_S)
            hook = _describe(action, cloud)
    except ActionGone as gone:
        return tell(cloud, about(action) | {"verdict": "gone", "reason": str(gone)})
    return _look(beginning.first_wait(action, hook, cloud.limits, now), profile, cloud)


def _describe(action: Action, cloud: Cloud) -> Hook | None:
    """The hook, or None if it cannot be described just now: the wait is then extended at once and the next look asks again."""
    try:
        return cloud.describe_hook(action)
    except TryAgain:
        return None


def _look(wait: Wait, profile: Profile, cloud: Cloud, *, lingers: bool = False) -> dict[str, object]:
    """Look once; on a hook too short for a timer, look until the invocation's time is nearly used up.

    `lingers`: after the look, ask the checks again until the next one must have come. Never for a notification: others of its batch wait.
    """
    limits = cloud.limits
    if limits.short_hook_s and not wait.heartbeat_timeout_s:
        ended, wait = _described_again(wait, profile, cloud)
        if ended is not None:
            return ended
    if not 0 < wait.heartbeat_timeout_s < limits.short_hook_s:
        once = Look(wait, profile, cloud)
        line = once.run()
        if lingers:
            from rearm.linger import linger  # who does not use it does not load it

            return linger(once) or line
        return line
    until = clock.now() + cloud.remaining_s() - RESERVE_S
    handover_s = limits.timer_lead_s + limits.timer_late_s + limits.margin_s
    handed_over = False
    while True:
        held = Look(wait, profile, cloud, held=True)
        line = held.run()
        if held.next_at is None:
            return line
        wait, now = held.wait, clock.now()
        if not handed_over and held.next_at + handover_s >= until:
            # The successor comes while this invocation still looks: a timer may be a minute late, the hook cannot wait that long.
            handed_over = _hand_over(wait, cloud, now)
        if held.next_at >= until:
            if not handed_over:
                raise TryAgain("no timer could be set for the next invocation")
            return line
        clock.sleep(held.next_at - now)


def _described_again(wait: Wait, profile: Profile, cloud: Cloud) -> tuple[dict[str, object] | None, Wait]:
    """Look and extend, then ask for the hook once more: it may be too short for a timer. Only once: in a burst others wait for their turn.

    Returns the log line if the wait has ended, and the wait.
    """
    held = Look(wait, profile, cloud, held=True)
    line = held.run()
    if held.next_at is None:
        return line, held.wait
    clock.sleep(DESCRIBE_PAUSE_S)
    try:
        hook = _describe(wait.action, cloud)
    except ActionGone as gone:
        return tell(cloud, about(wait.action) | {"verdict": "gone", "reason": str(gone)}), held.wait
    return None, beginning.with_hook(held.wait, hook, cloud.limits) if hook else held.wait


def _hand_over(wait: Wait, cloud: Cloud, now: float) -> bool:
    """Set the successor's timer; False if that failed just now: there is time for another try."""
    try:
        arm(wait, Recheck(core.soonest_look(wait, cloud.limits, now), "hand over"), cloud, now)
    except TryAgain:
        return False
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
