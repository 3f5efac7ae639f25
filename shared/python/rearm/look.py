"""A look: observe, decide, apply in order, and one log line. The doorways call `serve` and `look_again`.

What ends a chain of looks: a completion that the cloud confirmed, or "gone". Everything else leaves a timer behind, or raises
`TryAgain`, so that the platform delivers again.
"""

from collections.abc import Sequence

import msgspec

from rearm import clock, config
from rearm.clouds import Cloud
from rearm.core import decide as core
from rearm.core import grid
from rearm.core.model import Action, CheckResult, Complete, Decision, Heartbeat, Hook, Parsed, Recheck, Wait
from rearm.core.profile import Config, Profile
from rearm.errors import ActionGone, InvalidNotification, LimitSpent, TryAgain
from rearm.observe import observe, remembered

EARLY_S = 5
"""A timer that comes at most this early is taken as due."""

RESERVE_S = 10
"""Of the invocation's time, kept for calls when looks are repeated or a timer came early."""


class Message(msgspec.Struct, frozen=True):
    """The recheck's message."""

    rearm: Wait


class Armed:
    """Which waits this process has set a timer for, so that a second notification in the same process costs nothing.

    Only a saving: another process finds the timer's name taken.
    """

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def note(self, action: Action, at: float, now: float) -> None:
        self._due = {key: due for key, due in self._due.items() if due > now}
        self._due[grid.identity(action)] = at

    def due(self, action: Action) -> float:
        return self._due.get(grid.identity(action), 0.0)


armed = Armed()


def serve(notifications: Sequence[Parsed], cloud: Cloud) -> list[dict[str, object]]:
    """Take in what a doorway parsed; returns the log lines. Good ones are served even beside an invalid one.

    Raises `InvalidNotification` (one line for each) or `TryAgain` when all were tried.
    """
    settings = config.load()
    lines: list[dict[str, object]] = []
    invalid: list[str] = []
    again: list[str] = []
    for parsed in notifications:
        if parsed.action is None:
            lines.append(_tell(cloud, {"verdict": parsed.verdict, "reason": parsed.reason}))
            if parsed.verdict == "invalid":
                invalid.append(parsed.reason)
            continue
        try:
            lines.append(_first_look(parsed.action, settings, cloud))
        except TryAgain as error:
            again.append(str(error))
    if again:
        raise TryAgain("; ".join(again))
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
            _tell(cloud, {"verdict": "failed", "record": parsed.record, "reason": _one_line(error)})
            failed[parsed.record or ""] = None
    return {"batchItemFailures": [{"itemIdentifier": record} for record in failed]}


def look_again(payload: bytes, cloud: Cloud) -> dict[str, object]:
    """The recheck: the message is the memory. Raises `InvalidNotification` for a message that is not ours."""
    try:
        wait = msgspec.json.decode(payload, type=Message).rearm
    except msgspec.DecodeError as error:
        raise InvalidNotification(f"not a recheck message of rearm: {error}") from None
    if wait.due_at - clock.now() > EARLY_S:
        room_s = max(0.0, cloud.remaining_s() - RESERVE_S)
        clock.sleep(min(wait.due_at - clock.now(), room_s))
        now = clock.now()
        if wait.due_at - now > EARLY_S:
            wait = msgspec.structs.replace(wait, hop=wait.hop + 1)
            cloud.recheck(grid.timer_name(wait.action, wait.slot, wait.hop), wait.due_at, now, _message(wait))
            return _tell(cloud, _about(wait.action) | {"verdict": "early", "reason": f"due in {round(wait.due_at - now)} s: set again"})
    profile = config.load().profile_for(wait.action)
    if profile is None:
        return _tell(cloud, _about(wait.action) | {"verdict": "left alone", "reason": "no profile matches it any more"})
    if not wait.heartbeat_timeout_s:
        try:
            hook = _describe(wait.action, cloud)
        except ActionGone as gone:
            return _tell(cloud, _about(wait.action) | {"verdict": "gone", "reason": str(gone)})
        wait = core.with_hook(wait, hook, cloud.limits) if hook else wait
    return _look(wait, profile, cloud)


