"""What `command` and its two clouds tell each other: what to start, and what was seen of it."""

from typing import Literal, NamedTuple


class Order(NamedTuple):
    """`name`: the same for the same attempt of the same check in the same wait, whoever asks; at most 100 characters."""

    name: str
    shell: Literal["sh", "powershell"]
    script: str
    timeout_s: int


class Seen(NamedTuple):
    """What the cloud says of a started script. `late`: cut off at its timeout; `lost`: it never ran, or was stopped."""

    state: Literal["running", "ended", "late", "lost", "impossible"]
    told: str
    """The cloud's own word for it."""
    code: int = 0
    output: str = ""
