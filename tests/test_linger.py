"""`linger`: between two looks the checks are asked again inside the invocation of the first. The deployed handlers, in virtual time."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rearm import config as configs
from rearm.clouds.alibaba.cloud import Alibaba
from rearm.clouds.aws.cloud import Aws
from rearm.errors import TryAgain
from rearm_workbench.timeline import WaitRecord
from test_look import COMPLETE, LAUNCH, SCALE_OUT, SDK_TRIES, TIMER, cloud_of, failing, run, whats

EVERY_S = {"aws": 600, "alibaba": 480}
QUESTION = {"aws": "ec2:DescribeInstanceStatus", "alibaba": "ecs:DescribeInstanceStatus"}
HOUR = {"heartbeat_timeout": "1h"}
both_clouds = pytest.mark.parametrize("event", [LAUNCH, SCALE_OUT], ids=["aws", "alibaba"])


@pytest.fixture
def lingered(tmp_path: Path) -> Callable[..., WaitRecord]:
    """A wait of a profile that lingers 10 s, or as long as `linger` says; None: not at all."""

    def replayed(event: str, plant: Callable[[Any], None] = lambda _: None, linger: str | None = "10s", **world: object) -> WaitRecord:
        one = {"name": "p", "checks": ["instance_status"], "every": EVERY_S[cloud_of(event)]} | ({"linger": linger} if linger else {})
        path = tmp_path / f"{linger}.json"
        path.write_text(json.dumps({"version": 1, "profiles": [one]}))
        return run(event, plant, config=configs.load(str(path)), path=path, **({"hook": HOUR} | world))

    return replayed


@both_clouds
@pytest.mark.parametrize("late", [{}, {"timers_late": "59s"}], ids=["on-time", "late"])
@pytest.mark.parametrize("ready_s", [400, 777, 1190, 1203, 1231, 1998])
def test_who_is_ready_is_let_go_within_ten_seconds(
    lingered: Callable[..., WaitRecord], event: str, late: dict[str, str], ready_s: int
) -> None:
    wait = lingered(event, ready_after=ready_s, **late)
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert 0 <= wait.waited_s - ready_s <= 10


@both_clouds
def test_a_look_costs_what_it_always_did_and_a_peek_costs_its_question(lingered: Callable[..., WaitRecord], event: str) -> None:
    cloud = cloud_of(event)
    with_it, without = lingered(event, ready_after="95m"), lingered(event, linger=None, ready_after="95m")
    beats = with_it.real.heartbeats
    assert without.real.heartbeats <= beats <= without.real.heartbeats + 1
    # One look comes at once, that lingering begins; one comes after the end, and finds that.
    assert with_it.looks - without.looks in (0, 1, 2)
    assert with_it.api_calls[TIMER[cloud]] <= without.api_calls[TIMER[cloud]] + 1
    overlap_s = 60 * with_it.looks
    assert 95 * 6 - 10 <= with_it.api_calls[QUESTION[cloud]] <= 95 * 6 + overlap_s / 10 + with_it.looks
    assert with_it.api_calls[COMPLETE[cloud]] == 2  # the second is the next look's, whose timer was set: refused


@both_clouds
def test_the_notification_is_answered_at_once_and_lingering_begins_with_the_first_timer(
    lingered: Callable[..., WaitRecord], event: str
) -> None:
    wait = lingered(event, ready_after="30m")
    first, second, *_ = [entry.at_s for entry in wait.timeline if entry.what.startswith("look ")]
    assert first <= 3
    assert second <= 20
    assert min(entry.at_s for entry in wait.timeline if entry.what == "lingered") > second


def unanswered(patch: pytest.MonkeyPatch, cloud: str, fails: Callable[[], bool], *, after_effect: bool) -> None:
    """Completions get no answer, as the deployed adapter tells of that, while `fails()`."""
    kind = {"aws": Aws, "alibaba": Alibaba}[cloud]
    real = kind.complete

    def complete(self: Any, *told: Any) -> None:
        lost = fails()
        if after_effect or not lost:
            real(self, *told)
        if lost:
            raise TryAgain("no answer came")

    patch.setattr(kind, "complete", complete)


@both_clouds
def test_a_lost_answer_is_asked_for_again_and_found_to_be_the_end(
    lingered: Callable[..., WaitRecord], event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([True])
    unanswered(monkeypatch, cloud_of(event), lambda: next(answers, False), after_effect=True)
    wait = lingered(event, ready_after="13m")
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s - 13 * 60 <= 10
    ends = [what for what in whats(wait) if what.startswith(("complete", "gone"))]
    assert ends[:2] == ["complete CONTINUE failed", "gone"]


@both_clouds
def test_a_refused_completion_is_sent_again_in_the_same_invocation(lingered: Callable[..., WaitRecord], event: str) -> None:
    fail = failing(COMPLETE[cloud_of(event)], "Throttling", 400, times=SDK_TRIES)
    wait = lingered(event, fail, ready_after="13m")
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s - 13 * 60 <= 45, "long before the next look"


def test_a_result_that_was_not_confirmed_is_the_next_looks_too_whatever_the_checks_say_then(
    lingered: Callable[..., WaitRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS: the message of the next look, which was set before, is told of it. Ready at 13 min, for a minute; no answer until that look."""
    worlds: list[Any] = []
    unanswered(monkeypatch, "aws", lambda: worlds[0].clock.now() < worlds[0].start + 1290, after_effect=False)

    def for_a_minute(world: Any) -> None:
        worlds.append(world)
        is_ready = partial(_between, world, 780, 840)
        world.clock.call_at(world.start + 700, lambda: world.instances.set_ready(world.actions[0].instances[0], is_ready))

    wait = lingered(LAUNCH, for_a_minute, ready_after="10h")
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s < 1400
    looks = [entry for entry in wait.timeline if entry.what.startswith("look ") and 840 < entry.at_s < wait.waited_s]
    assert looks[0].why == "sent before, not confirmed"


def _between(world: Any, since_s: float, until_s: float) -> bool:
    return bool(world.start + since_s <= world.clock.now() < world.start + until_s)
