"""The hooks file: which hooks should exist. Strict; every problem is said at once, with its path.

An environment (`--env NAME`) is merged over the hooks of the same name, key by key.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from rearm import config, config_text, duration
from rearm.config_problems import Problems, join, keys_text, near
from rearm.core.limits import LIMITS
from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.hooks import arns
from rearm_workbench.hooks.model import Place, Wanted

VERSION = 1
KEYS = (
    *("name", "cloud", "region", "account", "credentials", "group", "hook_name"),
    *("transition", "heartbeat_timeout", "default_result", "target", "role", "metadata"),
)
REQUIRED = ("cloud", "region", "group", "transition")
CLOUDS: tuple[CloudName, ...] = ("aws", "alibaba")
NONE = "none"
"""`target: none` takes the target away."""

_REGION = re.compile(r"[a-z]{2}(-[a-z0-9]+)+")
_NAME: dict[CloudName, tuple[re.Pattern[str], str]] = {
    "aws": (re.compile(r"[A-Za-z0-9\-_/]{1,255}"), "a text of 1 to 255 letters, digits, `-`, `_` or `/`"),
    "alibaba": (
        re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{1,63}"),
        "a text of 2 to 64 letters, digits, `_`, `-` or `.`, first a letter or a digit",
    ),
}
_METADATA: dict[CloudName, tuple[re.Pattern[str], str]] = {
    "aws": (re.compile(r"[\t\r\n\x20-\x7e]{1,4000}"), "a text of 1 to 4000 printable ASCII characters"),
    "alibaba": (re.compile(r"[\s\S]{1,4096}"), "a text of 1 to 4096 characters"),
}
_Values = dict[str, tuple[object, str]]
"""Key -> its value and the path it was given at."""


def read(path: Path, env: str) -> tuple[Wanted, ...]:
    """The hooks of a file in one environment (empty: none). Raises ConfigError: every problem, each with the file's name in front."""
    try:
        return judge(config_text.parse(config.content_of(str(path)), yaml=config.is_yaml(str(path))), env)
    except ConfigError as error:
        lines = [line.replace("`profiles`", "`hooks`") for line in error.problems]
        raise ConfigError([line if line.startswith(f"{path}: ") else f"{path}: {line}" for line in lines]) from None


def judge(raw: object, env: str = "") -> tuple[Wanted, ...]:
    """The hooks that a mapping describes. Raises ConfigError with all problems."""
    problems = Problems()
    top = problems.mapping("", raw, ("version", "hooks", "environments"))
    found: list[Wanted] = []
    if top is not None:
        if top.get("version") != VERSION or isinstance(top.get("version"), bool):
            problems.add("version", f"write `version: {VERSION}`, the only version that this rearm reads")
        hooks = _merged(_hooks(top, problems), _environment(top, env, problems))
        found = [one for values in hooks.values() if (one := _wanted(values, problems)) is not None]
        _twice(found, hooks, problems)
        _agree(found, hooks, problems)
    if problems.lines:
        raise ConfigError(problems.lines)
    return tuple(found)


def _hooks(top: Mapping[str, object], problems: Problems) -> dict[str, _Values]:
    raw = top.get("hooks")
    if not isinstance(raw, list) or not raw:
        problems.add("hooks", "missing; write a list with at least one hook" if not raw else "must be a list of hooks")
        return {}
    found: dict[str, _Values] = {}
    for index, item in enumerate(raw):
        path = f"hooks[{index}]"
        given = problems.mapping(path, item, KEYS)
        if given is None:
            continue
        name = given.get("name")
        if not isinstance(name, str) or not 1 <= len(name) <= 255 or not name.isprintable():
            problems.wrong(f"{path}.name", name, "a text that is unique in this file")
        elif name in found:
            problems.add(
                f"{path}.name", f"`{name}` is taken by {found[name]['name'][1].removesuffix('.name')}; use `hook_name` for the cloud's"
            )
        else:
            found[name] = {"path": (None, path)} | {key: (value, join(path, key)) for key, value in given.items()}
    return found


