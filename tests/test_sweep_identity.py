"""What it takes that a wait on AWS is known by group, hook and instance, and that the sweep cannot know its token."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aws_world import FUNCTION, INSTANCE, ROLE, START, TOKEN, World, running
from rearm import look
from rearm.clouds.aws.cloud import Aws
from rearm.clouds.aws.timers import token_of
from rearm.core import decide as core
from rearm.core import grid
from rearm.core.model import Action, Wait
from rearm.errors import TryAgain
from sweep_world import SweepWorld, sweep_world

OTHER = "b" * 36
ACTION = Action(cloud="aws", hook="hold", token=TOKEN, instances=(INSTANCE,), group="web", transition="launch")
NAMELESS = msgspec.structs.replace(ACTION, token="")
LATER = msgspec.structs.replace(ACTION, token=OTHER)
CREATE, GET = "scheduler:CreateSchedule", "scheduler:GetSchedule"
DUE = START + 60
NAME = grid.timer_name(ACTION, int(DUE))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("REARM_SCHEDULE_GROUP", "rearm")
    monkeypatch.setenv("REARM_RECHECK_ARN", FUNCTION)
    monkeypatch.setenv("REARM_SCHEDULER_ROLE_ARN", ROLE)
    with running() as one:
        one.aws.add_schedule_group("rearm")
        yield one


@pytest.fixture
def swept(tmp_path: Path) -> Iterator[SweepWorld]:
    with sweep_world("aws", tmp_path) as made:
        yield made


def payload(action: Action) -> bytes:
    return look.message(Wait(action, START, START + 600))


def test_group_hook_and_instance_identify_a_wait_on_aws_and_the_token_does_not() -> None:
    assert grid.identity(ACTION) == grid.identity(LATER) == grid.identity(NAMELESS)
    for other in ({"group": "api"}, {"hook": "other"}, {"instances": ("i-2",)}):
        assert grid.identity(msgspec.structs.replace(ACTION, **other)) != grid.identity(ACTION)


def test_the_token_identifies_a_wait_on_alibaba_cloud() -> None:
    there = msgspec.structs.replace(ACTION, cloud="alibaba")
    assert grid.identity(msgspec.structs.replace(there, group="other", instances=("i-9",))) == grid.identity(there)
    assert grid.identity(msgspec.structs.replace(there, token=OTHER)) != grid.identity(there)


def test_without_a_token_the_instance_alone_names_the_action(world: World) -> None:
    action = world.seed()
    world.clock.run_until(START + 500)
    Aws().heartbeat(NAMELESS, 600)
    assert action.lapses_at == START + 1100
    Aws().complete(NAMELESS, "CONTINUE")
    assert (action.result, action.by) == ("CONTINUE", "client")
    for _, text in world.calls:
        assert f"InstanceId={INSTANCE}" in text
        assert "LifecycleActionToken" not in text


@pytest.mark.parametrize(
    ("first", "second", "new", "asked"),
    [
        (ACTION, ACTION, False, [CREATE, CREATE, GET]),
        (ACTION, NAMELESS, False, [CREATE, CREATE]),
        (NAMELESS, ACTION, False, [CREATE, CREATE, GET]),
        (NAMELESS, NAMELESS, False, [CREATE, CREATE]),
        (ACTION, LATER, True, [CREATE, CREATE, GET, CREATE]),
    ],
    ids=["the same", "found by the sweep", "found by a notification", "two sweeps", "a later action"],
)
def test_a_name_that_is_taken(world: World, first: Action, second: Action, new: bool, asked: list[str]) -> None:
    assert Aws().recheck(NAME, DUE, START, payload(first))
    assert Aws().recheck(NAME, DUE, START, payload(second)) is new
    assert [name for name, _ in world.calls] == asked
    assert len(world.aws.pending_schedules()) == 1 + new


def test_a_later_action_has_a_timer_of_its_own_and_once(world: World) -> None:
    """Its name carries a mark of the token, fits, and still tells the identity."""
    assert Aws().recheck(NAME, DUE, START, payload(ACTION))
    assert Aws().recheck(NAME, DUE, START, payload(LATER))
    assert not Aws().recheck(NAME, DUE, START, payload(LATER))
    [marked] = [name for name in world.aws.pending_schedules() if name != NAME]
    assert marked.startswith(NAME + "-")
    assert len(marked) <= 64
    assert grid.identity_of(marked) == grid.identity(ACTION)
    longest = grid.timer_name(ACTION, 9_999_999_999, 99)
    assert len(longest) + 7 <= 64


def test_a_timer_that_fires_while_it_is_asked_about_is_set_again(world: World) -> None:
    """It may have been the earlier action's: then nobody else sets one for this."""
    world.aws.fail_next(CREATE, "ConflictException", 409)
    assert Aws().recheck(NAME, DUE, START, payload(LATER))
    assert world.aws.pending_schedules() == [NAME]


UPDATE = "scheduler:UpdateSchedule"


def knowing(action: Action, **known: str) -> bytes:
    return look.message(Wait(action, START, START + 600, known=known))


