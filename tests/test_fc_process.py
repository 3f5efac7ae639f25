"""The custom runtime's process: hooks of its lifecycle, and every way in which it ends or does not begin."""

import http.client
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from served_world import PATIENCE_S, SHIM, Served, asked, free_port, served, start
from served_world import code as code
from served_world import python as python
from served_world import server as server


def test_hooks(server: Served) -> None:
    """PreStop is not run again by the signal that follows it."""
    assert server.ask("POST", "/initialize", initialization_timeout="30", request_id="r-1").body == b"begun"
    server.until("FC Initialize End RequestId: r-1")
    assert server.ask("GET", "/pre-freeze").body == b""
    assert server.ask("GET", "/pre-stop", request_id="r-2").status == 200
    assert server.terminate() == 143
    assert [line.rpartition(" ")[2] for line in server.lines if "[INFO]" in line] == ["beginning", "stopping"]
    assert [line for line in server.lines if "r-2" in line and line.startswith("FC")] == [
        "FC PreStop Start RequestId: r-2",
        "FC PreStop End RequestId: r-2",
    ]


def test_a_hook_that_fails(python: Path, code: Path) -> None:
    with served(python, code, "main.handler", "--initializer", "main.fail", "--pre-stop", "main.fail") as server:
        reply = server.ask("POST", "/initialize")
        assert (reply.status, reply.headers["x-fc-status"], reply.json()["errorType"]) == (404, "404", "OSError")
        assert server.invoke(b"x").status == 200
        assert server.terminate() == 143
    assert sum("no disk" in line for line in server.lines) >= 2


@pytest.mark.parametrize(("how", "code_"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_after_pre_stop(server: Served, how: signal.Signals, code_: int) -> None:
    assert server.invoke(b"x").status == 200
    assert server.terminate(how) == code_
    assert server.lines[-2].endswith("[INFO] stopping")
    assert not any("Dumping" in line for line in server.lines)


def test_a_thread_that_the_function_has_left_behind_does_not_keep_it(server: Served) -> None:
    assert server.invoke(b"leave a thread").status == 200
    assert server.terminate() == 143


def test_sigterm_during_an_invocation(server: Served) -> None:
    """As the runtime does: where each thread was goes to the log, the platform gets no answer, and the exit code is 143."""
    thread, found = asked(server, b"wait", request_id="r-1")
    server.until("waiting")
    assert server.terminate() == 143
    thread.join(PATIENCE_S)
    assert isinstance(found[0], http.client.HTTPException | OSError)
    log = "\n".join(server.lines)
    assert "[ERROR] Dumping stack trace after function timeout" in log
    assert "request id = r-1, thread id = " in log
    assert "threading.Event().wait()" in log
    assert log.rstrip().rpartition("\n")[2].startswith("FC PreStop End")


def test_a_timeout(server: Served) -> None:
    """The instance is of no use any more: it says so, and ends."""
    reply = server.invoke(b"wait", function_timeout="1", request_id="r-1")
    assert (reply.status, reply.headers["x-fc-status"]) == (404, "404")
    assert reply.json()["errorMessage"] == "Function timed out after 1 seconds"
    assert server.ended() == 143
    log = "\n".join(server.lines)
    assert "FC Invoke End RequestId: r-1, Error: Unhandled function error" in log
    assert "request id = r-1, thread id = " in log


def test_a_function_that_ends_its_process(server: Served) -> None:
    """No answer, and its own exit code: "Process exited unexpectedly before completing request" is what the platform makes of it."""
    _, found = asked(server, b"exit")
    assert server.ended() == 7
    assert not found or isinstance(found[0], Exception)


def refused(python: Path, code: Path, *arguments: str, port: int, **env: str) -> str:
    """Its one line, where it cannot start."""
    process = start(python, code, *arguments, port=port, env=env)
    out, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (2, "")
    return errors.strip()


def test_what_cannot_start(python: Path, code: Path) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", port))
        taken.listen()
        line = f"rearm_fc_runtime: port {port} cannot be listened on (Address already in use): set FC_SERVER_PORT to a free one"
        assert refused(python, code, "main.handler", port=port) == line
    line = "rearm_fc_runtime: FC_CUSTOM_LISTEN_PORT is `http`: must be a port, 1 to 65535"
    assert refused(python, code, "main.handler", port=port, FC_CUSTOM_LISTEN_PORT="http") == line
    missing = code / "none"
    line = f"rearm_fc_runtime: FC_FUNC_CODE_PATH is `{missing}`, which is no directory: it has to be the function's own"
    assert refused(python, missing, "main.handler", port=port) == line
    assert refused(python, code, port=port) == "rearm_fc_runtime: which handler? Give `module.function`, or set FC_FUNCTION_HANDLER"
    understood = "is not understood: one handler, and --initializer, --pre-stop, --pre-freeze, each with its own"
    assert refused(python, code, "main.handler", "--port", port=port) == f"rearm_fc_runtime: `--port` {understood}"
    assert refused(python, code, "main.handler", "x.y", port=port) == f"rearm_fc_runtime: `x.y` {understood}"
    assert refused(python, code, "--pre-stop", port=port) == "rearm_fc_runtime: --pre-stop wants a handler, `module.function`, after it"


def test_the_newer_name_of_the_port(python: Path, code: Path) -> None:
    port = free_port()
    process = start(python, code, "main.handler", port=free_port(), env={"FC_CUSTOM_LISTEN_PORT": str(port)})
    try:
        server = Served(process, port)
        server.until("inited")
        assert server.invoke(b"x").status == 200
    finally:
        process.kill()
        process.communicate()


def test_the_handler_may_come_from_the_environment(python: Path, code: Path) -> None:
    with served(python, code, env={"FC_FUNCTION_HANDLER": "main.handler"}) as server:
        assert server.invoke(b"x").json()["event"] == "x"


def test_only_the_standard_library_is_needed(python: Path) -> None:
    program = (
        "import sys, rearm_fc_runtime.process; print(*{name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run([python, "-S", "-c", program], env={"PYTHONPATH": str(SHIM)}, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"__main__", "rearm_fc_runtime"}
