"""Reads and judges the configuration. START HERE: `judge` says every problem at once; `load` is what the deployed code calls.

The compiled JSON is the same document as the YAML, so that nothing is decided twice.
"""

import functools
import os
from pathlib import Path
from typing import Any, Literal, cast

from rearm import config_text, duration
from rearm.config_checks import judge_checks
from rearm.config_match import CLOUDS, judge_match, judge_reach
from rearm.config_problems import Problems
from rearm.config_settings import Fit
from rearm.config_steps import judge_stages, judge_steps
from rearm.core.limits import LIMITS
from rearm.core.model import CLOUD_NAMES, CloudName, Result, Transition
from rearm.core.profile import Config, Match, Profile
from rearm.errors import ConfigError

VERSION = 1
DEFAULT = Path(__file__).with_name("default.json")
_DEFAULT = str(DEFAULT)
VARIABLE = "REARM_CONFIG"
CODE_FOLDERS = ("LAMBDA_TASK_ROOT", "FC_FUNC_CODE_PATH")
"""Where the platform has unpacked the function: docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html,
alibabacloud.com/help/en/functioncompute/fc/user-guide/environment-variables."""
EVERY_MIN_S, EVERY_MAX_S, EVERY_DEFAULT_S = 10, 3600, 60
LONGEST_NAME = 64
PROFILE_KEYS = ("name", "match", "steps", "checks", "instances", "stages", "every", "linger", "budget", "on_failure", "on_timeout")
OPTIONAL = tuple(key for key in PROFILE_KEYS if key not in ("name", "checks"))


def judge(raw: object) -> tuple[Config | None, list[str]]:
    """The configuration, or None and every problem, one line each: path, value, what is allowed. Pure."""
    problems = Problems()
    top = problems.mapping("", raw, ("version", "profiles"))
    if top is None:
        return None, problems.lines
    if "version" not in top:
        problems.add("version", f"missing; write `version: {VERSION}`")
    elif top["version"] != VERSION or isinstance(top["version"], bool):
        problems.wrong("version", top["version"], f"{VERSION}, the only version that this rearm reads")
    profiles = _profiles(top, problems)
    return (None, problems.lines) if problems.lines else (Config(profiles=profiles), [])


def read(content: bytes, *, name: str, yaml: bool) -> Config:
    """Judge a file's content. Raises ConfigError: every problem, each with the file's `name` in front."""
    try:
        found, lines = judge(config_text.parse(content, yaml=yaml))
    except ConfigError as error:
        found, lines = None, error.problems
    if found is None:
        raise ConfigError([f"{name}: {line}" for line in lines])
    return found


def load(path: str | None = None) -> Config:
    """The configuration at `path`, else at $REARM_CONFIG, else the packaged default. Kept for warm starts. Raises ConfigError.

    A deployed function finds a relative $REARM_CONFIG beside its own code, wherever its platform has unpacked that.
    """
    if path:
        return _load(path)
    named = os.environ.get(VARIABLE)
    if named and not os.path.isabs(named):
        beside = next((folder for name in CODE_FOLDERS if (folder := os.environ.get(name))), "")
        named = os.path.join(beside, named)
    return _load(named or _DEFAULT)


@functools.lru_cache(maxsize=8)
def _load(path: str) -> Config:
    return read(content_of(path), name=path, yaml=is_yaml(path))


def content_of(path: str) -> bytes:
    """The file's bytes. Raises ConfigError in one line."""
    try:
        if not Path(path).is_file():
            raise ConfigError([f"{path}: {'this is not a file' if Path(path).exists() else 'there is no such file'}"])
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError([f"{path}: cannot be read ({reason})"]) from None


def is_yaml(path: str) -> bool:
    """Everything but `.json` is YAML."""
    return not path.lower().endswith(".json")


def _profiles(top: dict[str, object], problems: Problems) -> tuple[Profile, ...]:
    raw = top.get("profiles")
    if "profiles" not in top:
        problems.add("profiles", "missing; at least one profile says which actions are waited for")
    elif not isinstance(raw, list):
        problems.wrong("profiles", raw, "a list of profiles")
    elif not raw:
        problems.add("profiles", "an empty list: no action would ever be looked after")
    found: list[Profile] = []
    reached: list[tuple[str, str, Match]] = []
    first: dict[str, str] = {}
    for index, item in enumerate(raw if isinstance(raw, list) else []):
        path = f"profiles[{index}]"
        given = problems.mapping(path, item, PROFILE_KEYS, optional=OPTIONAL)
        if given is None:
            continue
        name = _name(given, path, first, problems)
        # Of a `match` with nothing behind it nobody knows what it was to match.
        match = None if item.get("match", {}) is None else judge_match(given.get("match", {}), f"{path}.match", problems)
        found.append(_profile(name, match or Match(), given, path, problems))
        if match is not None:
            reached.append((path, name or path, match))
    judge_reach(reached, problems)
    return tuple(found)


