"""START HERE for `verify`: whether hooks suit their clouds and their profiles. Pure: what was read goes in, findings come out.

Numbers: `rearm.core.limits`; the 1023 characters of metadata: AWS::AutoScaling::LifecycleHook (CloudFormation); the place of the wait in a
scale-out: api-ess-2014-08-28-createlifecyclehook ("before the instance is added to the backend server group").
"""

from collections.abc import Iterable, Iterator
from typing import Literal, cast

from rearm import duration
from rearm.core.limits import LIMITS, Limits
from rearm.core.model import Action, Transition
from rearm.core.profile import Config, Profile
from rearm_workbench.hooks import arns, delivery
from rearm_workbench.hooks.model import Change, Finding, Found, Group, Settings, Target, Wanted

CLOUDFORMATION_METADATA_MAX = 1023
LOAD_BALANCER_WORDS = ("load_balancer", "target_group", "target_health", "backend", "elb", "slb", "clb", "alb", "nlb")
ROUTES: dict[str, tuple[str, str]] = {"launch": ("EC2", "AutoScalingGroup"), "terminate": ("AutoScalingGroup", "EC2")}


class Subject:
    """A hook that is verified: as it is, or as it would be made."""

    def __init__(self, change: Change, settings: Settings, group: Group, target: Target | None) -> None:
        self.change, self.settings, self.group, self.target = change, settings, group, target
        self.wanted: Wanted = change.wanted
        self.found: Found | None = change.found
        self.limits: Limits = LIMITS[self.wanted.place.cloud]
        self.timeout_s = int(settings["heartbeat_timeout"])

    def say(self, level: Literal["ok", "warning", "problem"], check: str, text: str, todo: str = "") -> Finding:
        return Finding(level, self.wanted.name, check, text, todo)


def judge(subject: Subject, config: Config) -> list[Finding]:
    """Everything about one hook."""
    profile = config.profile_for(_action(subject))
    found = [*_existence(subject), *_metadata(subject), *_target(subject)]
    if profile is None:
        todo = "add a profile for it, or remove the hook"
        found.append(
            subject.say(
                "problem", "profile", "no profile matches it: nobody would look after its waits, and its default result falls", todo
            )
        )
        return found
    return [*found, *_timeout(subject, profile), *_budget(subject, profile), *_results(subject, profile), *_checks(subject, profile)]


def collisions(wanted: Iterable[Wanted], strangers: Iterable[tuple[Wanted, Found]]) -> Iterator[Finding]:
    """Hooks on one transition of one group. `strangers` pairs a hook of the file with one of its group that is not in the file."""
    first: dict[object, Wanted] = {}
    for one in wanted:
        taken = first.setdefault((one.place, one.settings["transition"]), one)
        if taken is not one:
            text = f"`{taken.name}` holds the {one.settings['transition']} of {one.place.group} too: the instance waits for both"
            yield Finding("problem", one.name, "collision", text, "keep one of them, and put all checks into one profile")
    for one, other in strangers:
        if other.settings["transition"] != one.settings["transition"]:
            continue
        target = one.settings.get("target")
        if target and other.settings["target"] == target:
            text = (
                f"`{other.hook}`, which is not in the file, holds the same transition and has the same target: rearm would look after both"
            )
            yield Finding("problem", one.name, "collision", text, f"remove `{other.hook}`, or give it another target")
        else:
            text = f"`{other.hook}`, which is not in the file, holds the same transition: the instance waits for both"
            yield Finding("warning", one.name, "collision", text, f"look whether `{other.hook}` is still needed")


def _existence(subject: Subject) -> Iterator[Finding]:
    change = subject.change
    if change.kind == "create":
        inside = subject.group.instances if subject.settings["transition"] == "launch" else 0
        already = f"; {inside} of the group's instances {'was' if inside == 1 else 'were'} there before it" if inside else ""
        text = f"the hook does not exist: instances pass without a wait{already}"
        yield subject.say("problem", "exists", text, "run `rearm hooks apply`")
        return
    if subject.found and not subject.found.active:
        yield subject.say(
            "problem", "exists", "the hook is switched off (InActive): instances pass without a wait", "set its status to Active"
        )
    elif change.kind == "update":
        yield subject.say("warning", "exists", f"the hook differs from the file: {', '.join(change.fields)}", "run `rearm hooks apply`")
    else:
        yield subject.say("ok", "exists", "the hook is as the file says")


def _metadata(subject: Subject) -> Iterator[Finding]:
    length = len(str(subject.settings["metadata"]))
    aws = subject.wanted.place.cloud == "aws"
    most = 4000 if aws else 4096
    if length > most:
        yield subject.say("problem", "metadata", f"{length} characters, {most} are allowed", "shorten it")
    elif aws and length > CLOUDFORMATION_METADATA_MAX:
        text = f"{length} characters: the API takes 4000, CloudFormation {CLOUDFORMATION_METADATA_MAX}"
        yield subject.say("warning", "metadata", text, f"stay within {CLOUDFORMATION_METADATA_MAX}")
    elif length:
        yield subject.say("ok", "metadata", f"{length} character{'' if length == 1 else 's'}")


