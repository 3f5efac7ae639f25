"""What the commands do: read everything, decide (`diff`), write where something changes. What fails stops nothing else."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from rearm_workbench.hooks import diff
from rearm_workbench.hooks.clouds import Clouds
from rearm_workbench.hooks.model import Change, Found, NoGroup, Place, Trouble, Wanted, value_text
from rearm_workbench.hooks.state import Entry, State, settled

Done = Literal["planned", "created", "updated", "no change", "deleted", "restored", "gone", "failed"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one hook. `change` is None where nothing could be read, and for `remove`; `notes` are lines for the operator."""

    name: str
    place: Place
    hook: str
    done: Done
    change: Change | None = None
    notes: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """What a command has to say. `strangers` are hooks of the groups that the file does not name."""

    outcomes: list[Outcome]
    strangers: list[tuple[Place, Found]] = []
    orphans: list[Entry] = []
    """Made or changed by rearm, and no longer in the file."""

    @property
    def failed(self) -> bool:
        return any(one.done == "failed" for one in self.outcomes)


class Survey:
    """Every group of the file, read once."""

    def __init__(self, wanted: Iterable[Wanted], clouds: Clouds) -> None:
        self.wanted = tuple(wanted)
        self.found: dict[Place, list[Found]] = {}
        self.troubles: dict[Place, str] = {}
        for place in dict.fromkeys(one.place for one in self.wanted):
            try:
                self.found[place] = clouds.hooks(place)
            except Trouble as trouble:
                self.troubles[place] = str(trouble)

    def changes(self) -> list[Change]:
        """What has to be done, in the file's order, where the group could be read."""
        by_hook = {(place, one.hook): one for place, found in self.found.items() for one in found}
        return [diff.change(one, by_hook.get((one.place, one.hook))) for one in self.wanted if one.place in self.found]

    def failed(self) -> list[Outcome]:
        """The hooks whose group could not be read."""
        return [
            Outcome(one.name, one.place, one.hook, "failed", notes=(self.troubles[one.place],))
            for one in self.wanted
            if one.place in self.troubles
        ]

    def strangers(self) -> list[tuple[Place, Found]]:
        """Hooks of these groups that the file does not name."""
        named = {(one.place, one.hook) for one in self.wanted}
        return [(place, one) for place, found in self.found.items() for one in found if (place, one.hook) not in named]


def plan(wanted: Iterable[Wanted], clouds: Clouds, state: State, env: str) -> Report:
    """What `apply` would do. No write call, and the state stays as it is."""
    survey = Survey(wanted, clouds)
    outcomes = [_outcome(one, "planned" if one.kind != "same" else "no change") for one in survey.changes()]
    return _report(survey, outcomes, clouds, state, env)


def apply(wanted: Iterable[Wanted], clouds: Clouds, state: State, env: str) -> Report:
    """Create and update what the plan says. Raises ConfigError when the state cannot be written: then nothing more is done."""
    survey = Survey(wanted, clouds)
    outcomes = [_apply(one, clouds, state, env) for one in survey.changes()]
    return _report(survey, outcomes, clouds, state, env)


def remove(entries: Iterable[Entry], clouds: Clouds, state: State) -> Report:
    """Delete the hooks that rearm made, give those that it changed their former values back. Raises ConfigError."""
    return Report([_remove(one, clouds, state) for one in list(entries)])


def _report(survey: Survey, outcomes: list[Outcome], clouds: Clouds, state: State, env: str) -> Report:
    order = {one.name: index for index, one in enumerate(survey.wanted)}
    both = sorted([*outcomes, *survey.failed()], key=lambda one: order[one.name])
    owned = [state.of(one.place, one.hook, clouds.endpoint(one.place)) for one in survey.wanted]
    here = [one for one in state.entries if one.env == env and one.endpoint == clouds.endpoint(one.place)]
    return Report(both, survey.strangers(), [one for one in here if one not in owned])


def _apply(change: Change, clouds: Clouds, state: State, env: str) -> Outcome:
    wanted, found = change.wanted, change.found
    place = wanted.place
    before = state.of(place, wanted.hook, clouds.endpoint(place))
    known = settled(before, found) if before else None
    if change.kind == "same":
        if before is not None and known is None:
            state.drop(before)
        elif known is not None and known != before:
            state.keep(known)
        return _outcome(change, "no change")
    entry = _entry(change, known, clouds, env)
    state.keep(entry)
    try:
        if found is None:
            entry = msgspec.structs.replace(entry, id=clouds.of(place).create(wanted))
        else:
            clouds.of(place).update(place.group, found, {name: one.new for name, one in change.fields.items()})
    except Trouble as trouble:
        if trouble.sure:
            state.drop(entry)
            if known is not None:
                state.keep(known)
        unsure = () if trouble.sure else ("whether it was done is not known: run this again",)
        return _outcome(change, "failed", str(trouble), *unsure)
    state.keep(msgspec.structs.replace(entry, pending=False))
    return _outcome(change, "created" if found is None else "updated")


def _entry(change: Change, known: Entry | None, clouds: Clouds, env: str) -> Entry:
    """What is remembered of a write that is about to be done."""
    wanted, place = change.wanted, change.wanted.place
    new = {name: one.new for name, one in change.fields.items()}
    if change.found is None:
        made, wrote, before = True, diff.whole(wanted), {}
    else:
        made = known.made if known else False
        wrote = (known.wrote if known else {}) | new
        first = {name: one.old for name, one in change.fields.items() if known is None or name not in known.wrote}
        before = {} if made else change.found.settings | (known.before if known else {}) | first
    return Entry(
        name=wanted.name,
        env=env,
        cloud=place.cloud,
        region=place.region,
        group=place.group,
        hook=wanted.hook,
        made=made,
        wrote=wrote,
        before=before,
        account=place.account or clouds.account(place),
        credentials=place.credentials,
        id=change.found.id if change.found else "",
        endpoint=clouds.endpoint(place),
        pending=change.found is None or not made,
    )


def _remove(entry: Entry, clouds: Clouds, state: State) -> Outcome:
    place = entry.place

    def outcome(done: Done, *notes: str) -> Outcome:
        return Outcome(entry.name, place, entry.hook, done, notes=notes)

    try:
        found = next((one for one in clouds.hooks(place) if one.hook == entry.hook), None)
        known = settled(entry, found)
        if found is None or known is None:
            state.drop(entry)
            return outcome("gone", "" if found is None else "another hook has its name now: left alone")
        if entry.made:
            clouds.of(place).delete(place.group, found)
            state.drop(entry)
            return outcome("deleted", "" if diff.as_wrote(found.settings, entry.wrote) else "somebody had changed it since")
        back = diff.restored(place.cloud, found.settings, entry.before, entry.wrote)
        if back.settings:
            clouds.of(place).update(place.group, found, back.settings)
        state.drop(entry)
        said = (f"{name}: {value_text(name, found.settings[name])} -> {value_text(name, value)}" for name, value in back.settings.items())
        theirs = f"left as somebody changed it since: {', '.join(back.theirs)}" if back.theirs else ""
        stays = f"the cloud has no call to take it away: {', '.join(back.stays)}" if back.stays else ""
        return outcome("restored", *said, theirs, stays)
    except NoGroup as trouble:
        if entry.account and clouds.account(place) == entry.account:
            state.drop(entry)
            return outcome("gone", "with its group")
        return outcome("failed", str(trouble))
    except Trouble as trouble:
        return outcome("failed", str(trouble))


def _outcome(change: Change, done: Done, *notes: str) -> Outcome:
    return Outcome(change.wanted.name, change.wanted.place, change.wanted.hook, done, change, notes)
