"""Judges the `aws` part of an environment."""

from rearm import duration
from rearm.config_problems import Problems, join
from rearm.core.limits import LIMITS
from rearm_workbench.deploy.fields import Fields
from rearm_workbench.deploy.model import AWS_TYPES, Aws, Hook

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html."""
MEMORY_MB = (128, 10_240)
REGION = r"[a-z]{2}(-[a-z]+)+-\d"
GROUP = r"[^:\x00-\x1f\x7f]{1,255}"
KEYS = (
    *("region", "account", "python", "architecture", "notifications", "sweep_groups", "memory_mb", "log_retention_days", "kms_key_arn"),
    *("reserved_concurrency", "subnets", "security_groups", "lifecycle_hooks"),
)
HOOK_KEYS = ("group", "name", "transition", "timeout", "default_result", "type")


def judge_aws(raw: object, problems: Problems) -> Aws:
    """The part, with the default wherever it is wrong; every problem is reported. Pure."""
    fields = Fields(raw, "aws", KEYS, problems)
    default = Aws()
    notifications = fields.words("notifications", default.notifications, AWS_TYPES)
    found = Aws(
        region=fields.text("region", default.region, REGION, "a region like eu-central-1", empty=False),
        account=fields.text("account", "", r"\d{12}", "a text, the account's 12 digits"),
        python=fields.word("python", default.python, PYTHONS),
        architecture=fields.word("architecture", default.architecture, ("x86_64", "arm64")),
        notifications=notifications,
        sweep_groups=fields.texts("sweep_groups", GROUP, "the name of an Auto Scaling group"),
        memory_mb=fields.number("memory_mb", default.memory_mb, *MEMORY_MB),
        log_retention_days=fields.one_of("log_retention_days", default.log_retention_days, RETENTIONS),
        kms_key_arn=fields.text("kms_key_arn", "", r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+", "the ARN of a KMS key"),
        reserved_concurrency=fields.number("reserved_concurrency", 0, 0, 10_000, "a whole number from 1, or 0 for none"),
        subnets=fields.texts("subnets", r"subnet-[0-9a-f]{8,17}", "a text like subnet-0123456789abcdef0", most=16),
        security_groups=fields.texts("security_groups", r"sg-[0-9a-f]{8,17}", "a text like sg-0123456789abcdef0", most=5),
        lifecycle_hooks=_hooks(fields, notifications, problems),
    )
    fields.all_or_none(("subnets", "security_groups"), (found.subnets, found.security_groups))
    _judge_key(found, problems)
    return found


def _judge_key(found: Aws, problems: Problems) -> None:
    if not found.kms_key_arn:
        return
    _, _, _, region, account, _ = found.kms_key_arn.split(":", 5)
    if region != found.region:
        problems.wrong("aws.kms_key_arn", found.kms_key_arn, f"a key in aws.region ({found.region})")
    elif found.account and account != found.account:
        problems.wrong("aws.kms_key_arn", found.kms_key_arn, f"a key of aws.account ({found.account})")


def _hooks(fields: Fields, notifications: tuple[str, ...], problems: Problems) -> tuple[Hook, ...]:
    raw = fields.given.get("lifecycle_hooks", [])
    if not isinstance(raw, list):
        fields.wrong("lifecycle_hooks", "a list of lifecycle hooks")
        return ()
    found = [_hook(one, f"aws.lifecycle_hooks[{index}]", notifications, problems) for index, one in enumerate(raw)]
    first: dict[tuple[str, str], int] = {}
    for index, hook in enumerate(found):
        taken = first.setdefault((hook.group, hook.name), index)
        if taken != index and hook.group and hook.name:
            path = f"aws.lifecycle_hooks[{index}].name"
            problems.add(path, f"`{hook.name}` of group {hook.group} is lifecycle_hooks[{taken}] already; names are unique in a group")
    return tuple(found)


def _hook(raw: object, path: str, notifications: tuple[str, ...], problems: Problems) -> Hook:
    fields = Fields(raw, path, HOOK_KEYS, problems)
    for key in ("group", "name", "transition", "type"):
        if isinstance(raw, dict) and key not in raw:
            problems.add(join(path, key), "missing")
    limits = LIMITS["aws"]
    timeout_s = fields.seconds("timeout", Hook("", "", "launch", "eventbridge").timeout_s, limits.heartbeat_min_s, limits.heartbeat_max_s)
    type_ = fields.word("type", "eventbridge", AWS_TYPES)
    if type_ not in notifications:
        problems.wrong(f"{path}.type", type_, f"one of aws.notifications ({', '.join(notifications)}), or nothing would receive it")
    return Hook(
        group=fields.text("group", "", GROUP, "the name of an Auto Scaling group", empty=False),
        name=fields.text("name", "", r"[A-Za-z0-9\-_/]{1,255}", "a text of 1 to 255 letters, digits, `-`, `_` or `/`", empty=False),
        transition=fields.word("transition", "launch", ("launch", "terminate")),
        type=type_,
        timeout_s=timeout_s,
        default_result=fields.word("default_result", "ABANDON", limits.results),
    )


def said(hook: Hook) -> str:
    """One line for people."""
    return f"{hook.transition}, {duration.say(hook.timeout_s)}, then {hook.default_result}, by {hook.type}"
