"""The recheck's message, as the timer would bring it just now: the wait of the sample notification, five looks old."""

import time

import msgspec
from contenders import notification

from rearm import look
from rearm.clouds.alibaba import parse as alibaba
from rearm.clouds.aws import parse as aws
from rearm.core import beginning
from rearm.core.limits import LIMITS
from rearm.core.model import Action, Hook

HOOK = Hook(3600, "ABANDON", "launch")
"""So long that no look of a run records a heartbeat: it is one look in sixty that does."""
LOOKS = 5


def recheck(cloud: str, instance: str = "") -> bytes:
    """The wait's message; of another instance if it is named."""
    raw = notification(cloud)
    (parsed,) = aws.eventbridge(msgspec.json.decode(raw)) if cloud == "aws" else alibaba.mns_topic(raw)
    assert isinstance(parsed.action, Action)
    action = msgspec.structs.replace(parsed.action, instances=(instance,)) if instance else parsed.action
    now = time.time()
    wait = beginning.first_wait(action, HOOK, LIMITS[action.cloud], now)
    return look.message(msgspec.structs.replace(wait, due_at=int(now), looks=LOOKS))
