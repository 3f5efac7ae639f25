"""Put our classes into moto and made-up credentials into the environment, and say how to take both out again.

moto has no plugin hook; it looks its classes up by module attribute at each use, so assignments are enough.
"""

import os
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3.session
import botocore.endpoint
import moto.core.responses
import moto.moto_api
from moto.autoscaling import models as autoscaling_models
from moto.autoscaling import urls as autoscaling_urls
from moto.core.utils import method_names_from_class
from moto.ec2.models import instances as ec2_instances
from moto.events import models as events_models
from moto.scheduler import models as scheduler_models
from moto.sns import models as sns_models

import rearm.clock
from rearm_workbench.emulators.aws import autoscaling, autoscaling_api, calls, ec2, notify, scheduler
from rearm_workbench.emulators.aws.running import ACCOUNT

Undo = Callable[[], object]
UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")
ROOT = "{0}/$"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "FOOBARKEY", "AWS_SECRET_ACCESS_KEY": "FOOBARSECRET", "AWS_SESSION_TOKEN": "emulated"}


@cache
def session() -> boto3.session.Session:
    """One session for all emulators of a process, with made-up credentials: it keeps the API models that it has read."""
    key, secret, token = CREDENTIALS.values()
    return boto3.session.Session(key, secret, token)


def install(region: str) -> list[Undo]:
    """Install everything; the answer undoes it, last first."""
    undo = [_set_environment(region)]
    for owner, name, value in (
        (autoscaling_models, "FakeAutoScalingGroup", autoscaling.Group),
        (autoscaling_models.autoscaling_backends, "backend", autoscaling.Backend),
        (scheduler_models.scheduler_backends, "backend", scheduler.Backend),
        (ec2_instances, "Instance", ec2.Instance),
        (events_models, "Rule", notify.Rule),
        (sns_models, "Subscription", notify.Subscription),
        (moto.moto_api, "recorder", calls.Calls()),
        # moto lists a service's methods anew for every call: kept, a look in virtual time takes a quarter less.
        (moto.core.responses, "method_names_from_class", cache(method_names_from_class)),
        # botocore pauses between its retries with this module's `time.sleep`: those pauses are virtual too.
        (botocore.endpoint, "time", SimpleNamespace(sleep=_sleep)),
    ):
        undo.append(_assign(owner, name, value))
    dispatch = autoscaling_urls.url_paths[ROOT]
    undo.append(lambda: autoscaling_urls.url_paths.update({ROOT: dispatch}))
    autoscaling_urls.url_paths[ROOT] = autoscaling_api.Response.dispatch
    for backends in (autoscaling_models.autoscaling_backends, scheduler_models.scheduler_backends):
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


def _sleep(seconds: float) -> None:
    rearm.clock.sleep(seconds)
