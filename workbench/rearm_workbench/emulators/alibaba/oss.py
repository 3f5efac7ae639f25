"""Object Storage Service (OSS): HeadObject, addressed by path. Objects are put by hand.

API page HeadObject: the answer has no body, an error's comes in the header `x-oss-err`.
"""

import base64
from collections.abc import Mapping
from urllib.parse import unquote

from rearm_workbench.emulators.alibaba.account import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from rearm_workbench.emulators.alibaba.faults import Faults
from rearm_workbench.emulators.alibaba.loopback import Answer, Incoming
from rearm_workbench.emulators.alibaba.signatures import verify_oss
from rearm_workbench.emulators.alibaba.wire import ApiError

NAMES = ("HeadObject",)


def is_oss(incoming: Incoming) -> bool:
    """By the signature: a path alone could be any product's."""
    return incoming.headers.get("authorization", "").startswith("OSS")


class Oss:
    """The buckets of one account, and the names of their objects."""

    def __init__(self) -> None:
        self.buckets: dict[str, set[str]] = {}

    def respond(self, incoming: Incoming, request_id: str, faults: Faults) -> Answer:
        """The answer, or the error's."""
        try:
            return faults.around(name_of(incoming), lambda: self._serve(incoming))
        except ApiError as error:
            return _failure(error, request_id)

    def _serve(self, incoming: Incoming) -> Answer:
        verify_oss(incoming, ACCESS_KEY_ID, ACCESS_KEY_SECRET)
        _, bucket, key = unquote(incoming.path).split("/", 2)
        if incoming.method != "HEAD" or incoming.query or not key:
            raise ApiError("NotImplemented", f"the emulator models {', '.join(NAMES)} of OSS only", 501)
        if bucket not in self.buckets:
            raise ApiError("NoSuchBucket", "The specified bucket does not exist.", 404)
        if key not in self.buckets[bucket]:
            raise ApiError("NoSuchKey", "The specified key does not exist.", 404)
        return Answer(200, {"x-oss-object-type": "Normal", "ETag": '"0"'})


def name_of(incoming: Incoming) -> str:
    """A request as `on_call` hears of it."""
    return "oss:HeadObject" if incoming.method == "HEAD" else f"oss:{incoming.method} {incoming.path}"


def _failure(error: ApiError, request_id: str) -> Answer:
    body = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message><RequestId>{request_id}</RequestId></Error>"
    headers: Mapping[str, str] = {"x-oss-err": base64.b64encode(body.encode()).decode(), "x-oss-request-id": request_id}
    return Answer(error.status, headers)