def _environment(top: Mapping[str, object], env: str, problems: Problems) -> dict[str, _Values]:
    """The chosen environment's hooks. The others are looked at for unknown keys only."""
    raw = top.get("environments", {})
    environments = raw if isinstance(raw, dict) else {}
    names = list(environments)
    if "environments" in top and not isinstance(raw, dict):
        problems.wrong("environments", raw, "a mapping from names to environments")
    if env and env not in names:
        known = [str(name) for name in names]
        hint = near(env, known) or (f"; there is {', '.join(known)}" if known else "; the file has none")
        problems.add("environments", f"there is no `{env}`{hint}")
    chosen: dict[str, _Values] = {}
    named = [item.get("name") for item in _list(top.get("hooks")) if isinstance(item, dict)]
    for name in names:
        path = join("environments", name)
        given = problems.mapping(path, environments[name], ("hooks",)) or {}
        for hook, item in _mapping(given.get("hooks", {}), f"{path}.hooks", problems).items():
            at = f"{path}.hooks.{hook}"
            if hook not in named:
                problems.add(at, f"no hook of this file has that name{near(hook, [one for one in named if isinstance(one, str)])}")
            values = problems.mapping(at, item, KEYS[1:]) or {}
            if name == env:
                chosen[hook] = {key: (value, join(at, key)) for key, value in values.items()}
    return chosen


def _merged(hooks: dict[str, _Values], over: dict[str, _Values]) -> dict[str, _Values]:
    """Key by key. A key without a value (`target:`) is as good as left out."""
    both = {name: values | over.get(name, {}) for name, values in hooks.items()}
    return {name: {key: one for key, one in values.items() if one[0] is not None or key == "path"} for name, values in both.items()}


def _wanted(values: _Values, problems: Problems) -> Wanted | None:
    before = len(problems.lines)
    path = values["path"][1]
    missing = [key for key in REQUIRED if key not in values]
    if missing:
        problems.add(path, f"missing: {keys_text(missing)}" if len(missing) > 1 else f"missing: {missing[0]}")
    if "cloud" in values and not problems.word(values["cloud"][1], values["cloud"][0], CLOUDS):
        return None
    if "cloud" not in values:
        return None
    cloud: CloudName = "aws" if values["cloud"][0] == "aws" else "alibaba"
    texts = {key: _text(values, key, problems) for key in ("region", "account", "credentials", "group", "hook_name")}
    name = str(values["name"][0])
    _judge_place(cloud, texts, values, name, problems)
    settings = _settings(cloud, texts["region"] if _REGION.fullmatch(texts["region"]) else "", values, problems)
    if len(problems.lines) > before:
        return None
    place = Place(cloud=cloud, region=texts["region"], group=texts["group"], account=texts["account"], credentials=texts["credentials"])
    return Wanted(name=name, place=place, hook=texts["hook_name"] or name, settings=settings)


def _judge_place(cloud: CloudName, texts: dict[str, str], values: _Values, name: str, problems: Problems) -> None:
    if texts["region"] and not _REGION.fullmatch(texts["region"]):
        problems.wrong(values["region"][1], texts["region"], "a region like eu-central-1 or cn-hangzhou")
    if texts["account"] and not re.fullmatch(r"\d{12}" if cloud == "aws" else r"\d{5,20}", texts["account"]):
        problems.wrong(
            values["account"][1], texts["account"], "the account's number, 12 digits in quotes" if cloud == "aws" else "its number"
        )
    if cloud == "alibaba" and texts["group"] and not texts["group"].startswith("asg-"):
        problems.wrong(values["group"][1], texts["group"], "the scaling group's id (asg-…), not its name, on Alibaba Cloud")
    pattern, allowed = _NAME[cloud]
    if not pattern.fullmatch(texts["hook_name"] or name):
        problems.wrong(values.get("hook_name", values["name"])[1], texts["hook_name"] or name, allowed)


