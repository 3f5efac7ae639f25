"""The size of the archives: rearm's as they are built, the others packed in the same way, with the bytecode that they are measured with."""

import io
import zipfile
from pathlib import Path

import layout
from contenders import BOTH, LIMIT, REARM, REARM_FC2, Contender
from results import Table

MEGA = 1e6


def measure(runs: int) -> dict[str, Table]:
    """Megabytes (10^6). Every run would give the same, so there is one; `runs` is not used."""
    del runs
    found = {}
    for cloud, contenders in BOTH.items():
        several = [one for one in contenders() if one.name not in (LIMIT, REARM_FC2)]
        note = "Code and packages, zipped; rearm: layer.zip and functions.zip."
        rows = {one.name: [_packed(one) / MEGA] for one in several}
        unpacked = {one.name: [sum(path.stat().st_size for path in _files(one)) / MEGA] for one in several}
        found[f"{cloud}-packed"] = Table(f"{cloud}, packed", "MB", contenders()[1].name, rows, note, checked=True)
        found[f"{cloud}-unpacked"] = Table(f"{cloud}, unpacked", "MB", contenders()[1].name, unpacked, checked=True)
    return found


def _files(contender: Contender) -> list[Path]:
    return [path for folder in (contender.code, *contender.paths) for path in sorted(folder.rglob("*")) if path.is_file()]


def _packed(contender: Contender) -> int:
    if contender.name == REARM:
        return sum((layout.archives(contender.cloud) / name).stat().st_size for name in ("layer.zip", "functions.zip"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in _files(contender):
            archive.write(path)
    return len(packed.getvalue())
