"""Put our classes into moto and made-up credentials into the environment, and say how to take both out again.

moto has no plugin hook; it looks its classes up by module attribute at each use, so assignments are enough.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import botocore.session
import moto.core.responses
import moto.moto_api
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from moto.autoscaling import models as autoscaling_models
from moto.autoscaling import urls as autoscaling_urls
from moto.awslambda import urls as lambda_urls
from moto.cloudwatch import models as cloudwatch_models
from moto.core.models import botocore_stubber
from moto.core.utils import method_names_from_class
from moto.ec2.models import instances as ec2_instances
from moto.ecs import models as ecs_models
from moto.ecs import responses as ecs_responses
from moto.elb import models as elb_models
from moto.elb import responses as elb_responses
from moto.elbv2 import models as elbv2_models
from moto.events import models as events_models
from moto.scheduler import models as scheduler_models
from moto.sns import models as sns_models
from moto.sqs import models as sqs_models
from moto.ssm import models as ssm_models
from moto.ssm import urls as ssm_urls

import rearm.clock
from rearm.clouds.aws import wire
from rearm_workbench.emulators.aws import (
    autoscaling,
    autoscaling_api,
    balancers,
    calls,
    containers,
    ec2,
    group,
    notify,
    scheduler,
    sqs,
    ssm,
)
from rearm_workbench.emulators.aws.functions import invoke_here
from rearm_workbench.emulators.aws.running import ACCOUNT, running

Undo = Callable[[], object]
UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")
ROOT = "{0}/$"
MOTO_CONFIG: Any = {"lambda": {"use_docker": False}, "batch": {"use_docker": False}}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "FOOBARKEY", "AWS_SECRET_ACCESS_KEY": "FOOBARSECRET", "AWS_SESSION_TOKEN": "emulated"}
OURS = (
    autoscaling_models.autoscaling_backends,
    cloudwatch_models.cloudwatch_backends,
    ecs_models.ecs_backends,
    elb_models.elb_backends,
    elbv2_models.elbv2_backends,
    scheduler_models.scheduler_backends,
    sqs_models.sqs_backends,
    ssm_models.ssm_backends,
)
"""Backends whose class we replace: those that moto has made before are dropped."""


@cache
def session() -> botocore.session.Session:
    """One session for all emulators of a process, with made-up credentials: it keeps the API models that it has read."""
    made = botocore.session.get_session()
    made.set_credentials(*CREDENTIALS.values())
    return made


def install(region: str) -> list[Undo]:
    """Install everything, for callers inside this process; the answer undoes it, last first."""
    # botocore pauses between its retries with this module's `time.sleep`: those pauses are virtual too.
    pauses = _assign(botocore.endpoint, "time", SimpleNamespace(sleep=_sleep))
    sends = _assign(wire, "send", _answered_by_moto)
    return [_set_environment(region), pauses, sends, *install_classes(), *_serve_functions()]


def _answered_by_moto(method: str, url: str, headers: Mapping[str, str], body: bytes) -> wire.Reply:
    """moto listens to botocore only: what the layer sends itself is handed to the same listener."""
    sent = HTTPHeaders()
    for name, value in headers.items():
        sent[name] = value
    try:
        answer = botocore_stubber.process_request(AWSPreparedRequest(method, url, sent, body, False))
    except ConnectionClosedError as error:
        raise wire.Lost("ConnectionClosedError", str(error)) from None
    if answer is None:
        raise wire.Lost("EndpointConnectionError", f"the emulator has no {url}")
    status, told, found = answer
    content = found if isinstance(found, bytes) else str(found).encode()
    return wire.Reply(int(status), {str(name).lower(): str(value) for name, value in dict(told).items()}, content)


def _serve_functions() -> list[Undo]:
    """Invoke is answered by us, before moto looks for a function of its own."""
    undo: list[Undo] = []
    for path in [path for path in lambda_urls.url_paths if "/invocations" in path]:
        undo.append(partial(lambda_urls.url_paths.update, {path: lambda_urls.url_paths[path]}))
        lambda_urls.url_paths[path] = invoke_here
    return undo


def install_classes() -> list[Undo]:
    """Put our classes and the virtual time into moto; the answer undoes it, last first."""
    undo = []
    for owner, name, value in (
        (autoscaling_models, "FakeAutoScalingGroup", group.Group),
        (autoscaling_models.autoscaling_backends, "backend", autoscaling.Backend),
        (scheduler_models.scheduler_backends, "backend", scheduler.Backend),
        (ec2_instances, "Instance", ec2.Instance),
        (events_models, "Rule", notify.Rule),
        (sns_models, "Subscription", notify.Subscription),
        (moto.moto_api, "recorder", calls.Calls()),
        # moto lists a service's methods anew for every call: kept, a look in virtual time takes a quarter less.
        (moto.core.responses, "method_names_from_class", cache(method_names_from_class)),
        (sqs_models.sqs_backends, "backend", sqs.Backend),
        (ecs_models.ecs_backends, "backend", containers.Backend),
        (ecs_responses.EC2ContainerServiceResponse, "list_container_instances", containers.list_container_instances),
        (ecs_models, "utcnow", _utcnow),
        (elbv2_models, "FakeTargetGroup", balancers.TargetGroup),
        (elbv2_models.elbv2_backends, "backend", balancers.Backend),
        (elb_models, "LoadBalancer", balancers.LoadBalancer),
        (elb_models.elb_backends, "backend", balancers.ClassicBackend),
        (elb_responses.ELBResponse, "describe_instance_health", balancers.describe_instance_health),
        (ssm_models.ssm_backends, "backend", ssm.Backend),
        (autoscaling_models, "utcnow", _utcnow),
        (cloudwatch_models, "utcnow", _utcnow),
        (scheduler_models, "unix_time", _unix_time),
        (sqs_models, "unix_time", _unix_time),
        (sqs_models, "unix_time_millis", _unix_time_millis),
    ):
        undo.append(_assign(owner, name, value))
    for urls, response in ((autoscaling_urls, autoscaling_api.Response), (ssm_urls, ssm.Response)):
        undo.append(partial(urls.url_paths.update, {ROOT: urls.url_paths[ROOT]}))
        urls.url_paths[ROOT] = response.dispatch
    for backends in OURS:
        backends.clear()
        undo.append(backends.clear)
    return undo


def _set_environment(region: str) -> Undo:
    wanted = {
        **CREDENTIALS,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ACCOUNT_ID": ACCOUNT,
        # moto makes 1,300 images for each new account: most of a short world's time, and hardly anybody asks for them.
        "MOTO_EC2_LOAD_DEFAULT_AMIS": os.environ.get("MOTO_EC2_LOAD_DEFAULT_AMIS", "false"),
        **dict.fromkeys(UNSET),
    }
    before = {name: os.environ.get(name) for name in wanted}
    _environment(wanted)
    return lambda: _environment(before)


def _environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _assign(owner: Any, name: str, value: Any) -> Undo:
    before = getattr(owner, name)
    setattr(owner, name, value)
    return lambda: setattr(owner, name, before)


def _utcnow() -> datetime:
    return running().moment().replace(tzinfo=None)


def _unix_time() -> float:
    return running().clock.now()


def _unix_time_millis() -> float:
    return running().clock.now() * 1000


def _sleep(seconds: float) -> None:
    rearm.clock.sleep(seconds)
