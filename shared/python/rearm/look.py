"""A look: observe, decide, apply in order, and one log line.

What ends a chain of looks: a completion that the cloud confirmed, or "gone". Everything else leaves a timer behind, or raises
`TryAgain`, so that the platform delivers again.
"""

import msgspec

from rearm import clock
from rearm.clouds import Cloud
from rearm.core import decide as core
from rearm.core import grid
from rearm.core.model import Action, CheckResult, Complete, Decision, Heartbeat, Recheck, Wait
from rearm.core.profile import Profile
from rearm.errors import ActionGone, LimitSpent, TryAgain
from rearm.observe import observe, remembered


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


class Look:
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

    def _apply(self, decision: Decision, trouble: str = "") -> None:
        """`trouble`: what has failed already, so that the next look should come soon."""
        for effect in decision:
            if isinstance(effect, Complete):
                self._complete(effect)
            elif isinstance(effect, Heartbeat):
                trouble = self._heartbeat(effect) or trouble
            else:
                self._recheck(core.soon(self.wait, effect, self.limits, self.now, trouble) if trouble else effect)

    def _complete(self, effect: Complete) -> None:
        try:
            self.cloud.complete(self.wait.action, effect.result)
            self._did(f"complete {effect.result}", effect.reason)
        except TryAgain as error:
            if self.now > core.cloud_end(self.wait, self.limits):
                raise
            self.wait = core.after_unsure_completion(self.wait, effect.result)
            self._did(f"complete {effect.result} failed", str(error))
            self._apply(core.stay(self.wait, self.profile, self.limits, self.now, str(error)), trouble=str(error))

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
        recheck = msgspec.structs.replace(recheck, at=max(recheck.at, now + self.limits.timer_lead_s))
        self.next_at = recheck.at
        if self.held:
            self.wait = msgspec.structs.replace(self.wait, looks=self.wait.looks + 1)
            self._did(f"look again in {round(recheck.at - self.now)} s", "the hook is too short for a timer")
            return
        new = arm(self.wait, recheck, self.cloud, now)
        self._did(f"recheck in {round(recheck.at - now)} s", recheck.reason if new else "set already: this was a duplicate")

    def _did(self, what: str, why: str) -> None:
        self.did.append({"what": what, "why": why})

    def _say(self, results: dict[tuple[int, str], CheckResult], reason: str) -> dict[str, object]:
        answers = [
            {"check": self.profile.checks[index].label, "instance": instance, "status": result.status, "reason": result.reason}
            for (index, instance), result in sorted(results.items())
        ]
        line = about(self.wait.action) | {
            "verdict": "look",
            "profile": self.profile.name,
            "did": self.did,
            "reason": reason,
            "answers": answers,
            "seconds_left": round(self.wait.lapses_at - self.now),
            "waited_s": round(self.now - self.wait.began_at),
        }
        return tell(self.cloud, line)


def arm(wait: Wait, recheck: Recheck, cloud: Cloud, now: float) -> bool:
    """Set the timer of a slot; False if it is set already, which is as good."""
    name = grid.timer_name(wait.action, recheck.slot, recheck.hop)
    new = cloud.recheck(name, recheck.at, now, message(core.next_wait(wait, recheck)))
    armed.note(wait.action, recheck.at, now)
    return new


def message(wait: Wait) -> bytes:
    return msgspec.json.encode(Message(wait))


def about(action: Action) -> dict[str, object]:
    """How a log line names an action. A token is a credential of sorts: whoever has it can end the wait."""
    return {
        "cloud": action.cloud,
        "group": action.group,
        "hook": action.hook,
        "token": action.token[:8] + "…",
        "instances": list(action.instances),
        "transition": action.transition,
    }


def tell(cloud: Cloud, line: dict[str, object]) -> dict[str, object]:
    cloud.say(line)
    return line
