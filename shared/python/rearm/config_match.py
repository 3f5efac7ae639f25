"""Judges the `match` of profiles: allowed words, patterns that match nothing, profiles that are never reached.

Origin, Destination and Action exist on AWS only (docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pools-eventbridge-events).
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase, translate
from typing import cast

import msgspec

from rearm.config_problems import Problems
from rearm.core.model import CloudName
from rearm.core.profile import Match

ABSENT = "-"
PLACES = ("EC2", "AutoScalingGroup", "WarmPool")
CLOUDS: tuple[CloudName, ...] = ("aws", "alibaba")
TRANSITIONS = ("launch", "terminate")
WORDS: dict[str, tuple[str, ...]] = {
    "cloud": CLOUDS,
    "transition": TRANSITIONS,
    "origin": (*PLACES, ABSENT),
    "destination": (*PLACES, ABSENT),
    "action": ("ReplaceRootVolume", ABSENT),
}
"""The fields that take words; the others take patterns."""
AWS_ONLY = ("origin", "destination", "action")
OPTIONAL = ("group", "metadata", *AWS_ONLY)
"""Fields that a notification may lack, so that `-` can match."""
FIELDS = Match.__struct_fields__


def judge_match(raw: object, path: str, problems: Problems) -> Match | None:
    """The match, or None if anything is wrong with it (which is then reported)."""
    before = len(problems.lines)
    given = problems.mapping(path, raw, FIELDS, optional=FIELDS)
    if given is None:
        return None
    fields = {name: _values(name, value, f"{path}.{name}", problems) for name, value in given.items()}
    if len(problems.lines) > before:
        return None
    match = msgspec.convert(fields, Match)
    _judge_together(match, path, problems)
    return match if len(problems.lines) == before else None


def _values(name: str, raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    if isinstance(raw, list):
        if not raw:
            problems.add(path, f"an empty list matches nothing; leave `{name}` out to match every {name}")
        items = [(f"{path}[{index}]", value) for index, value in enumerate(raw)]
    else:
        items = [(path, raw)]
    for at, value in items:
        if not isinstance(value, str):
            problems.wrong(at, value, "a text or a list of texts" if at == path else "a text")
        elif name in WORDS:
            problems.word(at, value, WORDS[name])
        else:
            _judge_pattern(name, value, at, problems)
    return tuple(value for _, value in items if isinstance(value, str))


def _judge_pattern(name: str, pattern: str, path: str, problems: Problems) -> None:
    if not pattern:
        problems.add(path, f"an empty text matches nothing; leave `{name}` out, or write `-` for an action without {name}")
    elif "(?!)" in translate(pattern):
        problems.add(path, f"`{pattern}`: this pattern can match nothing; look at its [..]")
    elif pattern == ABSENT and name not in OPTIONAL:
        problems.add(path, f"`-`: every action has a {name}, so this matches nothing")


def _judge_together(match: Match, path: str, problems: Problems) -> None:
    if match.cloud == ("alibaba",):
        for name in AWS_ONLY:
            values = _of(match, name)
            if values and ABSENT not in values:
                problems.add(f"{path}.{name}", f"`{values[0]}`: only AWS tells the {name}, so with `cloud: alibaba` this matches nothing")
    elif not any(True for _ in _kinds(match)):
        if match.transition == ("launch",):
            problems.add(f"{path}.destination", "`EC2`: an instance that launches never goes there, so this matches nothing")
        else:
            problems.add(f"{path}.origin", "`EC2`: an instance that terminates never comes from there, so this matches nothing")


def judge_reach(profiles: list[tuple[str, str, Match]], problems: Problems) -> None:
    """Report each profile (path, name, match) that earlier ones leave nothing to match. Patterns are compared cautiously."""
    for index, (path, _, match) in enumerate(profiles):
        takers: dict[str, None] = {}
        for kind in _kinds(match):
            taker = next((name for _, name, earlier in profiles[:index] if _covers(earlier, match, kind)), None)
            if taker is None:
                break
            takers[taker] = None
        else:
            names = " and ".join(f"`{name}`" for name in takers)
            problems.add(path, f"never used: {names} before it takes everything that this profile matches; put the narrower one first")


def _kinds(match: Match) -> Iterator[tuple[CloudName, str]]:
    """The (cloud, transition) pairs that a match can accept at all."""
    for cloud in match.cloud or CLOUDS:
        for transition in match.transition or TRANSITIONS:
            if cloud == "alibaba":
                possible = all(not _of(match, name) or ABSENT in _of(match, name) for name in AWS_ONLY)
            elif transition == "launch":
                possible = match.destination != ("EC2",)
            else:
                possible = match.origin != ("EC2",)
            if possible:
                yield cast(CloudName, cloud), transition


def _covers(earlier: Match, later: Match, kind: tuple[CloudName, str]) -> bool:
    """True if `earlier` accepts every action of this kind that `later` does."""
    if kind not in set(_kinds(earlier)):
        return False
    names = ("group", "hook", "metadata") if kind[0] == "alibaba" else ("group", "hook", "metadata", *AWS_ONLY)
    return all(_takes(_of(earlier, name), _of(later, name)) for name in names)


def _takes(wide: tuple[str, ...], narrow: tuple[str, ...]) -> bool:
    if not wide:
        return True
    return bool(narrow) and all(any(_includes(outer, inner) for outer in wide) for inner in narrow)


def _includes(outer: str, inner: str) -> bool:
    """True only if it is certain. `*` and `?` inside `inner` can be met by nothing but a `*` of `outer`."""
    if outer == inner:
        return True
    if ABSENT in (outer, inner) or not re.search(r"[*?[]", outer):
        return False
    if re.search(r"[*?[]", inner):
        return not re.search(r"[?[]", outer) and "[" not in inner and fnmatchcase(inner, outer)
    return fnmatchcase(inner, outer)


def _of(match: Match, name: str) -> tuple[str, ...]:
    return cast(tuple[str, ...], getattr(match, name))