def _profile(name: str, match: Match, given: dict[str, object], path: str, problems: Problems) -> Profile:
    clouds = _clouds(match, given.get("match"))
    if "checks" not in given:
        problems.add(f"{path}.checks", "missing; what to ask (an empty list lets every action go on at once)")
    longest_s, why = _longest(given, clouds)
    fit = Fit(clouds, cast(tuple[Transition, ...], match.transition or ("launch", "terminate")), longest_s, why)
    checks, condition = judge_checks(given.get("checks", []), f"{path}.checks", fit, problems)
    steps = judge_steps(given.get("steps", []), f"{path}.steps", fit, problems)
    steps += judge_stages(given.get("stages", []), f"{path}.stages", fit, problems)
    before = len(problems.lines)
    every_s = _seconds(given, "every", path, problems) or EVERY_DEFAULT_S
    if not EVERY_MIN_S <= every_s <= EVERY_MAX_S:
        problems.wrong(f"{path}.every", given["every"], f"from {duration.say(EVERY_MIN_S)} to {duration.say(EVERY_MAX_S)}")
    linger_s = _seconds(given, "linger", path, problems)
    if linger_s is not None and linger_s >= every_s and len(problems.lines) == before:
        problems.wrong(f"{path}.linger", given["linger"], f"less than `every` ({duration.say(every_s)}): it asks between two looks")
    budget_s = _seconds(given, "budget", path, problems)
    cloud = _most_patient(clouds)
    if budget_s is not None and budget_s > LIMITS[cloud].wait_max_s:
        most = f"at most {duration.say(LIMITS[cloud].wait_max_s)}, which is what {CLOUD_NAMES[cloud]} allows"
        problems.wrong(f"{path}.budget", given["budget"], f"{most}; leave it out to wait as long as the cloud allows")
    elif budget_s is not None and budget_s < every_s <= EVERY_MAX_S:
        problems.wrong(f"{path}.budget", given["budget"], f"at least as long as `every` ({duration.say(every_s)})")
    return Profile(
        name=name,
        match=match,
        checks=checks,
        condition=condition,
        instances=_instances(given, path, problems),
        steps=steps,
        every_s=every_s,
        linger_s=linger_s,
        budget_s=budget_s,
        on_failure=_result(given, "on_failure", path, clouds, problems),
        on_timeout=_result(given, "on_timeout", path, clouds, problems),
    )


def _most_patient(clouds: tuple[CloudName, ...]) -> CloudName:
    return max(clouds, key=lambda cloud: LIMITS[cloud].wait_max_s)


def _longest(given: dict[str, object], clouds: tuple[CloudName, ...]) -> tuple[int, str]:
    """How long a wait of the profile lasts at most, in seconds, and what says so. A budget that is no such is judged elsewhere."""
    cloud = _most_patient(clouds)
    most_s = LIMITS[cloud].wait_max_s
    budget_s = _seconds(given, "budget", "", Problems())
    if budget_s is None or budget_s > most_s:
        return most_s, f"the most that {CLOUD_NAMES[cloud]} allows"
    return budget_s, "the profile's `budget`"


def _instances(given: dict[str, object], path: str, problems: Problems) -> Literal["all", "any"] | int:
    wanted: Any = given.get("instances", "all")
    if wanted in ("all", "any") or (isinstance(wanted, int) and not isinstance(wanted, bool) and wanted >= 1):
        return cast(Literal["all", "any"] | int, wanted)
    problems.wrong(f"{path}.instances", wanted, "all, any, or how many of the action's instances have to be ready, from 1")
    return "all"


def _clouds(match: Match, raw: object) -> tuple[CloudName, ...]:
    """The clouds that a profile is for, also when something else is wrong with its match."""
    given: Any = raw.get("cloud") if isinstance(raw, dict) else None
    named = tuple(cloud for cloud in CLOUDS if given == cloud or (isinstance(given, list) and cloud in given))
    return cast(tuple[CloudName, ...], match.cloud or named or CLOUDS)


def _name(given: dict[str, object], path: str, first: dict[str, str], problems: Problems) -> str:
    name: Any = given.get("name")
    if "name" not in given:
        problems.add(f"{path}.name", "missing; the log names the profile that decided")
    elif not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        problems.wrong(f"{path}.name", name, f"a text of 1 to {LONGEST_NAME} characters on one line")
    elif name in first:
        problems.add(f"{path}.name", f"`{name}` is taken by {first[name]}; names are unique")
    else:
        first[name] = path
        return name
    return ""


def _seconds(given: dict[str, object], key: str, path: str, problems: Problems) -> int | None:
    if key not in given:
        return None
    try:
        return duration.seconds(given[key])
    except ValueError as error:
        problems.wrong(f"{path}.{key}", given[key], str(error))
        return None


def _result(given: dict[str, object], key: str, path: str, clouds: tuple[CloudName, ...], problems: Problems) -> Result | None:
    if key not in given:
        return None
    value = given[key]
    if value == "ROLLBACK" and "aws" in clouds:
        problems.wrong(f"{path}.{key}", value, "CONTINUE or ABANDON; AWS knows no ROLLBACK, so give it to a profile with `cloud: alibaba`")
        return None
    words = ("CONTINUE", "ABANDON") if "aws" in clouds else LIMITS["alibaba"].results
    return cast(Result, value) if problems.word(f"{path}.{key}", value, words) else None
