"""A look: observe, decide, apply in order, and one log line.

What ends a chain of looks: a completion that the cloud confirmed, or "gone". Everything else leaves a timer behind, or raises
`TryAgain`, so that the platform delivers again.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from rearm import clock
from rearm.clouds import Cloud
from rearm.core import budget, grid, heartbeats, patience, staging
from rearm.core import decide as core
from rearm.core.measure import measures
from rearm.core.model import Action, CheckResult, Complete, Decision, Heartbeat, Recheck, StepResult, Wait
from rearm.core.profile import Profile
from rearm.core.verdict import judge
from rearm.errors import ActionGone, LimitSpent, TryAgain
from rearm.observe import observe, work

T = TypeVar("T")

BELIEVE_ENDED_AFTER_S = 60
"""The clouds are eventually consistent: a wait younger than this may be unknown to the calls that extend or end it."""

RESERVE_S = 15
"""Of the invocation's time, kept for the calls that follow another try."""

FEW_NOTED = 64
"""Up to so many timers, or twice as many as were due then, none of those that are past is forgotten: to go through them costs time."""


class Message(msgspec.Struct, frozen=True):
    """The recheck's message."""

    rearm: Wait


class Armed:
    """Which waits this process has set a timer for, so that a second notification in the same process costs nothing.

    Only a saving: another process finds the timer's name taken.
    """

    def __init__(self) -> None:
        self._due: dict[str, tuple[float, str]] = {}
        self._most = FEW_NOTED

    def note(self, action: Action, at: float, now: float) -> None:
        if len(self._due) >= self._most:
            self._due = {key: noted for key, noted in self._due.items() if noted[0] > now}
            self._most = max(FEW_NOTED, 2 * len(self._due))
        self._due[grid.identity(action)] = at, action.token

    def due(self, action: Action) -> float:
        """When its timer is due; 0 if none is known. Another token is a new action of the same instance; an empty one may be any."""
        at, token = self._due.get(grid.identity(action), (0.0, ""))
        return at if token == action.token or not (token and action.token) else 0.0


armed = Armed()


