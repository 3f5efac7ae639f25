"""One call to AWS: which client, how often it is tried, and what is left of a failure.

What every look calls goes through `small_client`. botocore is imported where something else is called: a look pays only for what it calls.
boto3 would add resources and transfers, which nobody asks for here, and a sixth of what a first client of botocore's costs.
"""

import os
import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from rearm import clock
from rearm.clouds.aws import wire
from rearm.clouds.aws.faults import is_throttled, translate
from rearm.clouds.aws.wire import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from rearm.errors import ConfigError, RearmError, TryAgain

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


T = TypeVar("T")

SDK_ATTEMPTS = 5
OWN_ATTEMPTS = 4
"""Botocore's `standard` mode does not know the code `RateExceeded`, and gives throttling up after its own attempts."""
OWN_PAUSE_MAX_S = 3.0
RESERVE_S = 3.0
"""No pause eats into the last seconds of an invocation: the platform delivers again instead."""

_lock = threading.Lock()
_kept: dict[str, Any] = {}


@overload
def client(service: Literal["autoscaling"]) -> "AutoScalingClient": ...
@overload
def client(service: Literal["ec2"]) -> "EC2Client": ...
@overload
def client(service: Literal["scheduler"]) -> "EventBridgeSchedulerClient": ...
@overload
def client(service: str) -> Any: ...
def client(service: str) -> Any:
    """The client of a service, made once and kept for warm starts: botocore's, or what stands for it (`small_client`)."""
    return kept(service, lambda: _make_client(service))


def sdk_client(service: str, attempts: int = SDK_ATTEMPTS, read_timeout_s: float = READ_TIMEOUT_S) -> Any:
    """A new client of botocore's own. Raises ConfigError without a region."""
    from botocore.config import Config
    from botocore.exceptions import NoRegionError
    from botocore.session import get_session

    # The cloud judges what is sent: botocore's own validation costs time, and what it refuses would never get an answer.
    config = Config(
        parameter_validation=False,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    if "session" not in _kept:
        _kept["session"] = get_session()
    try:
        return _kept["session"].create_client(service, region_name=_region(), config=config)
    except NoRegionError:
        raise ConfigError(["the AWS region is not known: set AWS_REGION"]) from None


def client_of_one_attempt(service: str, read_timeout_s: float = READ_TIMEOUT_S) -> Any:
    """For what must not be done twice, or takes its time: no retries, and as long to answer as `read_timeout_s`."""
    return kept(f"{service} once {read_timeout_s:g}", lambda: sdk_client(service, 1, read_timeout_s))


def kept(name: str, make: Callable[[], Any]) -> Any:
    """What `make` makes, once, until `forget_clients`. Checks ask from several threads."""
    with _lock:
        if name not in _kept:
            _kept[name] = make()
        return _kept[name]


def _make_client(service: str) -> Any:
    from rearm.clouds.aws.small_client import SmallClient, place_of

    place = place_of(service, _region() or "", os.environ)
    if place is None:
        return sdk_client(service)
    return SmallClient(place, lambda: kept(f"{service} of botocore", lambda: sdk_client(service)))


def _region() -> str | None:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def credentials() -> Any:
    """The function's own credentials, for what is signed here and sent by somebody else. Raises TryAgain without any."""
    from botocore.session import get_session

    found = kept("session", get_session).get_credentials()
    if found is None:
        raise TryAgain("no AWS credentials: give the function a role")
    return found.get_frozen_credentials()


def forget_clients(session: "Session | None" = None) -> None:
    """Drop every kept client (credentials or region have changed); the next ones come from `session`, or from a new one."""
    wire.connections.forget()
    with _lock:
        _kept.clear()
        if session is not None:
            _kept["session"] = session


def call(what: str, run: Callable[[], T], remaining_s: Callable[[], float], secrets: tuple[str, ...] = ()) -> T:
    """Run one API call; wait out throttling with full jitter; raise what is left as `RearmError`.

    `what` is the permission's name (`autoscaling:CompleteLifecycleAction`). `secrets` never appear whole in a message.
    """
    for attempt in range(1, OWN_ATTEMPTS + 1):
        try:
            return run()
        except RearmError:
            raise
        except Exception as error:
            pause_s = random.uniform(0, min(OWN_PAUSE_MAX_S, 0.5 * 2**attempt))
            if attempt == OWN_ATTEMPTS or not is_throttled(error) or pause_s + RESERVE_S > remaining_s():
                raise translate(error, what, secrets) from error
            clock.sleep(pause_s)
    raise AssertionError("unreachable: the last attempt returns or raises")
