"""Whether a hook can deliver to its target, judged from the documents that could be read. Pure.

Docs: docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications. A queue or topic gets messages through the hook's
role, which must trust autoscaling.amazonaws.com; a function is invoked by the group's service-linked role, which its resource policy must
name. Conditions are not evaluated: where a statement has some, the answer is a warning.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from rearm_workbench.hooks import arns
from rearm_workbench.hooks.model import Level, Settings, Target

SERVICE = "autoscaling.amazonaws.com"
ACTIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}
SERVICE_ROLE = "arn:{}:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


class Judged(NamedTuple):
    """A finding without its hook."""

    level: Level
    check: str
    text: str
    todo: str = ""


def judge(settings: Settings, read: Target) -> Iterator[Judged]:
    """Existence first; delivery only for a target that is not known to be missing."""
    target, role = str(settings["target"]), str(settings["role"])
    if read.exists is None:
        yield Judged("warning", "target", f"{target}: could not be looked for", "; ".join(read.unread) or "look yourself")
    elif not read.exists:
        yield Judged("problem", "target", f"{target} does not exist", "make it, or correct `target`")
        return
    else:
        yield Judged("ok", "target", f"{target} exists")
    service = arns.service(target)
    if service == "lambda":
        yield from _function(target, role, read)
    elif service in ("sqs", "sns"):
        yield from _role(service, target, role, read)


def _function(target: str, role: str, read: Target) -> Iterator[Judged]:
    if role:
        yield Judged("warning", "role", f"a Lambda target is invoked without {role}", "leave `role` out")
    if read.policy is None:
        return
    service_role = read.service_role or SERVICE_ROLE.format(target.split(":")[1], arns.parts(target)["account"])
    allowed = _allowed([read.policy], ACTIONS["lambda"], target, service_role)
    todo = (
        f"aws lambda add-permission --function-name {target} --statement-id rearm-hook "
        f"--action lambda:InvokeFunction --principal {service_role}"
    )
    yield from _say(allowed, "the function's policy", f"lets {service_role.rpartition('/')[2]} invoke it", todo)


def _role(service: str, target: str, role: str, read: Target) -> Iterator[Judged]:
    if not role:
        yield Judged("problem", "role", "an SQS or SNS target needs a role, and the hook has none", "give it `role`")
        return
    if read.role_exists is False:
        yield Judged("problem", "role", f"{role} does not exist", "make it, or correct `role`")
        return
    if read.role_exists is None:
        yield Judged("warning", "role", f"{role} could not be read", "; ".join(read.unread) or "look yourself")
    else:
        trusted = _allowed([read.trust or {}], "sts:AssumeRole", None, SERVICE)
        yield from _say(trusted, "the role's trust policy", f"lets {SERVICE} assume it", f"add {SERVICE} to the trust policy of {role}")
    if read.role_policies is not None:
        may = _allowed(read.role_policies, ACTIONS[service], target, None)
        yield from _say(may, "the role's policies", f"allow {ACTIONS[service]}", f"allow {ACTIONS[service]} on {target} to {role}")
    foreign = role.split(":")[4] != arns.parts(target)["account"]
    if read.policy is not None and (foreign or _allowed([read.policy], ACTIONS[service], target, role) is False):
        may = _allowed([read.policy], ACTIONS[service], target, role)
        if foreign or _denied([read.policy], ACTIONS[service], target, role):
            yield from _say(may, "the target's own policy", f"lets {role} deliver", f"allow {ACTIONS[service]} to {role} in it")


def _say(allowed: bool | None, whose: str, what: str, todo: str) -> Iterator[Judged]:
    if allowed:
        yield Judged("ok", "delivery", f"{whose} {what}")
    elif allowed is None:
        yield Judged(
            "warning", "delivery", f"{whose} may not {what.replace('lets', 'let')}: it depends on conditions", f"look yourself: {todo}"
        )
    else:
        yield Judged("problem", "delivery", f"{whose} does not {what.replace('lets', 'let').replace('allows', 'allow')}", todo)


def _allowed(documents: Iterable[Mapping[str, object]], action: str, resource: str | None, principal: str | None) -> bool | None:
    """True, False, or None where it depends on a statement's conditions. None for `resource` or `principal`: not part of the question."""
    documents = tuple(documents)
    if _denied(documents, action, resource, principal):
        return False
    granting = [one for one in _statements(documents) if one.get("Effect") == "Allow" and _about(one, action, resource, principal)]
    if any(not _depends(one) for one in granting):
        return True
    return None if granting else False


def _denied(documents: Iterable[Mapping[str, object]], action: str, resource: str | None, principal: str | None) -> bool:
    """A deny that holds whatever else is true. One with conditions usually asks for TLS or a source, and is not judged."""
    return any(
        one.get("Effect") == "Deny" and not _depends(one) and _about(one, action, resource, principal) for one in _statements(documents)
    )


def _statements(documents: Iterable[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    for document in documents:
        for one in _each(document.get("Statement")):
            if isinstance(one, Mapping):
                yield one


def _depends(statement: Mapping[str, object]) -> bool:
    """Conditions, and statements about all but something, are not evaluated."""
    return any(statement.get(key) for key in ("Condition", "NotAction", "NotResource", "NotPrincipal"))


def _about(statement: Mapping[str, object], action: str, resource: str | None, principal: str | None) -> bool:
    actions = [str(one).lower() for one in _each(statement.get("Action"))]
    if "NotAction" not in statement and not any(fnmatchcase(action.lower(), one) for one in actions):
        return False
    if resource is not None and "Resource" in statement and not any(_covers(str(one), resource) for one in _each(statement["Resource"])):
        return False
    return principal is None or "NotPrincipal" in statement or _names(statement.get("Principal"), principal)


def _covers(pattern: str, resource: str) -> bool:
    return fnmatchcase(resource, pattern) or fnmatchcase(f"{resource}:", pattern)


def _names(principals: object, principal: str) -> bool:
    """A role's ARN is also met by `*` and by its whole account."""
    given = [one for value in principals.values() for one in _each(value)] if isinstance(principals, Mapping) else _each(principals)
    account = principal.split(":")[4] if principal.startswith("arn:") else ""
    whole = {"*", principal} | ({account, f"arn:aws:iam::{account}:root"} if account else set())
    return any(str(one) in whole for one in given)


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
