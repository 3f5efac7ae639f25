"""An environment, judged: the values that every deployer takes. The names are the file's; durations are whole seconds."""

import json
from typing import Literal

import msgspec

from rearm.core.model import CloudName, Transition
from rearm.core.profile import Config

Architecture = Literal["x86_64", "arm64"]
AwsType = Literal["eventbridge", "sns", "sqs", "direct"]
AlibabaType = Literal["mns_topic", "mns_queue", "eventbridge", "oos"]
AWS_TYPES: tuple[AwsType, ...] = ("eventbridge", "sns", "sqs", "direct")
ALIBABA_TYPES: tuple[AlibabaType, ...] = ("mns_topic", "mns_queue", "eventbridge", "oos")
ALWAYS = ("recheck", "sweep")
"""The functions that no notification calls."""


class Cadence(msgspec.Struct, frozen=True):
    """How often rearm looks. `every_s` is for each profile that does not say its own."""

    every_s: int = 60
    sweep_s: int = 300


class Alarms(msgspec.Struct, frozen=True):
    """Thresholds, each in 5 minutes; 0 turns that alarm off. `topic`: the ARN of the SNS topic that is told, or empty."""

    topic: str = ""
    dead_letters: int = 1
    late_looks: int = 1
    budget_ends: int = 1
    throttled: int = 5
    errors: int = 1


class Hook(msgspec.Struct, frozen=True):
    """A lifecycle hook that is deployed together with rearm (AWS)."""

    group: str
    name: str
    transition: Transition
    type: AwsType
    timeout_s: int = 3600
    default_result: Literal["CONTINUE", "ABANDON"] = "ABANDON"


class Aws(msgspec.Struct, frozen=True):
    """What an environment says of AWS. An empty text or tuple, and 0: not used."""

    region: str = "us-east-1"
    account: str = ""
    python: str = "3.12"
    architecture: Architecture = "x86_64"
    notifications: tuple[AwsType, ...] = AWS_TYPES
    sweep_groups: tuple[str, ...] = ()
    memory_mb: int = 256
    log_retention_days: int = 30
    kms_key_arn: str = ""
    reserved_concurrency: int = 0
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    lifecycle_hooks: tuple[Hook, ...] = ()


class Alibaba(msgspec.Struct, frozen=True):
    """What an environment says of Alibaba Cloud. Function Compute runs x86_64 only."""

    region: str = "cn-hangzhou"
    account: str = ""
    python: str = "3.10"
    notifications: tuple[AlibabaType, ...] = ALIBABA_TYPES
    sweep_groups: tuple[str, ...] = ()
    memory_mb: int = 256
    cpu: float = 0.25
    log_project: str = ""
    log_store: str = ""
    vpc_id: str = ""
    vswitches: tuple[str, ...] = ()
    security_group: str = ""


class Environment(msgspec.Struct, frozen=True):
    """`environments/<env>.yml` over `base.yml`. `document`: the configuration as it is deployed, `every` given; `config`: that, judged."""

    env: str
    name: str
    config: Config
    document: dict[str, object]
    cadence: Cadence = Cadence()
    variables: dict[str, str] = {}
    tags: dict[str, str] = {}
    alarms: Alarms = Alarms()
    aws: Aws = Aws()
    alibaba: Alibaba = Alibaba()

    @property
    def stack(self) -> str:
        """`rearm-prod`: the stack, the schedule group, FC 2.0's service; what the functions' names begin with."""
        return f"{self.name}-{self.env}"

    def function(self, type_: str) -> str:
        """`rearm-prod-mns-topic`."""
        return f"{self.stack}-{dashed(type_)}"

    def types(self, cloud: CloudName) -> tuple[str, ...]:
        """The functions that are created there: the enabled notification types, recheck, sweep."""
        enabled: tuple[str, ...] = self.aws.notifications if cloud == "aws" else self.alibaba.notifications
        return (*enabled, *ALWAYS)

    def region(self, cloud: CloudName) -> str:
        """Where it is deployed."""
        return self.aws.region if cloud == "aws" else self.alibaba.region

    def account(self, cloud: CloudName) -> str:
        """The only account that it may be deployed to; empty: any."""
        return self.aws.account if cloud == "aws" else self.alibaba.account

    def python(self, cloud: CloudName) -> str:
        """The runtime's Python, as in `3.12`."""
        return self.aws.python if cloud == "aws" else self.alibaba.python

    def architecture(self, cloud: CloudName) -> Architecture:
        """The functions' processor."""
        return self.aws.architecture if cloud == "aws" else "x86_64"

    def compiled(self) -> bytes:
        """The configuration as the deployed functions read it (`rearm.json`)."""
        return (json.dumps(self.document, indent=2, ensure_ascii=False) + "\n").encode()


def dashed(type_: str) -> str:
    """A notification type as it stands in a function's name: FC and CloudFormation share no other character for it."""
    return type_.replace("_", "-")
