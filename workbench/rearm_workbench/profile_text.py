"""A profile in words, for people: what it matches, does and asks."""

from rearm import duration
from rearm.core.profile import All, AtLeast, Check, Condition, Match, Not, One, Profile, Step


def line(profile: Profile) -> str:
    """A profile in one line: what it matches, what it asks, how often, how long, and what it answers."""
    budget = "as long as the cloud allows" if profile.budget_s is None else f"for {duration.say(profile.budget_s)}"
    given = [f"{name.replace('_', ' ')} {result}" for name in ("on_failure", "on_timeout") if (result := getattr(profile, name))]
    steps = steps_text(profile)
    asks = condition_text(profile.condition, profile) or ("no checks" if steps else "no checks: goes on at once")
    if profile.instances != "all":
        asks += f" for {profile.instances} of the instances"
    if told := reported_text(profile):
        asks += f", reports {told}"
    if steps:
        asks = f"does {steps}; {asks}"
    often = duration.say(profile.every_s) + (f", lingering {duration.say(profile.linger_s)}" if profile.linger_s else "")
    return f"{profile.name}: {_match_text(profile.match)} -> {asks}; every {often}, {', '.join([budget, *given])}"


def condition_text(condition: Condition, profile: Profile, *, inner: bool = False) -> str:
    """The checks as a sentence: `http :8080/ and (tcp :22 or tag ready=yes)`."""
    if isinstance(condition, One):
        return _check_text(profile.checks[condition.index])
    if isinstance(condition, Not):
        return f"not {condition_text(condition.of, profile, inner=True)}"
    if isinstance(condition, AtLeast):
        return f"{condition.n} of ({', '.join(condition_text(part, profile, inner=True) for part in condition.of)})"
    word = " and " if isinstance(condition, All) else " or "
    text = word.join(condition_text(part, profile, inner=True) for part in condition.of)
    return f"({text})" if inner and len(condition.of) > 1 else text


def reported_text(profile: Profile) -> str:
    """The checks that are asked and decide nothing."""
    return ", ".join(_check_text(check) for check in profile.checks if not check.required)


def _check_text(check: Check) -> str:
    """A check with what is asked of it beside its answer."""
    parts = [
        f"after {duration.say(check.after_s)}" if check.after_s else "",
        f"for {duration.say(check.for_s)}" if check.for_s else "",
        f"in {check.for_looks} looks" if check.for_looks > 1 else "",
        f"failed after {duration.say(check.fail_after_s)}" if check.fail_after_s else "",
    ]
    return " ".join([check.label or check.kind, *filter(None, parts)])


def steps_text(profile: Profile) -> str:
    """The steps as a sentence: `tag draining, notify arn:… (waits for the second look); after 20m force: kubernetes_drain`."""
    stages: dict[tuple[int, str], list[str]] = {}
    for step in profile.steps:
        stages.setdefault((step.after_s, step.stage), []).append((step.label or step.kind) + _later(step))
    texts = []
    for (after_s, stage), labels in stages.items():
        when = f"after {duration.say(after_s)} {stage}: " if stage else ""
        texts.append(when + ", ".join(labels))
    return "; ".join(texts)


def _later(step: Step) -> str:
    """What a copy of the notification must not do again is not done by the first look. A stage comes later anyway."""
    return "" if step.repeatable or step.stage else " (waits for the second look)"


def _match_text(match: Match) -> str:
    parts = [f"{name} {'|'.join(values)}" for name in Match.__struct_fields__ if (values := getattr(match, name))]
    return ", ".join(parts) or "every action"
