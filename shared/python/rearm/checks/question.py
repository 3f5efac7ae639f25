"""What a check is asked about: one instance of one action."""

from collections.abc import Mapping
from typing import NamedTuple

from rearm.clouds import Cloud
from rearm.core.model import Action


class Question(NamedTuple):
    """`known`: what this wait's earlier looks remembered. `limit_s`: after so many seconds nobody waits for the answer any more.

    A step is told its `profile`, its `stage` (empty outside one) and its `number` among the profile's steps too.
    """

    instance: str
    action: Action
    cloud: Cloud
    known: Mapping[str, str]
    limit_s: float
    profile: str = ""
    stage: str = ""
    number: int = 0
