"""Judges what stands in the environment files. The clouds' parts are in `judge_aws` and `judge_alibaba`."""

from typing import Any

from rearm import config, duration
from rearm.config_problems import Problems, join
from rearm.core.profile import Config
from rearm_workbench.deploy.fields import Fields
from rearm_workbench.deploy.judge_alibaba import judge_alibaba
from rearm_workbench.deploy.judge_aws import judge_aws
from rearm_workbench.deploy.model import Alarms, Cadence, Environment

KEYS = ("name", "config", "cadence", "variables", "tags", "alarms", "aws", "alibaba")
NAME, NAME_SAYS = r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", "a text of 1 to 20 of a-z, 0-9 and `-`, first a letter, last no `-`"
"""With it `{name}-{env}-eventbridge` is at most 53 characters: both clouds take 64."""
SWEEP_MAX_S = 86_400
OURS = (
    *("REARM_CONFIG", "REARM_SCHEDULE_GROUP", "REARM_RECHECK_ARN", "REARM_SCHEDULER_ROLE_ARN", "REARM_SWEEP_GROUPS"),
    *("REARM_RECHECK_FUNCTION", "REARM_FC_API", "REARM_FC_SERVICE", "POWERTOOLS_SERVICE_NAME"),
)
"""Set by the deployment itself."""
RESERVED = (
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    *("AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
)
RESERVED_PREFIXES = ("AWS_LAMBDA_", "FC_", "ALIBABA_CLOUD_")
"""docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html and help.aliyun.com/zh/functioncompute, environment variables: the
platforms set these, and refuse them from others."""
VARIABLES_MAX_BYTES = 3000
"""Lambda takes 4 KB of names and values, ours among them (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
THRESHOLD_MAX = 1_000_000
WHOLE = "the file"
"""What a problem of the whole configuration begins with."""


def judge(env: str, raw: dict[str, object], problems: Problems) -> Environment | None:
    """The environment that the merged mapping describes; None if its configuration is wrong. Every problem is reported. Pure."""
    fields = Fields(raw, "", KEYS, problems)
    given = fields.given
    cadence = _cadence(given.get("cadence", {}), problems)
    document, found = _config(given, cadence, problems)
    environment = Environment(
        env=env,
        name=fields.text("name", "rearm", NAME, NAME_SAYS, empty=False),
        config=found or Config(profiles=()),
        document=document,
        cadence=cadence,
        variables=_variables(fields, problems),
        tags=_tags(fields, problems),
        alarms=_alarms(given.get("alarms", {}), problems),
        aws=judge_aws(given.get("aws", {}), problems),
        alibaba=judge_alibaba(given.get("alibaba", {}), problems),
    )
    _judge_topic(environment, problems)
    return environment if found is not None else None


def _cadence(raw: object, problems: Problems) -> Cadence:
    fields = Fields(raw, "cadence", ("every", "sweep"), problems)
    every_s = fields.seconds("every", Cadence().every_s, config.EVERY_MIN_S, config.EVERY_MAX_S)
    # `rate()` and Function Compute's `@every` know minutes.
    return Cadence(every_s=every_s, sweep_s=fields.seconds("sweep", Cadence().sweep_s, 60, SWEEP_MAX_S, whole_minutes=True))


def _config(given: Any, cadence: Cadence, problems: Problems) -> tuple[dict[str, object], Config | None]:
    """The configuration as it is deployed, and judged."""
    if "config" not in given:
        problems.add("config", "missing; the rearm configuration: `version: 1` and `profiles`")
        return {}, None
    raw = given["config"]
    if isinstance(raw, dict) and isinstance(raw.get("profiles"), list):
        every = {"every": duration.say(cadence.every_s)}
        raw = raw | {"profiles": [one if not isinstance(one, dict) or "every" in one else one | every for one in raw["profiles"]]}
    found, lines = config.judge(raw)
    problems.lines += ["config" + (f".{line}" if not line.startswith(WHOLE) else line.removeprefix(WHOLE)) for line in lines]
    return (raw if isinstance(raw, dict) else {}), found


def _variables(fields: Fields, problems: Problems) -> dict[str, str]:
    found = fields.pairs(
        "variables",
        r"[A-Za-z][A-Za-z0-9_]{1,127}",
        "2 to 128 letters, digits and `_`, first a letter",
        r"[^\x00]*",
        "a text",
        most=50,
    )
    for name in found:
        if name in OURS:
            problems.add(join("variables", name), "the deployment sets it itself: leave it out")
        elif name in RESERVED or name.startswith(RESERVED_PREFIXES):
            problems.add(join("variables", name), "the platform sets it itself, and refuses it from others: leave it out")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in found.items())
    if size > VARIABLES_MAX_BYTES:
        problems.add("variables", f"{size} bytes of names and values: at most {VARIABLES_MAX_BYTES}, of the 4 KB that a function may have")
    return found


def _tags(fields: Fields, problems: Problems) -> dict[str, str]:
    found = fields.pairs(
        "tags",
        r"[\w .:/=+@-]{1,128}",
        "1 to 128 letters, digits, spaces and _.:/=+-@",
        r"[\w .:/=+@-]{0,256}",
        "a text of at most 256 letters, digits, spaces and _.:/=+-@",
        most=20,
    )
    for name in found:
        if name.lower().startswith(("aws:", "acs:", "aliyun")):
            problems.add(join("tags", name), "names that begin with aws:, acs: or aliyun are the clouds' own")
    return found


def _alarms(raw: object, problems: Problems) -> Alarms:
    thresholds = ("dead_letters", "late_looks", "budget_ends", "throttled", "errors")
    fields = Fields(raw, "alarms", ("topic", *thresholds), problems)
    topic = fields.text("topic", "", r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}", "the ARN of an SNS topic")
    return Alarms(topic, *(fields.number(key, getattr(Alarms(), key), 0, THRESHOLD_MAX) for key in thresholds))


def _judge_topic(environment: Environment, problems: Problems) -> None:
    """An alarm tells topics of its own region only (docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring: Using alarms)."""
    topic = environment.alarms.topic
    if topic and topic.split(":")[3] != environment.aws.region:
        problems.wrong("alarms.topic", topic, f"a topic in aws.region ({environment.aws.region})")
