"""JSON Schema of the configuration file, for editors. It knows shapes and words; what belongs together, `rearm config check` knows."""

import re
from types import ModuleType
from typing import Any

import msgspec

from rearm import checks, config, config_checks, config_steps, duration, steps
from rearm.config_match import FIELDS, WORDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def schema() -> Schema:
    """The schema, draft 2020-12."""
    return {
        "$schema": DIALECT,
        "title": "rearm configuration",
        **_mapping(
            {"version": {"const": config.VERSION}, "profiles": _list({"$ref": "#/$defs/profile"}, at_least=1)}, ["version", "profiles"]
        ),
        "$defs": {
            "duration": {
                "description": duration.ALLOWED,
                "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": duration.PATTERN}],
            },
            "result": {"enum": ["CONTINUE", "ABANDON", "ROLLBACK"], "description": "ROLLBACK: for profiles with `cloud: alibaba` only."},
            "match": _mapping({name: _match(name) for name in FIELDS}),
            "check": _check(),
            "step": _one_of({kind: _settings(steps.module(kind), _step_options()) for kind in steps.TABLE}),
            "stage": _stage(),
            "profile": _profile(),
        },
    }


def _profile() -> Schema:
    result = {"$ref": "#/$defs/result"}
    keys: Schema = {
        "name": {"type": "string", "minLength": 1, "maxLength": config.LONGEST_NAME},
        "match": {"$ref": "#/$defs/match"},
        "steps": _list({"$ref": "#/$defs/step"}) | {"description": "Done once, one after the other, from the beginning of the wait on."},
        "checks": _list({"$ref": "#/$defs/check"}) | {"description": "All of them have to pass."},
        "instances": {
            "anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1}],
            "description": "How many of the action's instances have to be ready.",
            "default": "all",
        },
        "stages": _list({"$ref": "#/$defs/stage"}) | {"description": "Escalations: steps that are done when the wait is so old."},
        "every": _duration(config.EVERY_MAX_S, config.EVERY_MIN_S) | {"description": "How often to look.", "default": "60s"},
        "linger": {
            "$ref": "#/$defs/duration",
            "description": "How often to ask the checks again between two looks, inside the invocation. Less than `every`. Absent: never.",
        },
        "budget": {"$ref": "#/$defs/duration", "description": "The longest wait. Absent: as long as the cloud allows."},
        "on_failure": result,
        "on_timeout": result,
    }
    assert tuple(keys) == config.PROFILE_KEYS
    return _mapping(keys, ["name", "checks"])


def _match(name: str) -> Schema:
    one: Schema = {"enum": list(WORDS[name])} if name in WORDS else {"type": "string", "minLength": 1}
    return {"anyOf": [one, _list(one, at_least=1)]}


def _check() -> Schema:
    kinds: Schema = {kind: _settings(checks.module(kind), _check_options()) for kind in checks.TABLE}
    check: Schema = {"$ref": "#/$defs/check"}
    parts: Schema = {word: _list(check, at_least=1) for word in ("all", "any")}
    parts["n_of"] = _mapping({"n": {"type": "integer", "minimum": 1}, "of": _list(check, at_least=1)}, ["n", "of"])
    parts["not"] = check
    assert tuple(parts) == config_checks.GROUPS
    return _one_of(kinds, parts)


def _one_of(kinds: Schema, parts: Schema | None = None) -> Schema:
    """A name alone, where nothing has to be set, or a mapping with one name."""
    bare = [kind for kind in kinds if "properties" in kinds[kind] and not (kinds[kind].get("required") or kinds[kind].get("anyOf"))]
    for kind in bare:
        # `- instance_status:` with nothing behind it.
        kinds[kind]["type"] = ["object", "null"]
    return {"anyOf": [{"enum": bare}, _mapping(kinds | (parts or {})) | {"minProperties": 1, "maxProperties": 1}]}


def _check_options() -> Schema:
    looks = {"type": "string", "pattern": config_checks.LOOKS}
    some: Schema = {"$ref": "#/$defs/duration"}
    options: Schema = {
        "limit": _duration(config_checks.LONGEST_LIMIT_S) | {"description": "The time limit of one question.", "default": "5s"},
        "after": some | {"description": "Not asked before the wait is so old."},
        "for": {
            "anyOf": [_duration(None, config_checks.FOR_MIN_S), looks],
            "description": "Has to pass for so long, or in so many looks in a row: `90s`, `3 looks`.",
        },
        "fail_after": some | {"description": "Failed when it still waits after so long."},
        "required": {"type": "boolean", "default": True, "description": "false: its answer is told, and decides nothing."},
    }
    assert tuple(options) == config_checks.OPTIONS
    return options


def _step_options() -> Schema:
    options: Schema = {
        "limit": _duration(config_steps.LONGEST_LIMIT_S) | {"description": "The time limit in one look.", "default": "10s"},
        "required": {"type": "boolean", "default": True, "description": "false: when it fails, that decides nothing."},
    }
    assert tuple(options) == config_steps.OPTIONS
    return options


def _stage() -> Schema:
    name = {"type": "string", "minLength": 1, "maxLength": config_steps.LONGEST_NAME}
    keys = {"name": name, "after": {"$ref": "#/$defs/duration"}, "steps": _list({"$ref": "#/$defs/step"}, at_least=1)}
    assert tuple(keys) == config_steps.STAGE_KEYS
    return _mapping(keys, list(keys))


def _settings(module: ModuleType, options: Schema) -> Schema:
    """msgspec's own schema of the settings, with the options that all have, and with the target that a check cannot do without."""
    (_,), parts = msgspec.json.schema_components([module.Settings])
    (found,) = parts.values()
    found["properties"].update(options)
    found.pop("title", None)
    target = getattr(module, "TARGET", ())
    if target:
        found["anyOf"] = [{"required": [name]} for name in target]
    if not found.get("required"):
        found.pop("required", None)
    doc = (module.__doc__ or "").strip().splitlines()[0]
    plain: Schema = msgspec.json.decode(msgspec.json.encode(found))
    _no_nulls(plain["properties"])
    plain["description"] = re.sub(r"^`\w+`: ", "", doc)
    short = getattr(module, "SHORT", "")
    return {"anyOf": [plain["properties"][short], plain]} if short else plain


def _no_nulls(properties: Schema) -> None:
    """In the structs None means "not given"; in the file a key is left out."""
    for part in properties.values():
        kept = [one for one in part.get("anyOf", []) if one != {"type": "null"}]
        if len(kept) == 1:
            del part["anyOf"]
            part.update(kept[0])
        elif kept:
            part["anyOf"] = kept
        if part.get("default", ...) is None:
            del part["default"]


def _duration(at_most_s: int | None, at_least_s: int = 1) -> Schema:
    number = {"type": "integer", "minimum": at_least_s} | ({} if at_most_s is None else {"maximum": at_most_s})
    return {"anyOf": [number, {"type": "string", "pattern": duration.PATTERN}]}


def _list(items: Schema, *, at_least: int = 0) -> Schema:
    return {"type": "array", "items": items} | ({"minItems": at_least} if at_least else {})


def _mapping(properties: Schema, required: list[str] | None = None) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False} | ({"required": required} if required else {})
