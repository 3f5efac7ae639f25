"""What rearm needs of an s.yaml, besides properties that Function Compute takes: each rule with its reason. Judged after `fc3.judge`."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Functions = Mapping[str, Mapping[str, Any]]
"""`props` by type."""
LOOKS_S, SWEEPS_S = 600, 300
"""Seconds that a function needs that looks (docs/decisions/0004: on Function Compute no wait is held) or sweeps (docs/sweep.md)."""
RETRIES = 8
DELAY_MAX_S = 3600
"""A recheck may be due in so many seconds, and its delay may count to its age."""


def broken(document: Mapping[str, Any], functions_folder: Path) -> list[str]:
    """Every rule that the document (without variables) breaks, one line each."""
    functions = {type_: resource["props"] for type_, resource in document["resources"].items()}
    return [f"resources.{line}" for rule in RULES for line in rule(functions, functions_folder)]


def _always_there(functions: Functions, _: Path) -> Iterator[str]:
    for type_ in ("recheck", "sweep"):
        if type_ not in functions:
            yield f"{type_}: missing: every environment has it"


def _handlers(functions: Functions, folder: Path) -> Iterator[str]:
    for type_, props in functions.items():
        if props["handler"] != f"{type_}.handler" or not (folder / f"{type_}.py").is_file():
            yield f"{type_}.props.handler: `{props['handler']}`: must be `{type_}.handler`, of {folder.name}/{type_}.py"


def _names(functions: Functions, _: Path) -> Iterator[str]:
    """One of them invokes another by its name, and roles name them too."""
    recheck = functions.get("recheck", {}).get("functionName", "")
    for type_, props in functions.items():
        stack = str(props["functionName"]).removesuffix("-" + type_.replace("_", "-"))
        if f"{stack}-recheck" != recheck:
            yield f"{type_}.props.functionName: `{props['functionName']}`: must be like `{recheck}`, with the type at its end"
        told = props.get("environmentVariables", {}).get("REARM_RECHECK_FUNCTION")
        if told != recheck:
            yield f"{type_}.props.environmentVariables.REARM_RECHECK_FUNCTION: `{told}`: must be the recheck function, `{recheck}`"


def _configuration(functions: Functions, _: Path) -> Iterator[str]:
    for type_, props in functions.items():
        if props.get("environmentVariables", {}).get("REARM_CONFIG") != "/code/rearm.json":
            yield f"{type_}.props.environmentVariables.REARM_CONFIG: must be /code/rearm.json, where the archive's configuration is"
        if not props.get("layers"):
            yield f"{type_}.props.layers: missing: the layer has rearm itself"
        if "role" not in props:
            yield f"{type_}.props.role: missing: without a role there are no credentials"
        if "logConfig" not in props:
            yield f"{type_}.props.logConfig: missing: what a wait came to is in the log only"


def _times(functions: Functions, _: Path) -> Iterator[str]:
    for type_, props in functions.items():
        needed = SWEEPS_S if type_ == "sweep" else LOOKS_S
        if props.get("timeout", 3) < needed:
            yield f"{type_}.props.timeout: {props.get('timeout', 3)} s: at least {needed}"


def _asynchronous(functions: Functions, _: Path) -> Iterator[str]:
    for type_, props in functions.items():
        config = props.get("asyncInvokeConfig", {})
        path = f"{type_}.props.asyncInvokeConfig"
        if not config.get("destinationConfig", {}).get("onFailure"):
            yield f"{path}.destinationConfig.onFailure: missing: an invocation that fails for good would be lost without a word"
        if type_ != "sweep" and config.get("maxAsyncRetryAttempts") != RETRIES:
            yield f"{path}.maxAsyncRetryAttempts: must be {RETRIES}: a look that is lost is looked for only by the sweep"
        if type_ == "recheck" and config.get("asyncTask") is not True:
            yield f"{path}.asyncTask: must be true: task mode makes a look's name unique, and looks visible to the sweep"
        if type_ == "recheck" and config.get("maxAsyncEventAgeInSeconds", 0) < 2 * DELAY_MAX_S:
            yield f"{path}.maxAsyncEventAgeInSeconds: at least {2 * DELAY_MAX_S}: twice the longest delay"


def _triggers(functions: Functions, _: Path) -> Iterator[str]:
    """Each type is called by what it is named after."""
    wanted = {"mns_topic": "mns_topic", "mns_queue": "eventbridge", "eventbridge": "eventbridge", "sweep": "timer"}
    for type_, props in functions.items():
        found = [trigger["triggerType"] for trigger in props.get("triggers", [])]
        if found != ([wanted[type_]] if type_ in wanted else []):
            yield f"{type_}.props.triggers: {', '.join(found) or 'none'}: must be {wanted.get(type_, 'none')}"
        for trigger in props.get("triggers", []):
            if trigger["triggerType"] == "eventbridge" and not trigger["triggerConfig"]["runOptions"].get("deadLetterQueue"):
                yield f"{type_}.props.triggers: {trigger['triggerName']}: no deadLetterQueue: an event that nobody takes would be lost"


RULES: tuple[Callable[[Functions, Path], Iterator[str]], ...] = (
    *(_always_there, _handlers, _names, _configuration),
    *(_times, _asynchronous, _triggers),
)
