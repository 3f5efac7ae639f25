"""The calls of every look, signed and read here: without botocore, whose import and clients are most of a cold start.

Auto Scaling and EC2 speak AWS's query protocol (docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests), EventBridge Scheduler
JSON over REST. Every request is compared with botocore's byte for byte in the tests, and what is read with what botocore reads. Any
other operation of these services, and any surroundings that only botocore knows its way in, are botocore's.
"""

import json
import os
import random
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from rearm import clock
from rearm.clouds.aws import faults, wire
from rearm.clouds.aws.answers import Unreadable, read, tree
from rearm.clouds.aws.operations import LISTS, OPERATIONS
from rearm.clouds.aws.signature import Credentials, Scope, signed

ATTEMPTS = 5
THROTTLED = faults.THROTTLED - {"RateExceeded"}
"""Botocore does not know that code: `calls.call` waits it out."""
PASSING_CODES = frozenset(["RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"])
PASSING_STATUSES = frozenset([500, 502, 503, 504])
"""What botocore's mode `standard` tries again: botocore/retries/standard.py."""
PAUSE_S, THROTTLED_PAUSE_S, PAUSE_MAX_S = 0.05, 1.0, 20.0
"""The longest first pause, which doubles: the pause is a random part of it (full jitter)."""

FORM, JSON = "application/x-www-form-urlencoded; charset=utf-8", "application/json"
REGION = re.compile(r"((us|eu|ap|sa|ca|me|af|il|mx)-\w+|us-gov-\w+|(cn)-\w+)-\d+")
"""The partitions aws, aws-us-gov and aws-cn of botocore's partitions.json. The others have endpoints with names of their own."""

NOT_OURS = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
)
"""Set, they ask for what only botocore does."""
FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}

METHODS = {
    re.sub("([A-Z])", lambda letter: f"_{letter[1].lower()}", operation)[1:]: (service, operation)
    for service, (_, operations) in OPERATIONS.items()
    for operation in operations
}
SERVICES = (*OPERATIONS, "scheduler")
ENDPOINT_NAMES = {"autoscaling": "AUTO_SCALING", "ec2": "EC2", "scheduler": "SCHEDULER"}
"""In `AWS_ENDPOINT_URL_…`: the service's id."""


