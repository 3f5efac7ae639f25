"""The values: frozen, small as messages, and what they mean before anybody has said anything. `core/model.py`."""

from typing import Any, get_args

import msgspec
import pytest

from core_world import START, action
from rearm.core import model
from rearm.core.model import Action, CheckResult, Complete, Heartbeat, Held, Hook, Parsed, Recheck, StepResult, Wait
from rearm.core.profile import All, AtLeast, Check, Config, Match, Not, One, Profile, Step
from rearm.core.profile import Any as AnyOf
from rearm.core.verdict import Verdict

BARE = Action(cloud="aws", hook="h", token="t", instances=("i-1",))
WAIT = Wait(action=BARE, began_at=START, lapses_at=START + 600)
VALUES: list[Any] = [
    BARE,
    WAIT,
    Hook(600),
    Held(BARE, Hook(600), None),
    Parsed("test", "r"),
    CheckResult("passed", "r"),
    Heartbeat(30, "r"),
    Recheck(1, "r"),
    Complete("CONTINUE", "r"),
    Verdict("passed", "r"),
    Match(),
    Check("tcp", {}),
    All(of=()),
    AnyOf(of=()),
    One(0),
    AtLeast(1, (One(0),)),
    Not(One(0)),
    Step("tag", {}),
    StepResult("done", "r"),
    Profile(name="p"),
    Config(()),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_are_frozen(value: Any) -> None:
    first = value.__struct_fields__[0]
    with pytest.raises(AttributeError, match="immutable"):
        setattr(value, first, getattr(value, first))


def test_the_words_of_both_clouds_and_no_others() -> None:
    assert get_args(model.CloudName) == ("aws", "alibaba")
    assert get_args(model.Transition) == ("launch", "terminate")
    assert get_args(model.Result) == ("CONTINUE", "ABANDON", "ROLLBACK")
    assert get_args(model.Status) == ("passed", "waiting", "failed", "gone")


def test_a_message_carries_only_what_is_known() -> None:
    """It has to fit into a schedule's input and a delayed invocation, and nobody reads what is not there."""
    assert msgspec.json.encode(BARE) == b'{"cloud":"aws","hook":"h","token":"t","instances":["i-1"]}'
    assert msgspec.json.decode(msgspec.json.encode(WAIT)).keys() == {"action", "began_at", "lapses_at"}
    assert msgspec.json.encode(Match(group=("web",))) == b'{"group":["web"]}'
    assert msgspec.json.encode(Profile(name="p")) == b'{"name":"p"}'


def test_every_wait_survives_its_journey_as_a_message() -> None:
    for cloud in get_args(model.CloudName):
        for transition in (*get_args(model.Transition), None):
            for ending in (*get_args(model.Result), None):
                told = action(cloud, transition=transition)
                wait = Wait(action=told, began_at=1.5, lapses_at=2.5, ending=ending, known={"address": "10.0.0.1"})
                assert msgspec.json.decode(msgspec.json.encode(wait), type=Wait) == wait


def test_effects_are_told_apart_in_a_log_by_their_names() -> None:
    told = [msgspec.to_builtins(effect)["type"] for effect in (Heartbeat(30, "r"), Recheck(1, "r"), Complete("CONTINUE", "r"))]
    assert told == ["Heartbeat", "Recheck", "Complete"]


def test_conditions_are_told_apart_in_a_configuration_by_their_words() -> None:
    condition = All(of=(One(0), AnyOf(of=(One(1), One(2)))))
    assert [msgspec.to_builtins(one)["type"] for one in (condition, condition.of[1], condition.of[0])] == ["all", "any", "check"]
    profile = Profile(name="p", condition=condition)
    assert msgspec.json.decode(msgspec.json.encode(profile), type=Profile) == profile


def test_a_wait_of_which_nothing_has_happened_yet() -> None:
    """No heartbeat, no look, no trouble, no result sent; nothing granted but what its caller says."""
    assert (WAIT.heartbeats, WAIT.looks, WAIT.refused, WAIT.troubles, WAIT.hop) == (0, 0, 0, 0, 0)
    assert (WAIT.heartbeat_timeout_s, WAIT.granted_s, WAIT.due_at) == (0, 0, 0)
    assert (WAIT.ending, WAIT.known) == (None, {})
