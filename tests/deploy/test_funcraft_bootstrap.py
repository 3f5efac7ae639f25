"""funcraft/bootstrap: which Python it takes, and what it says if there is none."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from served_world import INTERPRETERS, SHIM, Served, free_port

ROOT = Path(__file__).resolve().parents[2]
MAIN = "def handler(event, context):\n    import sys\n    return '%d.%d' % sys.version_info[:2]\n"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """The archive's files, as far as `bootstrap` looks at them, and a machine of its own below `tmp_path`."""
    code = tmp_path / "code"
    (code / "python" / "msgspec").mkdir(parents=True)
    (code / "python" / "rearm_fc_runtime").symlink_to(SHIM / "rearm_fc_runtime")
    (code / "main.py").write_text(MAIN)
    text = (ROOT / "funcraft" / "bootstrap").read_text()
    (code / "bootstrap").write_text(text.replace('"/opt/', f'"{tmp_path}/opt/').replace('"/var/', f'"{tmp_path}/var/'))
    (code / "bootstrap").chmod(0o755)
    return code


def built_for(code: Path, version: str) -> None:
    (code / "python" / "msgspec" / f"_core.cpython-{version.replace('.', '')}-x86_64-linux-gnu.so").touch()


def begin(code: Path, **env: str) -> "subprocess.Popen[str]":
    clean = {"PATH": "/usr/bin:/bin", "FC_FUNC_CODE_PATH": f"{code}/", "REARM_HANDLER": "main.handler", **env}
    return subprocess.Popen([code / "bootstrap"], env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=code)


def answered(code: Path, **env: str) -> str:
    """What the function in there answers: the Python that runs it."""
    port = free_port()
    process = begin(code, FC_SERVER_PORT=str(port), **env)
    try:
        server = Served(process, port)
        server.until("inited")
        return server.invoke().body.decode()
    finally:
        process.kill()
        process.communicate()


def put(place: Path, python: Path) -> None:
    place.parent.mkdir(parents=True)
    place.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    place.chmod(0o755)


@pytest.mark.parametrize("version", INTERPRETERS)
@pytest.mark.parametrize("place", ["opt/python{v}/bin/python{v}", "var/fc/lang/python{v}/bin/python{v}", "anywhere/bin/python{v}"])
def test_bootstrap_takes_the_python_that_the_archive_was_built_for(code: Path, version: str, place: str) -> None:
    """The layer's, the image's, or one on the PATH."""
    built_for(code, version)
    python = code.parent / place.format(v=version)
    put(python, INTERPRETERS[version])
    assert answered(code, PATH=f"/usr/bin:/bin:{code.parent}/anywhere/bin") == version


def test_bootstrap_goes_by_what_a_python_is_not_by_its_name(code: Path) -> None:
    built_for(code, "3.10")
    put(code.parent / "opt/python3.10/bin/python3.10", INTERPRETERS["3.12"])
    put(code.parent / "var/fc/lang/python3.10/bin/python3.10", INTERPRETERS["3.10"])
    assert answered(code) == "3.10"
    assert answered(code, REARM_PYTHON=str(INTERPRETERS["3.10"])) == "3.10"
    assert answered(code, REARM_HANDLER="", FC_FUNCTION_HANDLER="main.handler") == "3.10"


@pytest.mark.parametrize(("version", "layer"), [("", "Python310"), ("3.12", "Python312")])
def test_bootstrap_says_what_is_missing(code: Path, version: str, layer: str) -> None:
    if version:
        built_for(code, version)
    out, errors = begin(code).communicate(timeout=20)
    wanted = version or "3.10"
    assert out == ""
    assert errors == (
        f"rearm: this image has no Python {wanted}: give the function the layer acs:fc:REGION:official:layers/{layer}/versions/2,"
        " or say where it is with REARM_PYTHON (docs/deploy-funcraft.md)\n"
    )


def test_bootstrap_can_be_run() -> None:
    path = ROOT / "funcraft" / "bootstrap"
    assert path.stat().st_mode & stat.S_IXUSR
    assert path.read_bytes().startswith(b"#!/bin/bash\n")
    assert os.linesep == "\n"