class Refused(Exception):
    """An error answer, in the shape of botocore's ClientError; status 0 where no answer came."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        self.response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
        super().__init__(f"{code}: {message}")


class Place(NamedTuple):
    """Where a service is: scheme, host, and for what requests to it are signed."""

    scheme: str
    host: str
    scope: Scope


def place_of(service: str, region: str, environment: Mapping[str, str]) -> Place | None:
    """Where the service answers; None where botocore has to find that out, or where it has to find the credentials."""
    if service not in SERVICES or not region or any(environment.get(name) for name in NOT_OURS) or _credentials(environment) is None:
        return None
    if any(os.path.isfile(environment.get(name) or os.path.expanduser(usual)) for name, usual in FILES.items()):
        return None
    url = environment.get(f"AWS_ENDPOINT_URL_{ENDPOINT_NAMES[service]}") or environment.get("AWS_ENDPOINT_URL") or _usual(service, region)
    found = re.fullmatch(r"(https?)://([^/?#@]+)/?", url)
    return Place(found[1], found[2], Scope(service, region)) if found else None


def _usual(service: str, region: str) -> str:
    known = REGION.fullmatch(region)
    return f"https://{service}.{region}.amazonaws.com{'.cn' if known[3] else ''}" if known else ""


def _credentials(environment: Mapping[str, str]) -> Credentials | None:
    found = Credentials(*(environment.get(f"AWS_{name}", "") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")))
    return found if found.key_id and found.secret else None


class SmallClient:
    """A service's client. Its methods are botocore's; those that are not here are those of botocore's own client, which `make` gives.

    Raises `Refused` for an error answer, after as many attempts as botocore would make.
    """

    def __init__(self, place: Place, make: Callable[[], Any]) -> None:
        self._place, self._make = place, make

    def __getattr__(self, name: str) -> Any:
        service, operation = METHODS.get(name, ("", ""))
        if service == self._place.scope.service:
            return lambda **asked: self._query(operation, asked)
        return getattr(self._make(), name)

    def _query(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        service = self._place.scope.service
        version, operations = OPERATIONS[service]
        pairs = [("Action", operation), ("Version", version), *_pairs("", asked, service == "ec2")]
        body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()
        reply = self._answered("POST", "/", FORM, body, _query_error)
        root = tree(reply.body)
        if root.name != f"{operation}Response":
            raise Unreadable(f"the answer to {operation} is a {root.name}")
        within = root if service == "ec2" else root.child(f"{operation}Result") or root
        found: dict[str, Any] = read(within, operations[operation])
        return found

    def create_schedule(self, *, Name: str, **asked: Any) -> dict[str, Any]:
        """docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule. One token for all attempts: the repetition is the same."""
        if self._place.scope.service != "scheduler":
            raise AttributeError("create_schedule")
        asked.setdefault("ClientToken", os.urandom(16).hex())
        reply = self._answered("POST", f"/schedules/{quote(Name, safe='-._~')}", JSON, json.dumps(asked).encode(), _json_error)
        return _json(reply)

    def _answered(self, method: str, path: str, kind: str, body: bytes, error_of: Callable[[wire.Reply], tuple[str, str]]) -> wire.Reply:
        """A successful answer. Raises `Refused`."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = self._sent(method, path, kind, body)
                if reply.status < 300:
                    return reply
                code, message = error_of(reply)
                refused = Refused(code, message, reply.status)
                again = code in THROTTLED or code in PASSING_CODES or reply.status in PASSING_STATUSES
            except wire.Lost as lost:
                refused, code, again = Refused(lost.code, str(lost)), lost.code, True
            if not again or attempt == ATTEMPTS:
                raise refused
            first_s = THROTTLED_PAUSE_S if code in THROTTLED else PAUSE_S
            clock.sleep(random.random() * min(first_s * 2 ** (attempt - 1), PAUSE_MAX_S))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _sent(self, method: str, path: str, kind: str, body: bytes) -> wire.Reply:
        scheme, host, scope = self._place
        credentials = _credentials(os.environ)
        if credentials is None:
            raise Refused("NoCredentialsError", "Unable to locate credentials")
        headers = signed(method, host, path, {"Content-Type": kind}, body, scope, credentials, clock.now())
        return wire.send(method, f"{scheme}://{host}{path}", {"User-Agent": "rearm", **headers}, body)


def _pairs(prefix: str, value: Any, is_ec2: bool) -> list[tuple[str, str]]:
    """The parameters of a request, flat: `Filter.1.Value.2`, `LifecycleHookNames.member.1`."""
    if isinstance(value, Mapping):
        return [pair for name, one in value.items() for pair in _pairs(f"{prefix}.{name}" if prefix else name, one, is_ec2)]
    if isinstance(value, (list, tuple)):
        path, _, name = prefix.rpartition(".")
        begin = f"{path}." if path else ""
        prefix = f"{begin}{LISTS[name]}" if is_ec2 else f"{prefix}.member"
        return [pair for number, one in enumerate(value, 1) for pair in _pairs(f"{prefix}.{number}", one, is_ec2)]
    return [(prefix, str(value).lower() if isinstance(value, bool) else str(value))]


def _query_error(reply: wire.Reply) -> tuple[str, str]:
    """Code and message; for what is no error of the service's (a proxy's page) the status, as botocore does."""
    try:
        root = tree(reply.body)
    except Unreadable:
        return str(reply.status), "the answer is no XML"
    error = (root.child("Errors") or root).child("Error")
    return (error.says("Code") or str(reply.status), error.says("Message")) if error else (str(reply.status), f"a {root.name}")


def _json_error(reply: wire.Reply) -> tuple[str, str]:
    """docs.aws.amazon.com/scheduler: the code stands in a header, or in the body as `__type` or `code`."""
    try:
        told = json.loads(reply.body or b"{}")
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    code = reply.headers.get("x-amzn-errortype") or told.get("__type") or told.get("code") or reply.status
    return str(code).partition(":")[0].rpartition("#")[2], str(told.get("message") or told.get("Message") or "")


def _json(reply: wire.Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unreadable("the answer is no JSON object")
    return found