@pytest.mark.parametrize("ours", [ACTION, NAMELESS])
def test_a_timer_of_a_late_copy_is_told_what_is_done(world: World, ours: Action) -> None:
    assert Aws().recheck(NAME, DUE, START, payload(ACTION))
    before = world.aws.client("scheduler").get_schedule(GroupName="rearm", Name=NAME)
    world.calls.clear()
    assert not Aws().recheck(NAME, DUE, START, knowing(ours, **{"step:0:i-1": "done"}))
    assert [name for name, _ in world.calls] == [CREATE, GET, UPDATE]
    after = world.aws.client("scheduler").get_schedule(GroupName="rearm", Name=NAME)
    told = msgspec.json.decode(after["Target"].pop("Input"), type=look.Message).rearm
    assert (told.action, told.known) == (ACTION, {"step:0:i-1": "done"})
    del before["Target"]["Input"]
    for name in ("ScheduleExpression", "ActionAfterCompletion", "FlexibleTimeWindow", "Target"):
        assert after[name] == before[name]
    world.calls.clear()
    assert not Aws().recheck(NAME, DUE, START, knowing(ACTION, **{"step:0:i-1": "going throttled"}))
    assert [name for name, _ in world.calls] == [CREATE, GET], "it knows more than we do"


def test_a_timer_that_cannot_be_told_is_as_good(world: World) -> None:
    assert Aws().recheck(NAME, DUE, START, payload(ACTION))
    world.aws.fail_next(UPDATE, "AccessDeniedException", 403)
    assert not Aws().recheck(NAME, DUE, START, knowing(ACTION, address="10.0.0.1"))


def test_a_timer_that_may_not_be_asked_about_is_left_to_the_platform(world: World) -> None:
    """To take it for a duplicate would leave a later action without a look."""
    Aws().recheck(NAME, DUE, START, payload(ACTION))
    world.aws.fail_next(GET, "AccessDeniedException", 403)
    with pytest.raises(TryAgain, match=f"{GET} is denied"):
        Aws().recheck(NAME, DUE, START, payload(LATER))


@pytest.mark.parametrize("text", [b"", b"{}", b"5", b"nonsense", b'{"rearm": {"action": {"token": 5}}}', b'{"rearm": []}', b"\xff"])
def test_a_message_that_is_none_of_rearms_has_no_token(text: bytes) -> None:
    assert token_of(text) == ""
    assert token_of(payload(ACTION)) == TOKEN


def test_what_a_process_remembers_tells_actions_apart() -> None:
    armed = look.Armed()
    armed.note(ACTION, 200.0, 100.0)
    assert armed.due(ACTION) == armed.due(NAMELESS) == 200.0
    assert armed.due(LATER) == 0.0
    armed.note(NAMELESS, 300.0, 100.0)
    assert armed.due(LATER) == 300.0
    armed.note(LATER, 500.0, 400.0)
    assert armed.due(ACTION) == 0.0


def test_an_unconfirmed_result_is_sent_again_only_with_a_token() -> None:
    """Without one it might end a later action of the same instance and hook."""
    for action, ending in ((ACTION, "CONTINUE"), (NAMELESS, None)):
        wait = core.after_unsure_completion(Wait(action, START, START + 600), "CONTINUE")
        assert (wait.ending, wait.troubles) == (ending, 1)


def test_without_a_token_an_unconfirmed_completion_asks_the_checks_again(swept: SweepWorld) -> None:
    action = swept.wait(timeout_s=600)
    swept.ready_after(1, 90)
    swept.run_for(60)
    swept.sweep()
    swept.emulator.fail_next("autoscaling:CompleteLifecycleAction", "InternalFailure", 500, times=5)
    while not any(did["what"] == "complete CONTINUE failed" for line in swept.verdicts("look") for did in line["did"]):
        assert swept.clock.step()
    swept.ready_after(1, 600)
    swept.run_for(300)
    assert action.ended_at is None, "the checks no longer pass"
    swept.run_for(900)
    assert (action.result, action.by) == ("CONTINUE", "client")


def test_a_second_action_of_the_same_instance_and_hook_is_looked_after(swept: SweepWorld) -> None:
    """Warm pool: an operator completes the first, and the second begins before the first one's timer has come."""
    first = swept.wait(origin="EC2", destination="WarmPool")
    swept.notify(first)
    assert swept.timers() == 1
    swept.emulator.book.end(first, "CONTINUE", "client")
    swept.clock.run_until(swept.clock.now() + 1)
    swept.emulator._ec2.start_instances([swept.instance(1)])
    second = swept.wait(origin="WarmPool", destination="AutoScalingGroup")
    swept.notify(second)
    assert swept.timers() == 2
    swept.ready_after(1, 900)
    swept.run_for(1200)
    assert (second.result, second.by) == ("CONTINUE", "client")
    assert swept.timers() == 0


def test_a_hook_that_is_done_beside_one_that_waits_costs_looks_and_nothing_else(swept: SweepWorld) -> None:
    """No operation tells that the first hook is done: it is adopted, and its first call finds the action gone."""
    done, waiting = swept.wait(hook="first"), swept.wait(hook="second")
    swept.emulator.book.end(done, "CONTINUE", "client")
    swept.ready_after(1, 1200)
    swept.run_for(120)
    assert swept.sweep()["adopted"] == 2
    swept.run_for(1800)
    assert [line["hook"] for line in swept.verdicts("look") if "gone" in {did["what"] for did in line["did"]}] == ["first"]
    assert (waiting.result, waiting.by) == ("CONTINUE", "client")
    assert swept.timers() == 0


def test_a_hook_too_short_for_timers_is_held_once_it_is_adopted(swept: SweepWorld) -> None:
    """A hook of 60 s, ready after ten minutes; later sweeps do not add another invocation."""
    action = swept.wait(timeout_s=60)
    swept.ready_after(1, 600)
    swept.run_for(20)
    swept.sweep_every(60)
    assert swept.sweep()["adopted"] == 1
    swept.run_for(900)
    assert (action.result, action.by) == ("CONTINUE", "client")
    assert len(swept.verdicts("adopted")) == 1
