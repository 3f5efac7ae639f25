"""The same files make the same zip, whoever packs them, and wherever."""

import os
import zipfile
from pathlib import Path

from rearm_workbench.packaging.archive import pack


def lay(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name * 3)
    return folder


def test_order_dates_and_modes_of_the_files_do_not_matter(tmp_path: Path) -> None:
    names = ("b.py", "a/z.py", "a.py", "bootstrap")
    one, other = lay(tmp_path / "one", names), lay(tmp_path / "other", names[::-1])
    for number, path in enumerate(other.rglob("*.py")):
        os.utime(path, (1e9 + number, 1e9 + number))
        path.chmod(0o600 + number)
    first = pack(one, tmp_path / "1.zip", frozenset({"bootstrap"}))
    second = pack(other, tmp_path / "2.zip", frozenset({"bootstrap"}))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert first == second
    assert first == (4, sum(3 * len(name) for name in names), (tmp_path / "1.zip").stat().st_size)


def test_what_is_inside(tmp_path: Path) -> None:
    pack(lay(tmp_path / "in", ("bootstrap", "a/b.py")), tmp_path / "x.zip", frozenset({"bootstrap"}))
    with zipfile.ZipFile(tmp_path / "x.zip") as packed:
        entries = {one.filename: one for one in packed.infolist()}
        assert packed.read("a/b.py") == b"a/b.py" * 3
    assert list(entries) == ["a/b.py", "bootstrap"]
    assert {one.date_time for one in entries.values()} == {(1980, 1, 1, 0, 0, 0)}
    # Lambda and Function Compute unpack with these modes, and run as another user than the owner.
    assert entries["a/b.py"].external_attr >> 16 == 0o100644
    assert entries["bootstrap"].external_attr >> 16 == 0o100755