def _target(subject: Subject) -> Iterator[Finding]:
    place, target = subject.wanted.place, str(subject.settings["target"])
    if not target:
        other = "an EventBridge rule" if place.cloud == "aws" else "the EventBridge bus"
        yield subject.say("ok", "target", f"none: its notifications reach rearm through {other} only")
        return
    wrong = arns.target_problem(place.cloud, target, place.region)
    if wrong:
        yield subject.say("problem", "target", f"{target}: {wrong}", "correct `target`")
    elif subject.target is not None:
        for one in delivery.judge(subject.settings, subject.target):
            yield subject.say(*one)


def _timeout(subject: Subject, profile: Profile) -> Iterator[Finding]:
    """Before the wait lapses there must be a timer, which may come late, and room for one call. On Alibaba Cloud the hook's own timeout
    counts for the first look only: each heartbeat chooses its length."""
    limits, timeout_s, said = subject.limits, subject.timeout_s, duration.say(subject.timeout_s)
    least_s = limits.timer_late_s + limits.margin_s
    if timeout_s < limits.short_hook_s:
        text = f"{said} is shorter than timers of {limits.timer_late_s + 1} s precision allow for: looks are repeated inside one invocation"
        yield subject.say("warning", "timeout", text, f"set `heartbeat_timeout` to {duration.say(limits.short_hook_s)} or more")
    elif timeout_s <= least_s:
        text = (
            f"{said} leaves the first look little time: a timer may come {limits.timer_late_s} s late, and a look needs {limits.margin_s} s"
        )
        yield subject.say("warning", "timeout", text, f"set `heartbeat_timeout` to {duration.say(2 * least_s)} or more")
    elif profile.every_s > timeout_s - least_s and limits.heartbeats_max is None:
        text = f"{said} is short for looks every {duration.say(profile.every_s)} (`{profile.name}`): some looks come earlier"
        todo = f"set `heartbeat_timeout` to {duration.say(_rounded(profile.every_s + least_s))} or more"
        yield subject.say("warning", "timeout", text, todo)
    else:
        yield subject.say("ok", "timeout", f"{said} suits looks every {duration.say(profile.every_s)} (profile `{profile.name}`)")


def _budget(subject: Subject, profile: Profile) -> Iterator[Finding]:
    limits = subject.limits
    longest_s = limits.wait_limit_s(subject.timeout_s)
    why = (
        f"{limits.heartbeats_max} heartbeats within 6h"
        if limits.heartbeats_max
        else f"100 x {duration.say(subject.timeout_s)}, 48h at most"
    )
    if profile.budget_s is not None and profile.budget_s > longest_s:
        text = f"the budget of {duration.say(profile.budget_s)} is never reached: this hook can wait {duration.say(longest_s)} ({why})"
        todo = "shorten `budget`" if longest_s == limits.wait_max_s else "shorten `budget`, or lengthen `heartbeat_timeout`"
        yield subject.say("warning", "budget", text, todo)
    else:
        said = "as long as the cloud allows" if profile.budget_s is None else duration.say(profile.budget_s)
        yield subject.say("ok", "budget", f"{said}; this hook can wait {duration.say(longest_s)} ({why})")


def _results(subject: Subject, profile: Profile) -> Iterator[Finding]:
    """The default result falls when rearm itself is out of order."""
    if subject.settings["transition"] == "launch" and subject.settings["default_result"] == "CONTINUE" and profile.checks:
        text = "default result CONTINUE: an instance that nobody could check goes into service"
        yield subject.say("warning", "default result", text, "set `default_result: ABANDON`")


def _checks(subject: Subject, profile: Profile) -> Iterator[Finding]:
    if subject.wanted.place.cloud != "alibaba" or subject.settings["transition"] != "launch":
        return
    for check in profile.checks:
        if any(f"_{word}_" in f"_{check.kind}_" for word in LOAD_BALANCER_WORDS):
            text = f"`{check.label or check.kind}` can never pass: on Alibaba Cloud the instance joins its load balancer after this hook"
            yield subject.say("problem", "checks", text, f"take it out of profile `{profile.name}`, or ask the instance itself")


def _action(subject: Subject) -> Action:
    """The action that the hook's notification will tell of."""
    place, settings = subject.wanted.place, subject.settings
    transition = cast(Transition, settings["transition"])
    aws = place.cloud == "aws"
    origin, destination = ROUTES[transition] if aws else (None, None)
    return Action(
        cloud=place.cloud,
        hook=subject.wanted.hook if aws or subject.found is None else subject.found.id,
        hook_name=None if aws else subject.wanted.hook,
        token="",
        instances=(),
        group=place.group,
        group_name=None if aws else subject.group.name,
        transition=transition,
        metadata=str(settings["metadata"]) or None,
        origin=origin,
        destination=destination,
    )


def _rounded(seconds: int) -> int:
    """Up to whole minutes."""
    return -(-seconds // 60) * 60
