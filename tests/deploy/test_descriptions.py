"""The four descriptions, read into one model and held together: with each other, with the code, and with docs/permissions.md."""

import ast
import re
from pathlib import PurePosixPath
from typing import get_args

import pytest
from described_world import CLOUDS, ROLES, ROOT, described, dev, granted, needed

from rearm_workbench.deploy.model import ALIBABA_TYPES, ALWAYS, AWS_TYPES
from rearm_workbench.descriptions.model import ABSENT, Batch, Tool

TOOLS: tuple[Tool, ...] = get_args(Tool)
AWS: tuple[Tool, ...] = ("sam", "serverless")
ALIBABA: tuple[Tool, ...] = ("s", "fun")
LOOKS_S = {"aws": 900, "alibaba": 600}
"""A short hook is held on AWS for as long as Lambda lets a function run: docs/decisions/0004."""
SIX_HOURS_S = 21_600
CODE = "\n".join(path.read_text(encoding="utf-8") for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py"))
CODE += (ROOT / "funcraft" / "bootstrap").read_text(encoding="utf-8")
WORDS = set(re.findall(r"\w+", CODE))


@pytest.mark.parametrize("tool", TOOLS)
def test_every_notification_type_and_nothing_else(tool: Tool) -> None:
    cloud = CLOUDS[tool]
    wanted = {*(AWS_TYPES if cloud == "aws" else ALIBABA_TYPES), *ALWAYS}
    assert sorted(described(tool).types()) == sorted(wanted)
    assert {path.stem for path in (ROOT / "functions" / cloud).glob("*.py")} == wanted


@pytest.mark.parametrize("tool", TOOLS)
def test_handlers_are_functions_that_exist(tool: Tool) -> None:
    for function in described(tool).functions:
        module, _, name = function.handler.partition(".")
        tree = ast.parse((ROOT / "functions" / CLOUDS[tool] / f"{module}.py").read_text(encoding="utf-8"))
        assert module == function.type
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("tool", TOOLS)
def test_time_and_memory(tool: Tool) -> None:
    for function in described(tool).functions:
        assert function.timeout_s == (300 if function.type == "sweep" else LOOKS_S[CLOUDS[tool]]), function.type
        assert function.memory_mb == 256


@pytest.mark.parametrize("tool", TOOLS)
def test_runtime_and_archives_are_those_that_are_built(tool: Tool) -> None:
    cloud = CLOUDS[tool]
    archive = "funcraft.zip" if tool == "fun" else "functions.zip"
    assert {one.code for one in described(tool).functions} == {f"build/package/{cloud}/{archive}"}
    assert {one.runtime for one in described(tool).functions} == {"custom" if tool == "fun" else f"python{dev().python(cloud)}"}
    assert described(tool).layers == (() if tool == "fun" else (f"build/package/{cloud}/layer.zip",))


@pytest.mark.parametrize("tool", TOOLS)
def test_names(tool: Tool) -> None:
    for function in described(tool).functions:
        dashed = dev().function(function.type)
        service = "rearm-dev-sweep" if function.type == "sweep" else "rearm-dev"
        assert function.name == (f"{service}/{dashed.removeprefix('rearm-dev-')}" if tool == "fun" else dashed)


@pytest.mark.parametrize("tool", TOOLS)
def test_variables(tool: Tool) -> None:
    """What a function does not find in its environment it takes from a default, which is another function's name or group."""
    recheck = {
        "sam": {"REARM_SCHEDULE_GROUP": "${ScheduleGroup}", "REARM_SCHEDULER_ROLE_ARN": "${SchedulerRole.Arn}"},
        "s": {"REARM_RECHECK_FUNCTION": "rearm-dev-recheck", "REARM_FC_API": "2023-03-30"},
        "fun": {"REARM_RECHECK_FUNCTION": "recheck", "REARM_FC_SERVICE": "rearm-dev", "REARM_FC_API": "2016-08-15"},
    }
    recheck["sam"]["REARM_RECHECK_ARN"] = "arn:aws:lambda:us-east-1:${AWS::AccountId}:function:rearm-dev-recheck"
    recheck["serverless"] = recheck["sam"]
    folder = "/var/task" if CLOUDS[tool] == "aws" else "/code"
    common = {"POWERTOOLS_SERVICE_NAME": "rearm", **recheck[tool]}
    for function in described(tool).functions:
        own = {"REARM_SWEEP_GROUPS": ""} if function.type == "sweep" else {}
        own |= {"REARM_HANDLER": function.handler} if tool == "fun" else {}
        given = dict(function.variables)
        # A path without a folder is sought in the function's own, which both platforms start it in.
        assert str(PurePosixPath(folder) / given.pop("REARM_CONFIG")) == f"{folder}/rearm.json"
        assert given == {**common, **own}
        for name in function.variables:
            assert name in WORDS or name.startswith("POWERTOOLS_"), f"nobody reads {name}"


@pytest.mark.parametrize("tool", TOOLS)
def test_roles_may_do_what_the_page_says_and_nothing_more(tool: Tool) -> None:
    for name, roles in ROLES[tool].items():
        role = described(tool).role(name)
        assert granted(role, ("waits", "checks")) - _to_dead_letters(tool) == needed(tool, roles), name
        rest = set(role.policies) - {"waits", "checks"}
        assert granted(role, rest) <= _to_dead_letters(tool), name


def _to_dead_letters(tool: Tool) -> set[tuple[str, str, str]]:
    """What a role needs for the destination of a function that failed: docs/permissions.md leaves that out."""
    if CLOUDS[tool] == "aws":
        return {("sqs:SendMessage", "${DeadLetters.Arn}", "")}
    return {("mns:SendMessage", "acs:mns:cn-hangzhou:${AccountId}:/queues/rearm-dev-dead-letters/messages", "")}


@pytest.mark.parametrize("tool", TOOLS)
def test_what_the_configuration_decides_stands_in_its_own_policy(tool: Tool) -> None:
    look = described(tool).role(next(iter(ROLES[tool])))
    asked = (
        {"ec2:DescribeInstanceStatus", "ec2:DescribeTags"}
        if CLOUDS[tool] == "aws"
        else {"ecs:DescribeInstanceStatus", "ecs:ListTagResources"}
    )
    assert asked <= {action for action, _, _ in granted(look, ("checks",))}
    assert not asked & {action for action, _, _ in granted(look, ("waits",))}


@pytest.mark.parametrize("tool", TOOLS)
def test_each_function_has_the_role_of_its_kind(tool: Tool) -> None:
    names = {roles: name for name, roles in ROLES[tool].items()}
    for function in described(tool).functions:
        own = {"sweep": ("sweep",), "sqs": ("look", "queue")}.get(function.type, ("look",))
        assert function.role == names[own], function.type  # type: ignore[index]  # a tuple of two literals


@pytest.mark.parametrize("tool", TOOLS)
def test_roles_are_for_one_service_each(tool: Tool) -> None:
    service = {"SchedulerRole": "scheduler.amazonaws.com"}
    for name in ROLES[tool]:
        assert described(tool).role(name).trusted == (
            service.get(name, "lambda.amazonaws.com" if CLOUDS[tool] == "aws" else "fc.aliyuncs.com"),
        )


@pytest.mark.parametrize("tool", AWS)
def test_retries_and_dead_letters_on_aws(tool: Tool) -> None:
    for function in described(tool).functions:
        assert function.dead_letters == "${DeadLetters.Arn}", function.type
        if function.type == "sqs":
            # Its queue repeats, not Lambda. Six times the function's time: docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.
            assert function.batch == Batch(size=1, partial_failures=True, visibility_s=6 * function.timeout_s, max_receives=5)
            assert (function.retries, function.max_age_s) == (ABSENT, ABSENT)
        else:
            assert (function.retries, function.max_age_s, function.batch) == (2, SIX_HOURS_S, None), function.type


@pytest.mark.parametrize("tool", ALIBABA)
def test_retries_dead_letters_and_task_mode_on_alibaba_cloud(tool: Tool) -> None:
    for function in described(tool).functions:
        assert function.dead_letters.endswith(":/queues/rearm-dev-dead-letters/messages"), function.type
        # A timer's name is the lock, and only in task mode is a name taken. OOS asks how its task went.
        assert function.task_mode == (function.type in ("recheck", "oos")), function.type
        if function.type != "sweep":
            assert (function.retries, function.max_age_s) == (8, SIX_HOURS_S), function.type
        else:
            assert function.retries >= 1
            assert function.max_age_s >= 300


def test_a_queue_of_alibaba_cloud_gives_up_to_the_dead_letters() -> None:
    assert described("s").function("mns_queue").batch == Batch(size=1, partial_failures=False, visibility_s=3600, max_receives=5)


@pytest.mark.parametrize("tool", TOOLS)
def test_what_calls_each_function(tool: Tool) -> None:
    called = {
        "sam": {
            "eventbridge": ("events of aws.autoscaling",),
            "sns": ("SNS topic rearm-dev",),
            "sqs": ("SQS queue rearm-dev",),
            "direct": ("role AWSServiceRoleForAutoScaling",),
            "sweep": ("rate(5 minutes)",),
        },
        "s": {
            "mns_topic": ("SMQ topic rearm-dev-hooks",),
            "mns_queue": ("SMQ queue rearm-dev-hooks",),
            "eventbridge": ("the event bus, Auto Scaling's lifecycle hooks",),
            "sweep": ("timer @every 5m",),
        },
        # Funcraft knows neither SMQ's queues nor EventBridge: docs/deploy-funcraft.md.
        "fun": {"mns_topic": ("SMQ topic rearm-dev-hooks",), "sweep": ("timer @every 5m",)},
    }
    called["serverless"] = called["sam"]
    assert {one.type: one.triggers for one in described(tool).functions if one.triggers} == called[tool]


def test_both_tools_of_aws_describe_the_same_stack() -> None:
    sam, serverless = described("sam"), described("serverless")
    assert {one.type: one for one in sam.functions} == {one.type: one for one in serverless.functions}
    assert {one.name: one for one in sam.roles} == {one.name: one for one in serverless.roles}
    own = ("AWS::Serverless::", "AWS::Lambda::Function", "AWS::Lambda::LayerVersion", "AWS::Lambda::EventInvokeConfig", "AWS::S3::")
    rest = [{one for one in each.resources if not one.kind.startswith(own)} for each in (sam, serverless)]
    assert rest[0] == rest[1]
