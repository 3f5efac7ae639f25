"""The pure part of `rearm hooks`: what plan, apply and remove decide."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rearm.errors import ConfigError
from rearm_workbench.hooks import diff
from rearm_workbench.hooks.model import FIELDS, Found, Place, Wanted
from rearm_workbench.hooks.state import Entry, State, settled

VALUES = {
    "transition": st.sampled_from(["launch", "terminate"]),
    "heartbeat_timeout": st.sampled_from([30, 600, 3600]),
    "default_result": st.sampled_from(["CONTINUE", "ABANDON"]),
    "target": st.sampled_from(["", "queue-1", "queue-2"]),
    "role": st.sampled_from(["", "role-1", "role-2"]),
    "metadata": st.sampled_from(["", "web", "db"]),
}
CLOUDS = st.sampled_from(["aws", "alibaba"])
WHOLE = st.fixed_dictionaries(VALUES)
NAMED = st.fixed_dictionaries({"transition": VALUES["transition"]}, optional={name: VALUES[name] for name in FIELDS[1:]})
HOOKS = st.sampled_from(["a", "b", "c", "d"])
GROUPS = st.dictionaries(HOOKS, WHOLE).map(lambda hooks: [Found(hook, settings) for hook, settings in hooks.items()])
FILES = st.tuples(CLOUDS, st.dictionaries(HOOKS, NAMED)).map(
    lambda file: [Wanted(hook, Place(file[0], "r", "g"), hook, settings) for hook, settings in file[1].items()]
)


def applied(wanted: list[Wanted], found: list[Found]) -> list[Found]:
    """The group after everything of the plan is done."""
    new = {one.wanted.hook: diff.after(one) for one in diff.plan(wanted, found)}
    return [new.pop(one.hook, one) for one in found] + list(new.values())


@settings(max_examples=60, deadline=None)
@given(FILES, GROUPS)
def test_after_apply_the_plan_is_empty(wanted: list[Wanted], found: list[Found]) -> None:
    after = applied(wanted, found)
    assert all(one.kind == "same" and not one.fields for one in diff.plan(wanted, after))
    assert applied(wanted, after) == after


@settings(max_examples=60, deadline=None)
@given(FILES, GROUPS)
def test_apply_leaves_what_the_file_does_not_name(wanted: list[Wanted], found: list[Found]) -> None:
    after = {one.hook: one for one in applied(wanted, found)}
    named = {one.hook: one.settings for one in wanted}
    for one in found:
        for field in FIELDS:
            if field not in named.get(one.hook, {}):
                assert after[one.hook].settings[field] == one.settings[field]
    assert {one.hook for one in diff.strangers(wanted, found)} == {one.hook for one in found} - set(named)


@settings(max_examples=60, deadline=None)
@given(CLOUDS, WHOLE, st.lists(NAMED, min_size=1, max_size=3))
def test_what_was_changed_can_be_given_back(cloud: str, before: dict[str, str | int], files: list[dict[str, str | int]]) -> None:
    """Any number of applies, then remove: all is as it was, but for what the cloud cannot take away."""
    place = Place(cloud, "r", "g")
    now, wrote = Found("a", before), {}
    for file in files:
        change = diff.change(Wanted("a", place, "a", file), now)
        wrote |= {name: one.new for name, one in change.fields.items()}
        now = diff.after(change)
    back = diff.restored(place.cloud, now.settings, before, wrote)
    after = {**now.settings, **back.settings}
    changed = {name for name in FIELDS if after[name] != before[name]}
    assert changed <= set(diff.STAYS[place.cloud])
    assert set(back.stays) <= changed
    assert changed - set(back.stays) <= {"role"}  # without a target it does nothing
    assert back.theirs == ()


@settings(max_examples=60, deadline=None)
@given(WHOLE, WHOLE, WHOLE)
def test_what_somebody_else_changed_is_theirs(before: dict[str, str | int], wrote: dict[str, str | int], now: dict[str, str | int]) -> None:
    back = diff.restored("aws", now, before, wrote)
    for name in FIELDS:
        if now[name] not in (wrote[name], before[name]) and wrote[name] != before[name]:
            assert name in back.theirs
        assert name not in back.settings or now[name] == wrote[name]


def test_a_new_hook_gets_the_clouds_defaults() -> None:
    place = Place("aws", "r", "g")
    change = diff.change(Wanted("a", place, "a", {"transition": "launch"}), None)
    assert {name: one.new for name, one in change.fields.items()} == {
        "transition": "launch",
        "heartbeat_timeout": 3600,
        "default_result": "ABANDON",
    }


def test_what_the_file_leaves_out_is_told_of_when_it_is_worth_a_word() -> None:
    found = Found("a", dict.fromkeys(FIELDS, "") | {"transition": "launch", "heartbeat_timeout": 3600, "metadata": "web"})
    change = diff.change(Wanted("a", Place("aws", "r", "g"), "a", {"transition": "launch"}), found)
    assert (change.kind, change.kept) == ("same", {"metadata": "web"})


ENTRY = Entry("a", "", "alibaba", "r", "g", "a", made=True, wrote={"heartbeat_timeout": 600}, id="ash-1", pending=True)
SEEN = Found("a", dict.fromkeys(FIELDS, "") | {"heartbeat_timeout": 600}, id="ash-1")


def test_two_runs_at_a_time_keep_each_others_entries(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    one, two = State(path), State(path)
    one.keep(ENTRY)
    two.keep(msgspec.structs.replace(ENTRY, hook="b"))
    one.drop(ENTRY)
    assert [entry.hook for entry in State(path).entries] == ["b"]


def test_a_memory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"state\.json: cannot be written"):
        State(tmp_path / "nobody" / "state.json").keep(ENTRY)


@pytest.mark.parametrize(
    ("entry", "found", "ours"),
    [
        (ENTRY, SEEN, True),
        (ENTRY, None, False),
        (ENTRY, msgspec.structs.replace(SEEN, id="ash-2"), False),
        (msgspec.structs.replace(ENTRY, id=""), msgspec.structs.replace(SEEN, id="ash-2"), True),
        (ENTRY, msgspec.structs.replace(SEEN, settings=SEEN.settings | {"heartbeat_timeout": 30}), False),
        (
            msgspec.structs.replace(ENTRY, pending=False),
            msgspec.structs.replace(SEEN, settings=SEEN.settings | {"heartbeat_timeout": 30}),
            True,
        ),
    ],
    ids=["as written", "gone", "made anew by somebody", "id not known yet", "pending, and not as written", "confirmed, and changed since"],
)
def test_whether_a_hook_is_the_one_that_rearm_made(entry: Entry, found: Found | None, ours: bool) -> None:
    known = settled(entry, found)
    assert (known is not None) is ours
    if known is not None and found is not None:
        assert (known.pending, known.id) == (False, found.id)
