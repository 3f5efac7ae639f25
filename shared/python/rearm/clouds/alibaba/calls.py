"""One call to Alibaba Cloud: how it fails, when it is tried again, and what is kept for the next invocation.

The published SDKs do not retry ESS calls either: aliyun-python-sdk-core's table covers ECS only, and throttling is HTTP 400 here.
"""

import random
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from rearm import clock
from rearm.errors import TryAgain

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
ATTEMPTS = 4
THROTTLED_PAUSE_S = 0.5
PAUSE_S = 0.2
"""The longest first pause; it doubles with each attempt, and the pause taken is a random part of it (full jitter)."""

PERMISSIONS = {"cms:DescribeMetricLast": "cms:QueryMetricLast"}
"""Where RAM calls a permission otherwise than its operation: alibabacloud.com/help/en/cms/cloudmonitor-1-0/developer-reference/
api-cms-2019-01-01-describemetriclast, "RAM authorization"."""

NOT_SENT = "NotSent"
NO_ANSWER = "NoAnswer"
UNREADABLE_ANSWER = "UnreadableAnswer"

T = TypeVar("T")
_clients: dict[Hashable, Any] = {}


class Tasks(NamedTuple):
    """A page of Function Compute's asynchronous tasks: their ids, and where the next page begins; empty after the last."""

    ids: list[str]
    next_token: str


class CallFailed(TryAgain):
    """A call was refused or lost. `code` is the cloud's own, or one of the three above; `status` is HTTP's, 0 without one."""

    def __init__(self, operation: str, code: object, status: object = 0, text: str = "") -> None:
        self.operation = operation
        self.code = str(code or "")
        self.status = status if isinstance(status, int) else 0
        parts = [f"{operation}: {self.code or 'no error code'}", f"(HTTP {self.status})" if self.status else "", text, self._hint()]
        super().__init__(" ".join(part for part in parts if part))

    @property
    def throttled(self) -> bool:
        """`Throttling`, `Throttling.User`, `Rejected.Throttling`, and FC's ResourceThrottled and ResourceExhausted."""
        return self.status == 429 or "Throttl" in self.code or self.code == "ResourceExhausted"

    @property
    def surely_not_done(self) -> bool:
        return self.throttled or self.code == NOT_SENT

    @property
    def may_pass(self) -> bool:
        """Worth another attempt, if the call may be done twice."""
        return self.surely_not_done or self.status >= 500 or self.code in (NO_ANSWER, "InternalError", "ServiceUnavailable")

    def _hint(self) -> str:
        if self.code.startswith(("Forbidden", "NoPermission", "AccessDenied", "403")):
            return f"- does the function's role allow {PERMISSIONS.get(self.operation, self.operation)}?"
        return "- is the secret that of the access key?" if "Signature" in self.code else ""


def persist(call: Callable[[], T], *, may_repeat: bool, remaining_s: Callable[[], float]) -> T:
    """Call, and call again while that may help. A call that must not be done twice is repeated only if it was surely not done."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return call()
        except CallFailed as failed:
            pause = random.uniform(0, (THROTTLED_PAUSE_S if failed.throttled else PAUSE_S) * 2 ** (attempt - 1))
            worth = failed.may_pass if may_repeat else failed.surely_not_done
            if not worth or attempt == ATTEMPTS or remaining_s() < pause + CONNECT_TIMEOUT_S + READ_TIMEOUT_S:
                raise
        clock.sleep(pause)


def one_line(text: object, secrets: Iterable[str]) -> str:
    """A server's message for the log: one line, at most 200 characters, without the given secrets (plain or URL-quoted)."""
    line = " ".join(str(text or "").split())
    for secret in secrets:
        for form in {secret, quote(secret, safe=""), quote(quote(secret, safe=""), safe="")} - {""}:
            line = line.replace(form, "***")
    return line[:200]


def kept_client(key: Hashable, make: Callable[[], T]) -> T:
    """What belongs to that key, made at its first use. Old ones are let go."""
    client: T | None = _clients.get(key)
    if client is None:
        if len(_clients) >= 8:
            _clients.clear()
        client = _clients[key] = make()
    return client


def forget_kept() -> None:
    """Make everything anew at its next use."""
    _clients.clear()
