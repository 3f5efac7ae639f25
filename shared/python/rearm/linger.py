"""Between two looks: the checks are asked again inside the invocation of the first, so that whoever is ready does not wait for the second.

The look has been as ever, and has set the timer of the next one. What follows here can only end the wait sooner: an invocation that dies
while it lingers costs nothing. A *peek* does no steps, beats no heart and sets no timer. While it answers `waiting` it says nothing, and
what it learns is kept for the next peek only. It never gives the time-out answer, which is the next look's.

A result that a peek sent and that was not confirmed must not be contradicted (`Wait.ending`), and the next look's message was written
before. So the next look is told, where its message can be changed (AWS); and the same result is sent again here, every `linger`, until the
hour of the next look. If it is not confirmed by then on Alibaba Cloud, where a task's message stays as it is, the next look asks the
checks anew: the cloud takes the first answer that reaches it, and no other.
"""

import contextlib
import itertools

import msgspec

from rearm import clock
from rearm.core import budget, grid, staging
from rearm.core import decide as core
from rearm.core.model import Complete, Recheck
from rearm.core.verdict import judge
from rearm.errors import ActionGone, RearmError, TryAgain
from rearm.look import Look, about, message, tell

RESERVE_S = 30
"""Of the invocation's time, kept for a last peek: its checks, and a completion that has to be tried again."""

EARLY_S = 10
"""So much before its hour the next look may come: clocks differ, and a timer that is a little early is taken as due."""


def linger(last: Look) -> dict[str, object] | None:
    """Peek until the look after `last` must have come. Returns the log line of what came of it; None if there was nothing to linger for."""
    wait, profile, next_at = last.wait, last.profile, last.next_at
    steps_wait = staging.holding(profile, wait, last.now)[1]
    if not profile.linger_s or not last.has_armed or next_at is None or wait.ending or steps_wait:
        return None
    until = min(
        next_at + last.limits.timer_late_s,
        clock.now() + last.cloud.remaining_s() - RESERVE_S,
        budget.last_look(wait, profile, last.limits)[0],
        wait.lapses_at,
    )
    at, peeks, reason = last.now, 0, ""
    while (at := max(at + profile.linger_s, clock.now())) <= until:
        clock.sleep(max(0.0, at - clock.now()))
        peek = Peek(wait, profile, last.cloud)
        peeks += 1
        line = peek.ended(peeks, next_at)
        if line is not None:
            return line
        wait, reason = peek.wait, peek.reason
    if not peeks:
        return None
    said = {"verdict": "lingered", "profile": profile.name, "peeks": peeks, "reason": f"{peeks} peeks: {reason}"}
    return tell(last.cloud, about(wait.action) | said)


class Peek(Look):
    """The checks, asked once between two looks. `reason`: what they say; `wait` remembers what they have told."""

    def ended(self, number: int, next_at: float) -> dict[str, object] | None:
        """Ask, and end the wait if a look would for what the checks say; None if it goes on. `next_at`: when the next look is due."""
        self.now = clock.now()
        # It was not brought by a timer: it cannot be late.
        self.came = msgspec.structs.replace(self.wait, due_at=0), self.now
        self.next_at = next_at
        self.results = self._ask()
        verdict = judge(self.wait, self.results, self.profile, self.now)
        self.reason = verdict.reason
        if verdict.status == "waiting":
            return None
        try:
            self._apply(core.decide(self.wait, self.results, self.profile, self.limits, self.now))
        except ActionGone as gone:
            self._did("gone", str(gone))
            self.reason = f"{gone} ({self.reason})"
        return self._say(self.results, self.reason, verdict="peek", peeks=number)

    def _complete(self, effect: Complete) -> None:
        for tries in itertools.count(1):
            try:
                self._asked(self.cloud.complete, effect.result)
            except TryAgain as error:
                if tries == 1:
                    self._did(f"complete {effect.result} failed", str(error))
                    self._tell_the_next_look(effect)
                if not self._insist():
                    self._did("left to the next look", f"not confirmed, sent {tries} times")
                    return
            else:
                self._did(f"complete {effect.result}", effect.reason)
                return

    def _tell_the_next_look(self, effect: Complete) -> None:
        """Under the name of its timer, which exists: what this message remembers is written into that one (`rearm.clouds.aws.timers`)."""
        now, at = clock.now(), round(self.next_at or 0)
        if self.limits.timer_names_stay or not self.wait.action.token or at < now + self.limits.timer_lead_s:
            return
        known = {**self.wait.known, core.SENT: effect.result}
        told = core.next_wait(msgspec.structs.replace(self.wait, known=known), Recheck(at, effect.reason))
        with contextlib.suppress(RearmError):
            self.cloud.recheck(grid.timer_name(self.wait.action, at), at, now, message(told))

    def _insist(self) -> bool:
        """Whether to send the same once more, after a pause. Without a token it is not: the instance may be in a later action by then."""
        pause_s = self.profile.linger_s or 0
        ends_at = min((self.next_at or 0) - EARLY_S, clock.now() + self.cloud.remaining_s() - RESERVE_S)
        if not self.wait.action.token or clock.now() + pause_s > ends_at:
            return False
        clock.sleep(pause_s)
        self.now = clock.now()
        return True
