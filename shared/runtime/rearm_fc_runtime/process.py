"""The process: from its arguments and variables to its exit code."""

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from rearm_fc_runtime import environment, log
from rearm_fc_runtime.invocation import PRE_STOP, Ended, Runtime
from rearm_fc_runtime.request import Request, new_id, whole
from rearm_fc_runtime.server import Server

DEFAULT_PORT = 9000
DEFAULT_CODE = "/code/"
LAYERS = Path("/opt/python")
TERMINATED = 128 + signal.SIGTERM
"""What the runtime ends with: 143."""


class Refused(Exception):
    """It cannot start: one line that says why."""


def run(handler: str, hooks: Mapping[str, str]) -> int:
    """Serve until SIGTERM, or until the function ends the process; returns the exit code. Raises `Refused`."""
    directory = Path(os.environ.get(environment.CODE_PATH) or DEFAULT_CODE).absolute()
    port = _port()
    if not directory.is_dir():
        raise Refused(f"{environment.CODE_PATH} is `{directory}`, which is no directory: it has to be the function's own")
    at_once = whole(os.environ.get(environment.CONCURRENCY)) or 1
    runtime = Runtime(directory, handler, hooks, at_once)
    _import_path(directory)
    log.install(os.environ.get(environment.LOG_LEVEL) or "INFO")
    environment.hide_reserved(os.environ)
    ending = _Ending()
    try:
        server = Server(port, runtime, ending.now)
    except OSError as error:
        raise Refused(f"port {port} cannot be listened on ({error.strerror}): set FC_SERVER_PORT to a free one") from None
    log.line(f"FunctionCompute python{environment.running()} runtime inited.")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = ending.wait()
    server.socket.close()
    if runtime.running and code == TERMINATED:
        _dump_stacks(runtime)
    if ending.by_signal:
        _stop(runtime)
    return code


class _Ending:
    """The exit code, once it is known: from a signal or from the function."""

    def __init__(self) -> None:
        self._known = threading.Event()
        self._code = 0
        self.by_signal = False
        signal.signal(signal.SIGTERM, self._signalled)
        signal.signal(signal.SIGINT, self._signalled)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self.by_signal = True
        self.now(128 + number)

    def now(self, code: int) -> None:
        self._code = code
        self._known.set()

    def wait(self) -> int:
        self._known.wait()
        return self._code


def _port() -> int:
    """The newer name is the custom runtime's, the older one every runtime's."""
    for name in environment.PORTS:
        if said := os.environ.get(name):
            if not 0 < whole(said) < 65536:
                raise Refused(f"{name} is `{said}`: must be a port, 1 to 65535")
            return int(said)
    return DEFAULT_PORT


def _import_path(directory: Path) -> None:
    """The function's own files first, then those of layers."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for place in (LAYERS, LAYERS / "lib" / version / "site-packages", directory):
        sys.path.insert(0, str(place))


def _dump_stacks(runtime: Runtime) -> None:
    """What the function was at, for its log: its time was used up, or the platform took its instance away."""
    logger = logging.getLogger()
    logger.error("Dumping stack trace after function timeout")
    for thread, frame in sys._current_frames().items():
        logger.error(f"request id = {', '.join(runtime.running.values())}, thread id = {thread}\n{''.join(traceback.format_stack(frame))}")


def _stop(runtime: Runtime) -> None:
    """The last hook: its errors are in the log, and change nothing."""
    try:
        runtime.hook(PRE_STOP, Request(new_id()))
    except Ended as ended:
        logging.getLogger().error(f"PreStop: {ended}")