class Look:
    """One look at one wait. `next_at` is when the next one is due, None when the wait has ended."""

    def __init__(self, wait: Wait, profile: Profile, cloud: Cloud, *, held: bool = False) -> None:
        self.wait, self.profile, self.cloud, self.held = wait, profile, cloud, held
        self.limits = cloud.limits.held() if held else cloud.limits
        self.next_at: float | None = None
        self.did: list[dict[str, str]] = []
        self.worked: dict[tuple[int, str], StepResult] = {}
        self.acted_at: float | None = None
        self.by_budget = self.has_armed = False

    def run(self) -> dict[str, object]:
        self.now = clock.now()
        self.came = self.wait, self.now
        results = self.results = {} if self.wait.ending else self._observe()
        decision = core.decide(self.wait, results, self.profile, self.limits, self.now)
        reason = decision[-1].reason
        try:
            self._apply(decision)
        except ActionGone as gone:
            self.next_at = None
            self._did("gone", str(gone))
            reason = f"{gone} ({reason})"
        return self._say(results, reason)

    def _observe(self) -> dict[tuple[int, str], CheckResult]:
        """Steps, then checks, then the steps of later stages, which are for waits that go on; and what the wait remembers of them."""
        if self.profile.steps:
            self.wait, self.worked = work(self.wait, self.profile, self.cloud)
        results = self._ask()
        if self.profile.steps and judge(self.wait, results, self.profile, self.now).status == "waiting":
            self.wait, escalated = work(self.wait, self.profile, self.cloud, later=True)
            self.worked |= escalated
        return results

    def _ask(self) -> dict[tuple[int, str], CheckResult]:
        answers = observe(self.wait, self.profile, self.cloud)
        results, known = patience.settle(answers, self.wait, self.profile, self.now)
        self.wait = msgspec.structs.replace(self.wait, known=known)
        return results

    def _apply(self, decision: Decision, trouble: str = "") -> None:
        """`trouble`: what has failed already, so that the next look should come soon."""
        for effect in decision:
            if isinstance(effect, Complete):
                self._complete(effect)
            elif isinstance(effect, Heartbeat):
                refused = self.wait.refused
                trouble = self._heartbeat(effect) or trouble
                if trouble and not self.wait.ending:
                    # Refused for its time, a shorter one is asked for; and if none is left, the next look would come too late.
                    anew = core.decide(self.wait, self.results, self.profile, self.limits, self.now)
                    if isinstance(anew[-1], Complete) or self.wait.refused > refused:
                        self._apply(anew, trouble)
                        return
            elif not self._recheck(core.soon(self.wait, effect, self.limits, self.now, trouble) if trouble else effect):
                return

    def _complete(self, effect: Complete) -> None:
        self.by_budget = effect.by_budget
        while True:
            try:
                self._asked(self.cloud.complete, effect.result)
                self._did(f"complete {effect.result}", effect.reason)
                return
            except TryAgain as error:
                self.now = clock.now()
                if self.now > budget.cloud_end(self.wait, self.limits):
                    raise
                self.wait = core.after_unsure_completion(self.wait, effect.result)
                self._did(f"complete {effect.result} failed", str(error))
                plan = core.stay(self.wait, self.profile, self.limits, self.now, str(error))
                if isinstance(plan[0], Heartbeat):
                    self._heartbeat(plan[0])
                if not self._insist():
                    self._apply(plan[-1:], trouble=str(error))
                    return

    def _heartbeat(self, effect: Heartbeat) -> str:
        """Returns what went wrong, or nothing."""
        seconds = effect.seconds
        while True:
            try:
                self._asked(self.cloud.heartbeat, seconds)
                break
            except LimitSpent as spent:
                for_count = "RecordTimes" in spent.code
                self.wait = heartbeats.after_refused_heartbeat(self.wait, seconds, self.limits, for_count=for_count)
                self._did("heartbeat refused", str(spent))
                return str(spent)
            except TryAgain as error:
                self.now = clock.now()
                self.wait = heartbeats.after_unsure_heartbeat(self.wait)
                self._did("heartbeat failed", str(error))
                if not self._insist():
                    return str(error)
                # Time has passed: what was right to ask for then may be beyond the end now.
                seconds = heartbeats.heartbeat_seconds(self.wait, self.profile, self.limits, self.now)
                if not seconds:
                    return str(error)
        self.wait = heartbeats.after_heartbeat(self.wait, seconds, self.limits, self.now)
        self._did(f"heartbeat {seconds} s", effect.reason)
        return ""

    def _asked(self, call: Callable[[Action, T], None], argument: T) -> None:
        """A wait may be announced before it accepts an answer: while it is young, "no such action" is no end of it."""
        if self.acted_at is None:
            self.acted_at = clock.now()
        try:
            call(self.wait.action, argument)
        except ActionGone as gone:
            if self.now >= self.wait.began_at + BELIEVE_ENDED_AFTER_S:
                raise
            raise TryAgain(f"{gone} (the wait is {round(self.now - self.wait.began_at)} s old: it may not be accepted yet)") from gone

    def _insist(self) -> bool:
        """Whether to try once more here, after a pause: a timer would come only after the lapse."""
        pause_s = core.insist_s(self.wait, self.limits, clock.now())
        if not pause_s or self.cloud.remaining_s() < pause_s + RESERVE_S:
            return False
        clock.sleep(pause_s)
        self.now = clock.now()
        return True

    def _recheck(self, recheck: Recheck) -> bool:
        """False if somebody else looks after the wait: then there is nothing more to do."""
        # Checks, and calls that were throttled, may have taken long: a timer in the past would be refused.
        now = clock.now()
        recheck = msgspec.structs.replace(recheck, at=max(recheck.at, core.soonest_look(self.wait, self.limits, now)))
        self.next_at = recheck.at
        if self.held:
            self.wait = msgspec.structs.replace(self.wait, looks=self.wait.looks + 1)
            self._did(f"look again in {round(recheck.at - self.now)} s", "the hook is too short for a timer")
            return True
        self.has_armed = new = arm(self.wait, recheck, self.cloud, now)
        self._did(f"recheck in {round(recheck.at - now)} s", recheck.reason if new else "set already: this was a duplicate")
        return new

    def _did(self, what: str, why: str) -> None:
        self.did.append({"what": what, "why": why})

    def _say(self, results: dict[tuple[int, str], CheckResult], reason: str, **more: object) -> dict[str, object]:
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
            **({"steps": list(staging.told(self.profile, self.worked))} if self.worked else {}),
            "seconds_left": round(self.wait.lapses_at - self.now),
            "waited_s": round(self.now - self.wait.began_at),
            **measures(*self.came, self.acted_at, held=self.held, by_budget=self.by_budget),
        }
        return tell(self.cloud, line | more)


def arm(wait: Wait, recheck: Recheck, cloud: Cloud, now: float) -> bool:
    """Set the timer of the next look; False if it is set already, which is as good."""
    is_first = cloud.limits.timer_names_stay and not wait.looks
    name = grid.first_name(wait.action) if is_first else grid.timer_name(wait.action, recheck.at)
    new = cloud.recheck(name, recheck.at, now, message(core.next_wait(wait, recheck)))
    # That first name stays taken: whatever becomes of the wait, a copy of its notification can add nothing.
    armed.note(wait.action, now + cloud.limits.wait_max_s if is_first else recheck.at, now)
    return new


def message(wait: Wait) -> bytes:
    return msgspec.json.encode(Message(wait))


def about(action: Action) -> dict[str, object]:
    """How a log line names an action. A token is a credential of sorts: whoever has it can end the wait."""
    return {
        "cloud": action.cloud,
        "group": action.group,
        "hook": action.hook,
        "token": action.token[:8] + "…" if action.token else "not known",
        "instances": list(action.instances),
        "transition": action.transition,
    }


def tell(cloud: Cloud, line: dict[str, object]) -> dict[str, object]:
    cloud.say(line)
    return line
