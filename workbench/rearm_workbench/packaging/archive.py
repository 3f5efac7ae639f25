"""The same zip for the same files: sorted names, one date, one mode, one way of compressing."""

import zipfile
from pathlib import Path
from typing import NamedTuple

DATE = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can hold."""
PLAIN, PROGRAM = 0o100644, 0o100755
LEVEL = 9
UNIX = 3


class Packed(NamedTuple):
    """An archive's files, their bytes unpacked, and its own bytes."""

    files: int
    unpacked_bytes: int
    bytes: int


def pack(folder: Path, archive: Path, programs: frozenset[str] = frozenset()) -> Packed:
    """Write every file under `folder`; those in `programs` may be run."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    unpacked = 0
    with zipfile.ZipFile(archive, "w") as into:
        for name in names:
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = UNIX
            entry.external_attr = (PROGRAM if name in programs else PLAIN) << 16
            content = (folder / name).read_bytes()
            unpacked += len(content)
            into.writestr(entry, content, zipfile.ZIP_DEFLATED, LEVEL)
    return Packed(len(names), unpacked, archive.stat().st_size)
