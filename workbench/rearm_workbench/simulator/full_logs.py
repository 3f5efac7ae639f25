"""What the deployed code prints and logs in the full tier: heard by the run's invariants, and never seen on the terminal."""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator


class _Ear(io.TextIOBase):
    """A text stream that hands on what is written. Powertools keeps the stream of its first logger, so there is one in a process."""

    def __init__(self) -> None:
        self.hear: Callable[[str], None] = lambda _: None

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.hear(text)
        return len(text)


_ear = _Ear()


@contextlib.contextmanager
def captured() -> Iterator[None]:
    """The root logger (Function Compute), Powertools' own (Lambda), and whatever else writes to the terminal."""
    root, handler = logging.getLogger(), logging.StreamHandler(_ear)
    kept_handlers, kept_level = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        with contextlib.redirect_stdout(_ear), contextlib.redirect_stderr(_ear):
            yield
    finally:
        root.handlers[:] = kept_handlers
        root.setLevel(kept_level)


@contextlib.contextmanager
def heard_by(hear: Callable[[str], None]) -> Iterator[None]:
    """Inside, every text written goes to `hear`."""
    kept, _ear.hear = _ear.hear, hear
    try:
        yield
    finally:
        _ear.hear = kept
