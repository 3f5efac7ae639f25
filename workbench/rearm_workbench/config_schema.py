"""JSON Schema of the configuration file, for editors. It knows shapes and words; what belongs together, `rearm config check` knows."""

import re
from typing import Any

import msgspec

from rearm import checks, config, duration
from rearm.config_checks import LONGEST_LIMIT_S
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
            "profile": _profile(),
        },
    }


def _profile() -> Schema:
    result = {"$ref": "#/$defs/result"}
    keys: Schema = {
        "name": {"type": "string", "minLength": 1, "maxLength": config.LONGEST_NAME},
        "match": {"$ref": "#/$defs/match"},
        "checks": _list({"$ref": "#/$defs/check"}) | {"description": "All of them have to pass."},
        "every": _duration(config.EVERY_MAX_S, config.EVERY_MIN_S) | {"description": "How often to look.", "default": "60s"},
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
    kinds: Schema = {kind: _settings(kind) for kind in checks.TABLE}
    parts = {word: _list({"$ref": "#/$defs/check"}, at_least=1) for word in ("all", "any")}
    bare = [kind for kind in checks.TABLE if not (kinds[kind].get("required") or kinds[kind].get("anyOf"))]
    for kind in bare:
        # `- instance_status:` with nothing behind it.
        kinds[kind]["type"] = ["object", "null"]
    return {"anyOf": [{"enum": bare}, _mapping(kinds | parts) | {"minProperties": 1, "maxProperties": 1}]}


def _settings(kind: str) -> Schema:
    """msgspec's own schema of the settings, with `limit`, and with the target that a check cannot do without."""
    (_,), parts = msgspec.json.schema_components([checks.settings_type(kind)])
    (found,) = parts.values()
    found["properties"]["limit"] = _duration(LONGEST_LIMIT_S) | {"description": "The time limit of one question.", "default": "5s"}
    found.pop("title", None)
    target = getattr(checks.module(kind), "TARGET", ())
    if target:
        found["anyOf"] = [{"required": [name]} for name in target]
    if not found.get("required"):
        found.pop("required", None)
    doc = (checks.module(kind).__doc__ or "").strip().splitlines()[0]
    plain: Schema = msgspec.to_builtins(found)
    _no_nulls(plain["properties"])
    plain["description"] = re.sub(r"^`\w+`: ", "", doc)
    return plain


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


def _duration(at_most_s: int, at_least_s: int = 1) -> Schema:
    return {"anyOf": [{"type": "integer", "minimum": at_least_s, "maximum": at_most_s}, {"type": "string", "pattern": duration.PATTERN}]}


def _list(items: Schema, *, at_least: int = 0) -> Schema:
    return {"type": "array", "items": items} | ({"minItems": at_least} if at_least else {})


def _mapping(properties: Schema, required: list[str] | None = None) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False} | ({"required": required} if required else {})
