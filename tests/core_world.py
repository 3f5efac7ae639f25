"""A wait run by `decide` alone against the emulators' own model of a lifecycle action: no SDK, no doorway."""

from collections.abc import Callable
from dataclasses import dataclass, field

from rearm.core import beginning, heartbeats
from rearm.core import decide as core
from rearm.core.limits import Limits
from rearm.core.model import Action, CheckResult, Complete, Heartbeat, Hook, Recheck
from rearm.core.profile import Check, One, Profile
from rearm_workbench.emulators.lifecycle import HeartbeatsSpent, LifecycleAction, LifecycleBook, TimeSpent
from rearm_workbench.virtual_clock import VirtualClock

START = 1_000.0
"""Small beside a wait: on a large one, the difference of two times and the remainder of one by the other are the same."""
LOOKS_MOST = 50_000
"""More than 48 hours have, with a look every five seconds."""


def action(cloud: str = "aws", token: str = "0f0e6e0c-0000-4000-8000-000000000001", **more: object) -> Action:
    """An action; its token tells it from others on both clouds: on AWS, where the token does not, its group does."""
    fields = {"cloud": cloud, "hook": "hook", "token": token, "instances": ("i-1",), "group": f"group of {token}", "transition": "launch"}
    return Action(**{**fields, "notified_at": START, **more})


def profile(every_s: int = 60, budget_s: int | None = None, **more: object) -> Profile:
    return Profile(name="p", checks=(Check(kind="c", settings={}),), condition=One(0), every_s=every_s, budget_s=budget_s, **more)


@dataclass
class Run:
    """What came of a wait. `beats` are (when, seconds)."""

    book_action: LifecycleAction
    looks: list[float] = field(default_factory=list)
    beats: list[tuple[float, int]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    refused: int = 0


def run(
    the_action: Action,
    the_profile: Profile,
    limits: Limits,
    *,
    timeout_s: int,
    ready_at_s: float | None,
    late: Callable[[int], float] = lambda look: 0,
    beat_fails: Callable[[int], bool] = lambda beat: False,
    heartbeat_adds: bool = False,
) -> Run:
    """Look until the action ends. `late(n)` delays the nth timer; `beat_fails(n)` makes the nth heartbeat call fail before its effect."""
    clock = VirtualClock(START)
    book = LifecycleBook(clock, limits, heartbeat_adds=heartbeat_adds)
    real = book.begin(
        LifecycleAction(
            group="group",
            hook="hook",
            token=the_action.token,
            instances=the_action.instances,
            transition=the_action.transition or "launch",
            began_at=START,
            timeout_s=timeout_s,
            default_result="ABANDON",
            lapses_at=START + timeout_s,
        )
    )
    out = Run(real)
    wait = beginning.first_wait(the_action, Hook(timeout_s), limits, START)
    attempts = 0
    while real.ended_at is None:
        now = clock.now()
        out.looks.append(now)
        assert len(out.looks) < LOOKS_MOST, "it runs in circles"
        ready = ready_at_s is not None and now >= START + ready_at_s
        answer = CheckResult("passed" if ready else "waiting", "as told")
        recheck = None
        failed = False
        for effect in core.decide(wait, {(0, i): answer for i in the_action.instances}, the_profile, limits, now):
            if isinstance(effect, Complete):
                out.sent.append(effect.result)
                book.end(real, effect.result, "client")
            elif isinstance(effect, Heartbeat):
                attempts += 1
                try:
                    if beat_fails(attempts):
                        raise ConnectionError
                    book.heartbeat(real, effect.seconds)
                    out.beats.append((now, effect.seconds))
                    wait = heartbeats.after_heartbeat(wait, effect.seconds, limits, now)
                except (HeartbeatsSpent, TimeSpent) as error:
                    out.refused += 1
                    wait = heartbeats.after_refused_heartbeat(wait, effect.seconds, limits, for_count=isinstance(error, HeartbeatsSpent))
                    failed = True
                except ConnectionError:
                    wait = heartbeats.after_unsure_heartbeat(wait)
                    failed = True
            elif isinstance(effect, Recheck):
                recheck = core.soon(wait, effect, limits, now, "heartbeat failed") if failed else effect
                message = core.next_wait(wait, recheck)  # what comes after the timer is not in its message
        if recheck is not None:
            assert recheck.at > now
            assert recheck.at > wait.due_at
            assert recheck.at <= now + limits.timer_lead_s + core.grid.TICK_S + the_profile.every_s
            wait = message
            clock.run_until(recheck.at + late(len(out.looks)))
    return out
