"""HTTP connections that are kept between calls, for warm starts; both clouds' clients take them from here."""

import threading
from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from http.client import HTTPConnection

ROOM = 8
"""Connections to one place that are kept: about as many as checks ask at a time."""


class Connections:
    """Whose last exchange is over, by place. A thread takes one out while it uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Hashable, list[HTTPConnection]] = {}

    def take(self, place: Hashable) -> "HTTPConnection | None":
        """One that is still open, as far as can be seen."""
        while True:
            with self._lock:
                idle = self._idle.get(place)
                connection = idle.pop() if idle else None
            if connection is None or is_open(connection):
                return connection
            connection.close()

    def give(self, place: Hashable, connection: "HTTPConnection") -> None:
        """Keep it for the next call. One that the answer has closed is none."""
        with self._lock:
            idle = self._idle.setdefault(place, [])
            if connection.sock is not None and len(idle) < ROOM:
                idle.append(connection)
                return
        connection.close()

    def drop(self, place: Hashable) -> None:
        """Close all to one place: one that was kept and is dead is rarely alone."""
        with self._lock:
            idle = self._idle.pop(place, [])
        for connection in idle:
            connection.close()

    def forget(self) -> None:
        """Close all."""
        for place in list(self._idle):
            self.drop(place)


def is_open(connection: "HTTPConnection") -> bool:
    """Nobody speaks unasked on a kept connection: what can be read is its end. (The server hung up while the function was frozen.)"""
    import select

    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
