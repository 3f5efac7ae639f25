"""Answers read tolerantly: ESS documents four shapes of the same list (2014 and 2022, wrapped or flat, either case)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rearm.clouds.alibaba.calls import UNREADABLE_ANSWER, CallFailed, Tasks, one_line
from rearm.clouds.alibaba.exchange import Answer
from rearm.clouds.alibaba.settings import Credentials


def field(answer: object, name: str) -> Any:
    """The value under `name` in whatever case it is written; None if there is none."""
    if not isinstance(answer, Mapping):
        return None
    if name in answer:
        return answer[name]
    lowered = name.lower()
    return next((value for key, value in answer.items() if str(key).lower() == lowered), None)


def entries(answer: object, name: str, inner: str) -> list[Any]:
    """The list under `name`: flat, under `inner` within it, or a single bare object."""
    value = field(answer, name)
    if isinstance(value, Mapping):
        wrapped = field(value, inner)
        value = value if wrapped is None else wrapped
    if isinstance(value, list):
        return value
    return [value] if value else []


def whole(value: object) -> int:
    """A number that may come as text; 0 if it is none."""
    try:
        return int(str(value))
    except ValueError:
        return 0


def refused(operation: str, answer: Answer, credentials: Credentials, tokens: Iterable[str] = ()) -> CallFailed:
    """A refusal in the service's own words, without secrets (`tokens` are some too). A signature error's text is left out: it quotes
    what was signed.

    ESS and ECS write `Code` and `Message`, Container Service the same in lower case, Function Compute `ErrorCode` or `errorCode` too.
    """
    told = parsed(answer)
    code = str(field(told, "Code") or field(told, "ErrorCode") or "")
    if "Signature" in code:
        return CallFailed(operation, code, answer.status)
    said = field(told, "Message") or field(told, "ErrorMessage") or ("" if isinstance(told, dict) else answer.body.decode(errors="replace"))
    secrets = (credentials.access_key_secret, credentials.security_token, credentials.access_key_id, *tokens)
    return CallFailed(operation, one_line(code, secrets), answer.status, one_line(said, secrets))


def parsed(answer: Answer) -> object:
    """The JSON value of the body; None if it is none."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def tasks(operation: str, answer: Answer, name: str, identity: str) -> Tasks:
    """A page of tasks: the list under `name`, the id of each under `identity`. Raises `CallFailed` for what is no such page."""
    told = parsed(answer)
    listed = field(told, name)
    ids = [field(task, identity) for task in listed] if isinstance(listed, list) else []
    if not isinstance(told, dict) or not isinstance(listed, list | None) or not all(isinstance(one, str) for one in ids):
        raise CallFailed(operation, UNREADABLE_ANSWER, text=f"the answer holds no list of {name}")
    return Tasks(ids, str(field(told, "nextToken") or ""))