def _first_look(action: Action, settings: Config, cloud: Cloud) -> dict[str, object]:
    now = clock.now()
    if armed.due(action) > now:
        return _tell(cloud, _about(action) | {"verdict": "duplicate", "reason": f"a look is due in {round(armed.due(action) - now)} s"})
    hook: Hook | None = None
    try:
        if action.transition is None:
            hook = _describe(action, cloud)
            if hook is None or hook.transition is None:
                raise TryAgain(f"the transition of hook {action.hook} is not known: neither the notification nor the hook tells it")
            action = msgspec.structs.replace(action, transition=hook.transition)
        profile = settings.profile_for(action)
        if profile is None:
            return _tell(cloud, _about(action) | {"verdict": "left alone", "reason": "no profile matches: its default result will fall"})
        hook = hook or _describe(action, cloud)
    except ActionGone as gone:
        return _tell(cloud, _about(action) | {"verdict": "gone", "reason": str(gone)})
    return _look(core.first_wait(action, hook, cloud.limits, now), profile, cloud)


def _describe(action: Action, cloud: Cloud) -> Hook | None:
    """The hook, or None if it cannot be described just now: the wait is then extended at once and the next look asks again."""
    try:
        return cloud.describe_hook(action)
    except TryAgain:
        return None


def _look(wait: Wait, profile: Profile, cloud: Cloud) -> dict[str, object]:
    """Look once; on a hook too short for a timer, look until the invocation's time is nearly used up."""
    limits = cloud.limits
    if not 0 < wait.heartbeat_timeout_s < limits.short_hook_s:
        return _Look(wait, profile, cloud).run()
    until = clock.now() + cloud.remaining_s() - RESERVE_S
    handover_s = limits.timer_lead_s + limits.timer_late_s + limits.margin_s
    handed_over = False
    while True:
        held = _Look(wait, profile, cloud, held=True)
        line = held.run()
        if held.next_at is None:
            return line
        wait, now = held.wait, clock.now()
        if not handed_over and held.next_at + handover_s >= until:
            # The successor comes while this invocation still looks: a timer may be a minute late, the hook cannot wait that long.
            slot = max(wait.slot + 1, grid.slot_after(wait.action, profile.every_s, now + limits.timer_lead_s))
            _arm(wait, Recheck(now + limits.timer_lead_s, slot, "hand over"), cloud, now)
            handed_over = True
        if held.next_at >= until:
            return line
        clock.sleep(held.next_at - now)


