"""What the instances of a replay serve on their ports: what the configured checks ask for, once the instance is ready."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from rearm.checks import http, tls
from rearm.checks.network import http_body
from rearm.core.profile import Check
from rearm_workbench.network import Served
from rearm_workbench.sample_text import sample
from rearm_workbench.world_course import Course


class CannotServe(Exception):
    """A check asks for something that nothing here can make up; one line."""


class InstancePorts:
    """See `network.Ports`. Where a check is not to pass yet, a port for `http` answers 503, and at any other nothing listens."""

    def __init__(self, checks: Iterable[Check], course: Course) -> None:
        self._course = course
        self._served: dict[tuple[int, str], tuple[Served, Callable[[], bool]]] = {}
        self._open: dict[int, Callable[[], bool]] = {}
        self._certified: dict[int, tuple[str, ...]] = {}
        for check in checks:
            if check.kind == "http":
                self._add_http(msgspec.convert(check.settings, http.Settings), course.passing(check))
            elif check.kind in ("tcp", "tls"):
                port = check.settings["port"]
                assert isinstance(port, int)
                self._open.setdefault(port, course.passing(check))
                if check.kind == "tls":
                    self._certify(port, msgspec.convert(check.settings, tls.Settings).server_name)

    @property
    def with_tls(self) -> bool:
        """Whether anything needs a certificate."""
        return bool(self._certified)

    def answer(self, port: int, path: str) -> Served | None:
        served, passes = self._served.get((port, path), (Served(200), self._open.get(port, self._course.is_ready)))
        if passes():
            return served
        return Served(503) if any(port == known for known, _ in self._served) else None

    def certified(self, port: int) -> tuple[str, ...] | None:
        return self._certified.get(port)

    def _add_http(self, wanted: http.Settings, passes: Callable[[], bool]) -> None:
        port = wanted.port or (443 if wanted.scheme == "https" else 80)
        status = wanted.status if isinstance(wanted.status, int) else next(iter(wanted.status or (200,)))
        self._served.setdefault((port, wanted.path), (Served(status, _body(wanted)), passes))
        if wanted.scheme == "https":
            self._certify(port, wanted.server_name)

    def _certify(self, port: int, name: str | None) -> None:
        self._certified[port] = (*self._certified.get(port, ()), *([name] if name else []))


def _body(wanted: http.Settings) -> bytes:
    """A body that passes: JSON with the value in its place, a text that the pattern matches, or both in one."""
    texts = [""]
    if wanted.body_matches is not None:
        found = sample(wanted.body_matches)
        texts = [] if found is None else [found]
    if wanted.json is not None:
        equals = True if wanted.equals is None else wanted.equals
        document = _document(http_body.parts(wanted.json), equals)
        texts = [json.dumps(document), *(json.dumps({**document, "text": text}) for text in texts if isinstance(document, dict))]
    for text in texts:
        if wanted.body_matches is None or re.search(wanted.body_matches, text):
            return text.encode()
    raise CannotServe(f"`body_matches: {wanted.body_matches}` is more than a replay can make up a body for; use a simpler pattern for it")


def _document(path: tuple[str | int, ...], value: object) -> Any:
    if not path:
        return value
    inner = _document(path[1:], value)
    return {path[0]: inner} if isinstance(path[0], str) else [None] * path[0] + [inner]