def _settings(cloud: CloudName, region: str, values: _Values, problems: Problems) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    limits = LIMITS[cloud]
    for key, words in (("transition", ("launch", "terminate")), ("default_result", limits.results)):
        if key in values and problems.word(values[key][1], values[key][0], words):
            found[key] = str(values[key][0])
    if "heartbeat_timeout" in values:
        value, path = values["heartbeat_timeout"]
        try:
            found["heartbeat_timeout"] = duration.seconds(value)
        except ValueError as error:
            problems.wrong(path, value, str(error))
        if not limits.heartbeat_min_s <= int(found.get("heartbeat_timeout", limits.heartbeat_min_s)) <= limits.heartbeat_max_s:
            problems.wrong(
                path, value, f"{duration.say(limits.heartbeat_min_s)} to {duration.say(limits.heartbeat_max_s)} on {_says(cloud)}"
            )
    metadata = _text(values, "metadata", problems)
    pattern, allowed = _METADATA[cloud]
    if metadata and not pattern.fullmatch(metadata):
        problems.add(values["metadata"][1], f"{len(metadata)} characters: must be {allowed}")
    found |= {"metadata": metadata} if metadata else {}
    return found | _targets(cloud, region, values, problems)


def _targets(cloud: CloudName, region: str, values: _Values, problems: Problems) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    target, role = _text(values, "target", problems), _text(values, "role", problems)
    if target == NONE and cloud == "aws":
        found["target"] = ""
    elif target:
        wrong = arns.target_problem(cloud, target, region)
        if wrong:
            problems.add(values["target"][1], f"`{target}`: {wrong}")
        found["target"] = target
    if role and cloud == "alibaba":
        problems.add(values["role"][1], "there is no role on Alibaba Cloud; leave it out")
    elif role and not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", role):
        problems.wrong(values["role"][1], role, "the ARN of an IAM role")
    elif cloud == "aws" and arns.service(target) in ("sqs", "sns") and not role:
        problems.add(values["path"][1], "missing: role; an SQS or SNS target needs the role that delivers to it")
    return found | ({"role": role} if role else {})


def _twice(found: list[Wanted], hooks: dict[str, _Values], problems: Problems) -> None:
    first: dict[tuple[Place, str], str] = {}
    for one in found:
        taken = first.setdefault((one.place, one.hook), one.name)
        if taken != one.name:
            path = hooks[one.name]["path"][1]
            problems.add(
                path, f"`{one.hook}` of group {one.place.group} is {hooks[taken]['path'][1]} already; hook names are unique in a group"
            )


def _agree(found: list[Wanted], hooks: dict[str, _Values], problems: Problems) -> None:
    """The hooks of one group are read once, with one set of credentials."""
    first: dict[tuple[str, str, str], Wanted] = {}
    for one in found:
        place = one.place
        earlier = first.setdefault((place.cloud, place.region, place.group), one)
        apart = place.account and earlier.place.account and place.account != earlier.place.account
        if place != earlier.place and not apart:
            path, other = (hooks[name]["path"][1] for name in (one.name, earlier.name))
            problems.add(path, f"it is in the same group as {other}: give both the same `account` and `credentials`")


def _text(values: _Values, key: str, problems: Problems) -> str:
    if key not in values:
        return ""
    value, path = values[key]
    if isinstance(value, str) and value.strip():
        return value
    problems.wrong(path, value, "a text")
    return ""


def _mapping(raw: object, path: str, problems: Problems) -> dict[str, object]:
    if isinstance(raw, dict):
        return {str(key): value for key, value in raw.items()}
    problems.wrong(path, raw, "a mapping from the names of hooks to what is different there")
    return {}


def _list(raw: object) -> list[object]:
    return raw if isinstance(raw, list) else []


def _says(cloud: CloudName) -> str:
    return "AWS" if cloud == "aws" else "Alibaba Cloud"
