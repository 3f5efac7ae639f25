"""Planted errors: throttling and the like, on demand."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rearm_workbench.emulators.alibaba.loopback import Answer
from rearm_workbench.emulators.alibaba.wire import ApiError, known_error


@dataclass
class _Fault:
    """Status 0: the connection breaks and no answer comes."""

    code: str
    status: int
    times: int
    after_effect: bool


class Faults:
    """What is to fail, by the name that `on_call` uses: `ess:CompleteLifecycleAction`."""

    def __init__(self) -> None:
        self._planted: dict[str, list[_Fault]] = {}

    def add(self, name: str, code: str, status: int = 400, times: int = 1, after_effect: bool = False) -> None:
        self._planted.setdefault(name, []).append(_Fault(code, status, times, after_effect))

    def forget(self, name: str) -> None:
        """Nothing is to fail any more under that name."""
        self._planted.pop(name, None)

    def add_from(self, body: bytes) -> None:
        """`{"name", "code", "status": 400, "times": 1, "after_effect": false}`. Raises `ApiError` for anything else."""
        told = 'write {"name": "ess:CompleteLifecycleAction", "code": "Throttling", "status": 400, "times": 1, "after_effect": false}'
        given = json_object(body, told)
        name, code = given.get("name"), given.get("code")
        status, times, after = (given.get(key, default) for key, default in (("status", 400), ("times", 1), ("after_effect", False)))
        fits = isinstance(name, str) and isinstance(code, str) and type(status) is int and type(times) is int and isinstance(after, bool)
        if not fits or given.keys() - {"name", "code", "status", "times", "after_effect"} or times < 1 or not 400 <= status <= 599:
            raise ApiError("InvalidParameter", told)
        self.add(str(name), str(code), status, times, after)

    def around(self, name: str, serve: Callable[[], Answer]) -> Answer:
        """`serve`, unless a fault is due. Raises the planted error."""
        waiting = self._planted.get(name)
        if not waiting:
            return serve()
        fault = waiting[0]
        fault.times -= 1
        if fault.times <= 0:
            waiting.pop(0)
        if fault.after_effect:
            serve()
        if fault.status == 0:
            raise ConnectionAbortedError(f"{name} is made to fail")
        raise known_error(fault.code, fault.status)


def json_object(body: bytes, told: str) -> dict[str, Any]:
    """Raises `ApiError` with what to write instead."""
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ApiError("InvalidParameter", told)
    return given
