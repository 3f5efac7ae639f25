"""What can be read of a hook's target on AWS, and of the role that delivers to it. Raw documents: `delivery` judges them."""

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote

from rearm.clouds.aws.faults import error_code
from rearm_workbench.hooks import arns
from rearm_workbench.hooks.model import Target, Trouble

Call = Callable[..., Any]
T = TypeVar("T")

_MISSING = frozenset(
    {
        *("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException"),
        *("ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException"),
    }
)


class _Reader:
    """Reads what it can, and remembers what it could not."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.unread: list[str] = []

    def read(self, run: Callable[[Call], T]) -> tuple[T | None, bool | None]:
        """The answer, and whether the thing exists; None where that could not be told."""
        try:
            return run(self._call), True
        except Trouble as trouble:
            if error_code(trouble.__cause__) in _MISSING:
                return None, False
            self.unread.append(str(trouble))
            return None, None


def read(call: Call, group: str, target: str, role: str) -> Target:
    """A queue's, topic's or function's policy, and the role's."""
    reader = _Reader(call)
    found = arns.parts(target)
    policy, exists = reader.read({"sqs": _queue, "sns": _topic, "lambda": _function}[found["service"]](target))
    if found["service"] == "lambda":
        service_role, _ = reader.read(lambda call: _service_role(call, group))
        return Target(exists=exists, unread=tuple(reader.unread), policy=policy, service_role=service_role or "")
    trust, role_exists, policies = None, None, None
    if role:
        name = role.rpartition("/")[2]
        trust, role_exists = reader.read(lambda call: _document(call("iam", "GetRole", RoleName=name)["Role"]["AssumeRolePolicyDocument"]))
        policies, _ = reader.read(lambda call: _role_policies(call, name)) if role_exists else (None, None)
    return Target(exists=exists, unread=tuple(reader.unread), policy=policy, trust=trust, role_exists=role_exists, role_policies=policies)


def _queue(target: str) -> Callable[[Call], dict[str, object]]:
    def run(call: Call) -> dict[str, object]:
        found = arns.parts(target)
        url = call("sqs", "GetQueueUrl", QueueName=found["name"], QueueOwnerAWSAccountId=found["account"])["QueueUrl"]
        return _document(call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy"))

    return run


def _topic(target: str) -> Callable[[Call], dict[str, object]]:
    return lambda call: _document(call("sns", "GetTopicAttributes", TopicArn=target)["Attributes"].get("Policy"))


def _function(target: str) -> Callable[[Call], dict[str, object]]:
    """GetPolicy says "not found" for a function without a policy too, so the function is asked for first."""

    def run(call: Call) -> dict[str, object]:
        call("lambda", "GetFunctionConfiguration", FunctionName=target)
        try:
            return _document(call("lambda", "GetPolicy", FunctionName=target)["Policy"])
        except Trouble as trouble:
            if error_code(trouble.__cause__) in _MISSING:
                return {}
            raise

    return run


def _service_role(call: Call, group: str) -> str:
    answer = call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[group])
    return next((str(one.get("ServiceLinkedRoleARN") or "") for one in answer["AutoScalingGroups"]), "")


def _role_policies(call: Call, name: str) -> tuple[dict[str, object], ...]:
    """The documents of the role's inline and attached policies."""
    inline = [
        call("iam", "GetRolePolicy", RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in call("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]
    ]
    attached = []
    for policy in call("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]:
        version = call("iam", "GetPolicy", PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        attached.append(call("iam", "GetPolicyVersion", PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"])
    return tuple(_document(one) for one in [*inline, *attached])


def _document(value: Any) -> dict[str, object]:
    """A policy: an object, or JSON as text, sometimes URL-quoted. Nothing, or what is no policy, is empty."""
    if isinstance(value, str):
        try:
            value = json.loads(value if value.lstrip().startswith("{") else unquote(value))
        except ValueError:
            value = None
    return dict(value) if isinstance(value, dict) else {}
