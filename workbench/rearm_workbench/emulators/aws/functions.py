"""Lambda's Invoke: functions live outside of the emulator, which only hands events over.

Shape: docs.aws.amazon.com/lambda/latest/api/API_Invoke. An `Event` is accepted with 202 and invoked by the clock's next timer;
a `RequestResponse` is answered by whoever runs the functions, while nothing is locked.
"""

import json
import re
from typing import Any
from urllib.parse import unquote

from moto.core.request import Request

from rearm_workbench.emulators.alibaba.loopback import Answer
from rearm_workbench.emulators.aws.running import ACCOUNT, running

INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
EVENT_MAX = 1024 * 1024


class CallNow(Exception):
    """No error: a function is to be called, and its result answered, when the server has given its lock back."""

    def __init__(self, arn: str, payload: bytes) -> None:
        super().__init__(arn)
        self.arn, self.payload = arn, payload


def invoke(request: Request, region: str) -> Any:
    """Serve one Invoke. Raises `CallNow` when the caller waits for the result."""
    found = INVOKE.fullmatch(request.raw_path)
    arn = _arn(unquote(found.group(1)) if found else "", region)
    kind, payload = request.headers.get("X-Amz-Invocation-Type", "RequestResponse"), request.get_data() or b"{}"
    try:
        event = json.loads(payload)
    except ValueError:
        return _error(400, "InvalidRequestContentException", "Could not parse request body into json")
    if len(payload) > EVENT_MAX and kind == "Event":
        return _error(413, "RequestTooLargeException", f"Request must be smaller than {EVENT_MAX} bytes for the Invoke operation")
    if kind == "DryRun":
        return 204, {}, b""
    if kind == "Event":
        running().call_function_later(arn, event)
        return 202, {}, b""
    raise CallNow(arn, payload)


def invoke_here(request: Request, _url: str, _headers: Any) -> Any:
    """Serve one Invoke inside this process: a `RequestResponse` is answered by a function that `set_function` has put there."""
    try:
        return invoke(request, running().region)
    except CallNow as asked:
        run = running().functions.get(asked.arn.partition(":function:")[2].partition(":")[0])
        if run is None:
            return _error(404, "ResourceNotFoundException", f"Function not found: {asked.arn}")
        answer = result(*run(asked.payload))
        return answer.status, dict(answer.headers), answer.body


def result(body: bytes, error: str | None) -> Answer:
    """The answer to a `RequestResponse`; a failed function's is a 200 too."""
    headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": "$LATEST"}
    if error is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
        body = body or json.dumps({"errorMessage": error}).encode()
    return Answer(200, headers, body or b"null")


def _arn(name: str, region: str) -> str:
    if name.startswith("arn:"):
        return name
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name.rpartition('function:')[2]}"


def _error(status: int, code: str, message: str) -> Any:
    return status, {"Content-Type": "application/json", "x-amzn-ErrorType": code}, json.dumps({"Type": "User", "message": message})