class _Look:
    """One look at one wait. `next_at` is when the next one is due, None when the wait has ended."""

    def __init__(self, wait: Wait, profile: Profile, cloud: Cloud, *, held: bool = False) -> None:
        self.wait, self.profile, self.cloud, self.held = wait, profile, cloud, held
        self.limits = cloud.limits.held() if held else cloud.limits
        self.next_at: float | None = None
        self.did: list[dict[str, str]] = []

    def run(self) -> dict[str, object]:
        self.now = clock.now()
        results = {} if self.wait.ending else observe(self.wait, self.profile, self.cloud)
        self.wait = msgspec.structs.replace(self.wait, known=remembered(self.wait.known, results))
        decision = core.decide(self.wait, results, self.profile, self.limits, self.now)
        reason = decision[-1].reason
        try:
            self._apply(decision)
        except ActionGone as gone:
            self.next_at = None
            self._did("gone", str(gone))
            reason = f"{gone} ({reason})"
        return self._say(results, reason)

    def _apply(self, decision: Decision) -> None:
        trouble = ""
        for effect in decision:
            if isinstance(effect, Complete):
                self._complete(effect)
            elif isinstance(effect, Heartbeat):
                trouble = self._heartbeat(effect)
            else:
                self._recheck(core.soon(effect, self.limits, self.now, trouble) if trouble else effect)

    def _complete(self, effect: Complete) -> None:
        try:
            self.cloud.complete(self.wait.action, effect.result)
            self._did(f"complete {effect.result}", effect.reason)
        except TryAgain as error:
            if self.now > core.cloud_end(self.wait, self.limits):
                raise
            # Not confirmed: it may have taken place. Keep the wait alive and send the same result again, never another.
            self.wait = msgspec.structs.replace(self.wait, ending=effect.result)
            self._did(f"complete {effect.result} failed", str(error))
            *beats, recheck = core.stay(self.wait, self.profile, self.limits, self.now, str(error))
            self._apply((*beats, core.soon(recheck, self.limits, self.now, str(error)) if isinstance(recheck, Recheck) else recheck))

    def _heartbeat(self, effect: Heartbeat) -> str:
        """Returns what went wrong, or nothing."""
        try:
            self.cloud.heartbeat(self.wait.action, effect.seconds)
        except LimitSpent as spent:
            self.wait = core.after_refused_heartbeat(self.wait, self.limits, for_count="RecordTimes" in spent.code)
            self._did("heartbeat refused", str(spent))
            return str(spent)
        except TryAgain as error:
            self.wait = core.after_unsure_heartbeat(self.wait)
            self._did("heartbeat failed", str(error))
            return str(error)
        self.wait = core.after_heartbeat(self.wait, effect.seconds, self.limits, self.now)
        self._did(f"heartbeat {effect.seconds} s", effect.reason)
        return ""

    def _recheck(self, recheck: Recheck) -> None:
        # Checks, and calls that were throttled, may have taken long: a timer in the past would be refused.
        now = clock.now()
        recheck = Recheck(max(recheck.at, now + self.limits.timer_lead_s), recheck.slot, recheck.reason)
        self.next_at = recheck.at
        if self.held:
            self.wait = msgspec.structs.replace(self.wait, looks=self.wait.looks + 1)
            self._did(f"look again in {round(recheck.at - self.now)} s", "the hook is too short for a timer")
            return
        new = _arm(self.wait, recheck, self.cloud, now)
        self._did(f"recheck in {round(recheck.at - now)} s", recheck.reason if new else "set already: this was a duplicate")

    def _did(self, what: str, why: str) -> None:
        self.did.append({"what": what, "why": why})

    def _say(self, results: dict[tuple[int, str], CheckResult], reason: str) -> dict[str, object]:
        answers = [
            {"check": self.profile.checks[index].label, "instance": instance, "status": result.status, "reason": result.reason}
            for (index, instance), result in sorted(results.items())
        ]
        line = _about(self.wait.action) | {
            "verdict": "look",
            "profile": self.profile.name,
            "did": self.did,
            "reason": reason,
            "answers": answers,
            "seconds_left": round(self.wait.lapses_at - self.now),
            "waited_s": round(self.now - self.wait.began_at),
        }
        return _tell(self.cloud, line)


def _arm(wait: Wait, recheck: Recheck, cloud: Cloud, now: float) -> bool:
    """Set the timer of a slot; False if it is set already, which is as good."""
    name = grid.timer_name(wait.action, recheck.slot)
    new = cloud.recheck(name, recheck.at, now, _message(core.next_wait(wait, recheck)))
    armed.note(wait.action, recheck.at, now)
    return new


def _message(wait: Wait) -> bytes:
    return msgspec.json.encode(Message(wait))


def _about(action: Action) -> dict[str, object]:
    """How a log line names an action. A token is a credential of sorts: whoever has it can end the wait."""
    return {
        "cloud": action.cloud,
        "group": action.group,
        "hook": action.hook,
        "token": action.token[:8] + "…",
        "instances": list(action.instances),
        "transition": action.transition,
    }


def _tell(cloud: Cloud, line: dict[str, object]) -> dict[str, object]:
    cloud.say(line)
    return line


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
