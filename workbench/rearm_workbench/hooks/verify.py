"""`rearm hooks verify`: read the hooks, their targets and roles; `findings` judges."""

from collections.abc import Iterable

import msgspec

from rearm.core.profile import Config
from rearm_workbench.hooks import arns, diff, findings
from rearm_workbench.hooks.clouds import Clouds
from rearm_workbench.hooks.model import Change, Finding, Group, HookCloud, Target, Trouble, Wanted
from rearm_workbench.hooks.run import Survey


def verify(wanted: Iterable[Wanted], clouds: Clouds, config: Config) -> list[Finding]:
    """Every finding, in the file's order. What cannot be read is a problem of its own."""
    survey = Survey(wanted, clouds)
    found = [Finding("problem", one.name, "group", one.notes[0], "then run this again") for one in survey.failed()]
    for change in survey.changes():
        found += _account(change, clouds)
        found += findings.judge(_subject(change, clouds), config)
    strangers = [(one, other) for one in survey.wanted for place, other in survey.strangers() if place == one.place]
    found += findings.collisions(survey.wanted, strangers)
    order = {one.name: index for index, one in enumerate(survey.wanted)}
    return sorted(found, key=lambda one: order[one.hook])


def _subject(change: Change, clouds: Clouds) -> findings.Subject:
    """The hook as it is; one that does not exist, as it would be made."""
    place = change.wanted.place
    settings = change.found.settings if change.found else diff.whole(change.wanted)
    cloud = clouds.of(place)
    target = None
    if settings["target"] and not arns.target_problem(place.cloud, str(settings["target"]), place.region):
        try:
            target = cloud.target(place.group, settings)
        except Trouble as trouble:
            target = Target(exists=None, unread=(str(trouble),))
    return findings.Subject(change, settings, _group(cloud, place.group), target)


def _group(cloud: HookCloud, group: str) -> Group:
    """Its hooks could be read: if the group itself cannot, what it is called is still known."""
    try:
        return cloud.about(group)
    except Trouble:
        return Group(name=group)


def _account(change: Change, clouds: Clouds) -> Iterable[Finding]:
    place = change.wanted.place
    if place.account and not clouds.account(place):
        text = f"whether the credentials are of account {place.account} could not be asked"
        yield Finding("warning", change.wanted.name, "account", text, "look yourself, or allow sts:GetCallerIdentity")


def worst(found: Iterable[Finding]) -> int:
    """The exit code."""
    return int(any(one.level == "problem" for one in found))


def as_json(found: Iterable[Finding]) -> dict[str, object]:
    return {"findings": [msgspec.to_builtins(one) for one in found]}
