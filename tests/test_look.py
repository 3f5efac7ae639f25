"""Looks under faults: the deployed handlers against the emulators, on the virtual clock, with calls that fail."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rearm import clock, doorway, look
from rearm import config as configs
from rearm.clouds.aws.cloud import Aws
from rearm.core import grid
from rearm.core.beginning import first_wait
from rearm.core.limits import AWS
from rearm.core.model import Action, Hook, Parsed, Wait
from rearm.errors import InvalidNotification, TryAgain
from rearm_workbench.replay import events_dir, prepare
from rearm_workbench.timeline import WaitRecord
from rearm_workbench.world_alibaba import ReplayedOnAlibaba
from rearm_workbench.world_aws import ReplayedOnAws
from rearm_workbench.world_file import judge

LAUNCH = "aws/eventbridge-launch.json"
SCALE_OUT = "alibaba/eventbridge-scale-out.json"
DEFAULT = configs.load(str(configs.DEFAULT))
BEAT = {"aws": "autoscaling:RecordLifecycleActionHeartbeat", "alibaba": "ess:RecordLifecycleActionHeartbeat"}
COMPLETE = {"aws": "autoscaling:CompleteLifecycleAction", "alibaba": "ess:CompleteLifecycleAction"}
TIMER = {"aws": "scheduler:CreateSchedule", "alibaba": "fc:InvokeFunction"}
DESCRIBE = {"aws": "autoscaling:DescribeLifecycleHooks", "alibaba": "ess:DescribeLifecycleHooks"}
SDK_TRIES = 5
both_clouds = pytest.mark.parametrize("event", [LAUNCH, SCALE_OUT], ids=["aws", "alibaba"])


def run(
    event: str, plant: Callable[[Any], None] = lambda _: None, *, config: Any = DEFAULT, path: Path | None = None, **world: object
) -> WaitRecord:
    """The first wait of an event in a world with faults planted in its emulator."""
    replay = prepare(events_dir() / event, None)
    world_class: type[Any] = ReplayedOnAws if replay.kind.cloud == "aws" else ReplayedOnAlibaba
    return world_class(event, replay.kind, replay.actions, judge(world), config, path).run(before=plant)[0]


def cloud_of(event: str) -> str:
    return event.split("/")[0]


def failing(name: str, code: str, status: int, times: int) -> Callable[[Any], None]:
    """Plants a fault: the next `times` calls of `name` fail before they take effect."""
    return lambda world: world.emulator.fail_next(name, code, status, times=times)


def whats(wait: WaitRecord) -> list[str]:
    return [entry.what for entry in wait.timeline]


@both_clouds
def test_a_heartbeat_that_fails_is_repaired_by_the_next_look(event: str) -> None:
    fail = failing(BEAT[cloud_of(event)], "InternalError", 500, times=SDK_TRIES)
    wait = run(event, fail, ready_after="25m", hook={"heartbeat_timeout": "10m"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert "heartbeat failed" in whats(wait)


@both_clouds
@pytest.mark.parametrize("code", ["Throttling", "InternalError", "AccessDenied"])
def test_an_unconfirmed_completion_is_sent_again_and_never_another(event: str, code: str) -> None:
    status = 500 if code == "InternalError" else 400
    fail = failing(COMPLETE[cloud_of(event)], code, status, times=5 * SDK_TRIES)
    wait = run(event, fail, ready_after="4m", hook={"heartbeat_timeout": "10m"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert {what for what in whats(wait) if what.startswith("complete")} == {"complete CONTINUE failed", "complete CONTINUE"}


@both_clouds
def test_a_completion_that_is_denied_for_an_hour_is_tried_again_at_the_cadence(event: str) -> None:
    """Quickly at first, then once a minute: trouble that lasts is no reason to run in circles."""
    fail = failing(COMPLETE[cloud_of(event)], "Forbidden.RAM", 403, times=60)
    wait = run(event, fail, ready_after="4m", hook={"heartbeat_timeout": "10m"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.waited_s > 40 * 60
    assert wait.looks <= wait.waited_s / 60 + 15


@both_clouds
def test_a_timer_that_cannot_be_set_is_left_to_the_platform(event: str) -> None:
    fail = failing(TIMER[cloud_of(event)], "InternalServerError", 500, times=SDK_TRIES)
    wait = run(event, fail, ready_after="8m", hook={"heartbeat_timeout": "10m"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert any("failed: delivered again" in what for what in whats(wait))


def test_a_held_wait_survives_a_hand_over_that_fails_at_first() -> None:
    """A hook of 60 s is looked at within one invocation; its successor's timer cannot be set at the first try."""
    fail = failing(TIMER["aws"], "InternalServerException", 500, times=SDK_TRIES)
    wait = run("aws/direct-launch.json", fail, ready_after="20m", hook={"heartbeat_timeout": "60s"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    assert wait.api_calls[TIMER["aws"]] > SDK_TRIES


@both_clouds
def test_a_hook_that_cannot_be_described_is_asked_again_at_once_and_the_wait_extended(event: str) -> None:
    fail = failing(DESCRIBE[cloud_of(event)], "InternalError", 500, times=SDK_TRIES)
    wait = run(event, fail, ready_after="30m", hook={"heartbeat_timeout": "10m"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")
    # On Alibaba Cloud the first look only sets the first timer, which a copy of the notification would find: the hook is known by the next.
    assert whats(wait)[2].startswith("heartbeat" if event == LAUNCH else "recheck in")
    assert wait.api_calls[DESCRIBE[cloud_of(event)]] > 1


def test_a_denied_describe_for_ever_still_ends_by_rearm() -> None:
    fail = failing(DESCRIBE["aws"], "AccessDenied", 403, times=10_000)
    wait = run(LAUNCH, fail, ready_after="20m", hook={"heartbeat_timeout": "10m"})
    assert (wait.outcome, wait.ended_by) == ("CONTINUE", "rearm")


@both_clouds
def test_a_check_that_is_denied_never_completes_anything_before_the_budget_ends(event: str, tmp_path: Path) -> None:
    path = tmp_path / "rearm.json"
    path.write_text(json.dumps({"version": 1, "profiles": [{"name": "p", "checks": [{"instance_status": {}}], "budget": "15m"}]}))
    name = "ec2:DescribeInstanceStatus" if event == LAUNCH else "ecs:DescribeInstanceStatus"
    fail = failing(name, "UnauthorizedOperation", 403, times=10_000)
    wait = run(event, fail, config=configs.load(str(path)), path=path, ready_after="2m")
    assert (wait.outcome, wait.ended_by) == ("ABANDON", "rearm")
    assert wait.waited_s > 13 * 60


def test_a_bad_record_never_takes_its_batch_with_it() -> None:
    event = json.loads((events_dir() / "aws/sqs-batch.json").read_text())
    event["Records"].insert(1, event["Records"][0] | {"messageId": "bad", "body": '{"LifecycleActionToken": 5}'})
    answers: list[Any] = []

    def deliver_all(world: Any) -> None:
        world.deliver = lambda _: answers.append(world._run("sqs", event))

    replay_wait = run("aws/sqs-batch.json", deliver_all, ready_after="3m")
    assert answers == [{"batchItemFailures": [{"itemIdentifier": "bad"}]}]
    assert replay_wait.outcome == "CONTINUE"


def test_no_token_and_no_credential_is_whole_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        for event in (LAUNCH, SCALE_OUT):
            fail = failing(COMPLETE[cloud_of(event)], "Forbidden.RAM", 403, times=1)
            wait = run(event, fail, ready_after="3m")
            said = "\n".join(record.getMessage() for record in caplog.records if record.name in ("root", "rearm"))
            assert wait.action.token[:8] in said
            assert wait.action.token not in said
    assert "EmulatedAccessKeySecret" not in caplog.text
    assert "EmulatedSecurityToken" not in caplog.text


def test_an_oos_message_without_transition_asks_the_hook() -> None:
    replay = prepare(events_dir() / "alibaba/oos.json", None)
    assert replay.actions[0].transition is None
    assert run("alibaba/oos.json", ready_after="5m").api_calls["ess:DescribeLifecycleHooks"] == 1


def test_an_action_that_no_profile_matches_is_left_alone_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "rearm.json"
    path.write_text(json.dumps({"version": 1, "profiles": [{"name": "p", "match": {"group": "other-*"}, "checks": []}]}))
    wait = run(LAUNCH, config=configs.load(str(path)), path=path, hook={"heartbeat_timeout": "10m"})
    assert wait.ended_by == "default result"
    assert "left alone" in whats(wait)
    assert sum(wait.api_calls.values()) == 0


class StandInCloud(Aws):
    """The AWS port with nothing behind it: what `look` asks of it is written down."""

    def __init__(self, remaining_s: float = 60.0) -> None:
        super().__init__(None)
        self.left_s, self.timers, self.lines = remaining_s, [], []

    def remaining_s(self) -> float:
        return self.left_s

    def recheck(self, name: str, at: float, now: float, payload: bytes) -> bool:
        self.timers.append((name, at, msgspec.json.decode(payload, type=look.Message).rearm))
        return True

    def say(self, line: dict[str, object]) -> None:
        self.lines.append(line)


@pytest.fixture
def standing_clock() -> Any:
    """A clock that moves only when somebody sleeps."""
    now = [1_800_000_000.0]
    clock.use(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    look.armed = look.Armed()
    yield now
    clock.use_real()


ACTION = Action(cloud="aws", hook="h", token="0f0e6e0c-0000-4000-8000-000000000001", instances=("i-1",), group="g", transition="launch")
ACTION = msgspec.structs.replace(ACTION, notified_at=1_800_000_000.0)


def message(due_in_s: float, now: float) -> bytes:
    wait = first_wait(ACTION, Hook(3600), AWS, now)
    wait = msgspec.structs.replace(wait, due_at=int(now + due_in_s), looks=1)
    return msgspec.json.encode({"rearm": wait})


def test_a_timer_that_comes_much_too_early_is_set_again_under_another_name(standing_clock: list[float]) -> None:
    cloud = StandInCloud(remaining_s=30)
    line = doorway.look_again(message(600, standing_clock[0]), cloud)
    assert line["verdict"] == "early"
    [(name, at, wait)] = cloud.timers
    assert (name, at) == (grid.timer_name(ACTION, wait.due_at, 1), 1_800_000_600)


def test_a_timer_that_comes_a_little_early_is_waited_for(standing_clock: list[float]) -> None:
    standing_clock[0] = 1_800_000_000.0
    cloud = StandInCloud(remaining_s=60)
    line = doorway.look_again(message(20, standing_clock[0]), cloud)
    assert line["verdict"] == "look"
    assert standing_clock[0] == 1_800_000_020.0


@pytest.mark.parametrize("payload", [b"", b"{}", b"nonsense", b'{"rearm": {}}', b'{"rearm": {"action": 5}}', b"\xff\xfe"])
def test_a_recheck_message_that_is_none_is_refused_in_one_line(payload: bytes) -> None:
    with pytest.raises(InvalidNotification) as caught:
        doorway.look_again(payload, StandInCloud())
    assert "\n" not in str(caught.value)


def test_the_wait_survives_its_journey_as_a_message() -> None:
    wait = Wait(action=ACTION, began_at=1.5, lapses_at=2.5, known={"address": "10.0.0.1"}, ending="CONTINUE", due_at=7, hop=2)
    assert msgspec.json.decode(msgspec.json.encode(look.Message(wait)), type=look.Message).rearm == wait


def test_good_notifications_are_served_before_a_bad_one_is_refused(standing_clock: list[float]) -> None:
    class NoHook(StandInCloud):
        def describe_hook(self, action: Action) -> Hook:
            raise TryAgain("throttled")

        def heartbeat(self, action: Action, seconds: int) -> None:
            raise TryAgain("throttled")

    cloud = NoHook()
    with pytest.raises(InvalidNotification, match="no token"):
        doorway.serve([Parsed("invalid", "no token"), Parsed("action", "", ACTION)], cloud)
    assert len(cloud.timers) == 1
    assert cloud.timers[0][1] >= standing_clock[0] + AWS.timer_lead_s
