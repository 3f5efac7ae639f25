"""How problems of a configuration are said: one line each, with path, value, and what is allowed."""

from collections.abc import Sequence

LONGEST_VALUE = 60
NOTHING = "nothing given: leave the key out or give it a value"
"""Of a key that may be left out. YAML reads `budget:` with nothing behind it as a value that nobody has thought of."""


class Problems:
    """Collects every problem, so that one run shows them all."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, path: str, text: str) -> None:
        """`path` is empty for the whole file."""
        self.lines.append(f"{path or 'the file'}: {text}")

    def wrong(self, path: str, value: object, allowed: str) -> None:
        """A value of the wrong type or outside what is allowed."""
        self.add(path, f"{show(value)}: must be {allowed}{_quotes_hint(value, allowed)}")

    def mapping(
        self, path: str, raw: object, keys: Sequence[str], what: str = "key", optional: Sequence[str] = ()
    ) -> dict[str, object] | None:
        """`raw` without its unknown keys, and without those of `optional` that have nothing behind them, which are reported; None, reported
        too, if it is no mapping."""
        if not isinstance(raw, dict):
            self.wrong(path, raw, f"a mapping with {keys_text(keys)}" if keys else "empty: there is nothing to set")
            return None
        for key in raw:
            if key not in keys:
                hint = near(key, keys) or (f"; allowed: {', '.join(keys)}" if keys else "; there is nothing to set")
                self.add(join(path, key), f"unknown {what}{hint}")
        empty = [key for key in raw if raw[key] is None and key in optional]
        for key in empty:
            self.add(join(path, key), NOTHING)
        return {key: value for key, value in raw.items() if key in keys and key not in empty}

    def word(self, path: str, value: object, words: Sequence[str]) -> bool:
        """True if `value` is one of `words`; else it is reported, with the nearest of them."""
        if isinstance(value, str) and value in words:
            return True
        self.add(path, f"{show(value)}: must be {either(words)}{near(value, words)}")
        return False


def show(value: object) -> str:
    """A value on one line, short, as it looks in the file."""
    if value is None:
        return "nothing given"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict | list | tuple):
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"a {kind}" if value else f"an empty {kind}"
    text = value if isinstance(value, str) else _number(value)
    cut = text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
    return f"`{_printable(cut)}`"


def join(path: str, key: object) -> str:
    """The path of a key inside a mapping."""
    name = _printable(str(key) if not isinstance(key, bool) else str(key).lower())[:LONGEST_VALUE]
    return f"{path}.{name}" if path else name


def near(value: object, words: Sequence[str]) -> str:
    """`; did you mean …?` or nothing."""
    import difflib

    by_folded = {word.casefold(): word for word in words}
    found = difflib.get_close_matches(str(value).casefold()[:LONGEST_VALUE], by_folded, n=1, cutoff=0.6)
    return f"; did you mean `{by_folded[found[0]]}`?" if found else ""


def either(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def keys_text(keys: Sequence[str]) -> str:
    return f"the keys {', '.join(keys)}" if len(keys) > 1 else f"the key {keys[0]}"


def _number(value: object) -> str:
    """A whole number of thousands of digits refuses to become text; nobody needs to read it either."""
    try:
        return str(value)
    except ValueError:
        return "a very long number"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _quotes_hint(value: object, allowed: str) -> str:
    """YAML reads yes, no, on, off, 12 and 2024-01-01 as something else than text."""
    unquoted = value is not None and not isinstance(value, str | dict | list | tuple)
    return "; put it in quotes" if unquoted and "text" in allowed else ""
