"""From the bytes that Function Compute delivers to the JSON value inside: plain, or Base64 once or more often.

MNS SDKs encode message bodies as Base64, with or without padding; a queue's event source decodes them or not (`IsBase64Decode`).
"""

import base64

from rearm.clouds import reading
from rearm.clouds.reading import quoted
from rearm.errors import InvalidNotification

_TEXT_LAYERS = 4


def decode(text: bytes | str, where: str = "") -> object:
    """The JSON value of a text that may be Base64, once or more often. Raises `InvalidNotification`."""
    name = where or "the event"
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidNotification(f"{name} is binary, not text: send the lifecycle notification as JSON or as its Base64") from None
    value: object = text
    for _ in range(_TEXT_LAYERS):
        if not isinstance(value, str):
            return value
        value = _opened(value, name, text)
    if isinstance(value, str):
        raise InvalidNotification(f"{name} is encoded too often: send the lifecycle notification as JSON or as its Base64")
    return value


def _opened(text: str, name: str, original: str) -> object:
    """One layer off: the JSON value, or else the text that was Base64."""
    try:
        return reading.load(text, name)
    except InvalidNotification:
        plain = _from_base64(text)
        if plain is not None:
            return plain
        if text.lstrip("\ufeff \t\r\n")[:1] in ("", "{", "["):
            raise
    start = quoted(original.strip())
    raise InvalidNotification(f"{name} is neither JSON nor Base64 of JSON (it starts with {start}): send lifecycle notifications only")


def _from_base64(text: str) -> str | None:
    compact = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    if not compact:
        return None
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True).decode("utf-8")
    except ValueError:
        return None
