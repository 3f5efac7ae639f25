"""What rearm made and changed, so that `remove` undoes that and nothing else. Hooks cannot be tagged, so it is kept in a file.

Each entry is written before its call and confirmed after it, and the file is replaced in one step: a run that is killed half way
leaves a `pending` entry, which the next run holds against the hook itself.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from rearm.core.model import CloudName
from rearm.errors import ConfigError
from rearm_workbench.hooks.diff import as_wrote
from rearm_workbench.hooks.model import Found, Place

VERSION = 1
FILE_NAME = ".rearm-hooks.json"


class Entry(msgspec.Struct, frozen=True):
    """A hook that rearm made (`made`), or whose settings it changed (`before` has them all as they were)."""

    name: str
    env: str
    cloud: CloudName
    region: str
    group: str
    hook: str
    made: bool
    wrote: dict[str, str | int]
    before: dict[str, str | int] = {}
    account: str = ""
    credentials: str = ""
    id: str = ""
    endpoint: str = ""
    """Where it was made, if not at the real cloud: an emulator's hooks say nothing about real ones of the same name."""
    pending: bool = False
    """Written before the call whose answer is not known (yet)."""

    @property
    def place(self) -> Place:
        return Place(self.cloud, self.region, self.group, self.account, self.credentials)


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    hooks: list[Entry]


class State:
    """The file's entries. `keep` and `drop` write it at once."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError if there is a file that cannot be read: without it nobody knows what may be removed."""
        self.path = path
        self.entries = self._read()

    def _read(self) -> list[Entry]:
        try:
            document = msgspec.json.decode(self.path.read_bytes(), type=_Document)
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            path = self.path
            raise ConfigError(
                [f"{path}: cannot be read as the memory of `rearm hooks` ({reason}); put it back, or give another --state"]
            ) from None
        if document.version != VERSION:
            raise ConfigError([f"{self.path}: version {document.version} is of another rearm; this one reads {VERSION}"])
        return document.hooks

    def of(self, place: Place, hook: str, endpoint: str) -> Entry | None:
        """The entry about a hook; None if rearm has nothing to do with it."""
        return next((one for one in self.entries if _same(one, place, hook, endpoint)), None)

    def keep(self, entry: Entry) -> None:
        """Put an entry in the place of the one about the same hook. Raises ConfigError if the file cannot be written."""
        with self._alone():
            self.entries = [*(one for one in self._read() if not _same(one, entry.place, entry.hook, entry.endpoint)), entry]
            self._write()

    def drop(self, entry: Entry) -> None:
        """Forget a hook. Raises ConfigError."""
        with self._alone():
            self.entries = [one for one in self._read() if not _same(one, entry.place, entry.hook, entry.endpoint)]
            self._write()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two runs at a time do not lose each other's entries: each reads the file again before it writes, while the other waits."""
        try:
            directory = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise self._not_written(error) from None
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def _write(self) -> None:
        document = {"version": VERSION, "hooks": [msgspec.to_builtins(one) for one in self.entries]}
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        try:
            handle, scratch = tempfile.mkstemp(prefix=f"{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(scratch, self.path)
            except BaseException:
                Path(scratch).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._not_written(error) from None

    def _not_written(self, error: OSError) -> ConfigError:
        return ConfigError([f"{self.path}: cannot be written ({error.strerror or error}); nothing is done that could not be undone"])


def settled(entry: Entry, found: Found | None) -> Entry | None:
    """What an entry is worth now that the hook is seen: None if the hook is gone, or is not the one that rearm made. Pure."""
    if found is None or (entry.id and found.id and entry.id != found.id):
        return None
    if entry.pending and entry.made and not as_wrote(found.settings, entry.wrote):
        return None
    return msgspec.structs.replace(entry, pending=False, id=found.id)


def _same(entry: Entry, place: Place, hook: str, endpoint: str) -> bool:
    """An account that is not named on one side is taken to be the same."""
    named = (entry.cloud, entry.region, entry.group, entry.hook, entry.endpoint)
    here = named == (place.cloud, place.region, place.group, hook, endpoint)
    return here and (not entry.account or not place.account or entry.account == place.account)
