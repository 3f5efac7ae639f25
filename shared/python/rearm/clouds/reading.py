"""Reading what others wrote: JSON text, fields and times of a notification. Pure; both clouds' parsers stand on it.

Everything here takes any value and either answers or raises `InvalidNotification` with one line: where, what, what to do.
A reason quotes at most 30 printable characters of what it does not know, so that no token (36 characters) is ever whole in it.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from rearm.core.model import Parsed
from rearm.errors import InvalidNotification

QUOTE_MAX = 30
NAME_MAX = 80
TEXT_MAX = 2048
"""No id or name of either cloud is longer (AWS: `ResourceName` up to 1600 characters)."""
LATEST_S = 7_258_118_400.0
"""The year 2200: what lies beyond is no time of a notification."""

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6})\d*)?(?:[Zz]|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters and lone surrogates: neither cloud takes them in a name, and no log or message can carry them."""
_UNCHANGED = "a lifecycle notification always has it, so pass it on unchanged"


def shown(text: str, most: int) -> str:
    """At most that many characters of a text, on one line: what cannot be printed is `?`."""
    cut = "".join(letter if letter.isprintable() else "?" for letter in text[:most])
    return cut + ("…" if len(text) > most else "")


def quoted(value: object, most: int = QUOTE_MAX) -> str:
    """At most so many characters of a text, in quotes; the kind of what is no text. More than 30 only for what is known to be a name."""
    return f"'{shown(value, most)}'" if isinstance(value, str) else kind_of(value)


def kind_of(value: object) -> str:
    """A JSON value's kind, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return kinds.get(type(value), "no JSON value")


def join(where: str, name: str) -> str:
    """The path of a field: `Records[1].body`."""
    return f"{where}.{name}" if where and name else where or name


def _int(digits: str) -> int | float:
    """Huge numbers become infinite instead of an error: no field that is used holds one."""
    return int(digits) if len(digits) < 64 else float(digits)


def load(text: str, where: str) -> object:
    """The JSON value of a text. Raises `InvalidNotification`; a doubled key keeps its last value."""
    name = where or "the event"
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise InvalidNotification(f"{name} is empty: a lifecycle notification (JSON) is expected")
    try:
        value: object = json.loads(text, parse_int=_int)
    except RecursionError:
        raise InvalidNotification(f"{name} is nested too deeply to be a lifecycle notification") from None
    except ValueError as error:
        fault = f"{error.msg}, character {error.pos}; it" if isinstance(error, json.JSONDecodeError) else "it"
        raise InvalidNotification(f"{name} is not JSON ({fault} starts with {quoted(text)}): send lifecycle notifications only") from None
    return value


def required(fields: Mapping[str, object], name: str, where: str, key: str | None = None) -> str:
    """A field that must hold printable text. `key` is where it lies in `fields`, if not under its own name."""
    value, path = fields.get(key or name), join(where, name)
    if value is None:
        raise InvalidNotification(f"{path} is missing: {_UNCHANGED}")
    if not isinstance(value, str):
        raise InvalidNotification(f"{path} is {kind_of(value)}, not text: {_UNCHANGED}")
    if not value.strip():
        raise InvalidNotification(f"{path} is empty: {_UNCHANGED}")
    if len(value) > TEXT_MAX or _UNFIT.search(value):
        raise InvalidNotification(f"{path} is no name or id (longer than {TEXT_MAX}, or with control characters): {_UNCHANGED}")
    return value


def optional(value: object) -> str | None:
    """The text of a field that may be missing, null or empty. What is no text counts as missing."""
    return sound(value) if isinstance(value, str) and value else None


def metadata(value: object) -> str | None:
    """A hook's metadata as the raw string. An object in its place is written as JSON again; unset is None."""
    if value is None or isinstance(value, str):
        return optional(value)
    try:
        return sound(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):
        return None


def sound(text: str) -> str:
    """The text with every lone surrogate replaced: such a text cannot be sent anywhere."""
    return text.encode("utf-8", "replace").decode("utf-8")


def iso_time(value: object) -> float | None:
    """Seconds since the epoch of an ISO 8601 time (UTC where it names no offset). A placeholder or nonsense is None."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    *date, fraction, sign, hours, minutes = match.groups()
    try:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        whole = datetime(*(int(part) for part in date), tzinfo=timezone(offset))  # type: ignore[arg-type, misc]  # mypy cannot count them
        return _credible(whole.timestamp() + int((fraction or "0").ljust(6, "0")) / 1e6)
    except (ValueError, OverflowError):
        return None


def ms_time(value: object) -> float | None:
    """Seconds since the epoch of a count of milliseconds (a number, or its digits). Nonsense is None."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return _credible(value / 1000)
    except OverflowError:
        return None


def _credible(at: float) -> float | None:
    return at if 0 < at < LATEST_S else None


def judged(judge: Callable[[], Parsed]) -> Parsed:
    """Run a judgement; what is broken becomes the verdict `invalid`, so that it never hides its neighbours."""
    try:
        return judge()
    except InvalidNotification as broken:
        return Parsed("invalid", str(broken))
    except RecursionError:
        return Parsed("invalid", "the event is nested too deeply to be a lifecycle notification")


def waits(transition: str | None, instances: tuple[str, ...], group: str, hook: str, source: str) -> str:
    """The reason of the verdict `action`: a short phrase for people."""
    who = shown(instances[0], NAME_MAX) + (f" and {len(instances) - 1} more" if len(instances) > 1 else "")
    where = f" in {shown(group, NAME_MAX)}" if group else ""
    ask = "" if transition else "; the message does not say which transition, so the hook will be asked"
    return f"{transition or 'lifecycle action'} of {who}{where} waits in hook {shown(hook, NAME_MAX)} ({source}){ask}"
