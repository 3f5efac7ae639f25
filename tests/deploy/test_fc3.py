"""s.yaml: its properties are those that Function Compute takes, for every environment; a wrong one is caught."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from alibabacloud_fc20230330 import models

from rearm.errors import ConfigError
from rearm_workbench.deploy import environment, serverless_devs
from rearm_workbench.descriptions import fc3, fc3_rules, fc3_triggers, variables
from rearm_workbench.descriptions.shape import Keys

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = environment.known(ROOT / "environments")
ACCOUNT = "1234567890123456"


def checked(text: str) -> list[str]:
    """Everything that is wrong with an s.yaml. Rules are looked at only if its properties are sound."""
    try:
        document = variables.resolved(yaml.safe_load(text), ACCOUNT)
    except ConfigError as error:
        return error.problems
    return fc3.judge(document) or fc3_rules.broken(document, ROOT / "functions" / "alibaba")


def test_the_description_is_sound() -> None:
    assert checked((ROOT / "s.yaml").read_text()) == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_environments_is_sound(name: str) -> None:
    folder = ROOT / "build" / "deploy" / name / "s"
    document = serverless_devs.description(environment.load(name, ROOT / "environments"), ROOT, Path("../../../.."))
    assert checked(yaml.safe_dump(document)) == []
    resolved = variables.resolved(document, ACCOUNT)
    assert {resource["props"]["functionName"].split("-")[1] for resource in resolved["resources"].values()} == {name}
    archives = {(folder / resource["props"]["code"]).resolve() for resource in resolved["resources"].values()}
    assert archives == {ROOT / "build/package/alibaba/functions.zip"}


def test_the_environments_own_variables_are_in_every_function() -> None:
    env = environment.load("dev", ROOT / "environments")
    document = serverless_devs.description(msgspec.structs.replace(env, variables={"LEVEL": "debug"}), ROOT, Path())
    assert {resource["props"]["environmentVariables"]["LEVEL"] for resource in document["resources"].values()} == {"debug"}
    with pytest.raises(ConfigError, match=r"LEVEL: its value has `\$\{` in it"):
        serverless_devs.description(msgspec.structs.replace(env, variables={"LEVEL": "${HOME}"}), ROOT, Path())


def test_the_environments_own_values_are_vars() -> None:
    env = environment.load("dev", ROOT / "environments")
    settings = msgspec.structs.replace(
        env.alibaba,
        region="ap-southeast-1",
        account=ACCOUNT,
        python="3.12",
        sweep_groups=("asg-a", "asg-b"),
        memory_mb=512,
        cpu=0.5,
        vpc_id="vpc-1",
        vswitches=("vsw-1", "vsw-2"),
        security_group="sg-1",
        log_project="ops",
        log_store="functions",
    )
    document = serverless_devs.description(msgspec.structs.replace(env, name="mine", tags={}, alibaba=settings), ROOT, Path())
    assert checked(yaml.safe_dump(document)) == []
    props = variables.resolved(document, "")["resources"]["sweep"]["props"]
    assert props["functionName"] == "mine-dev-sweep"
    assert (props["region"], props["runtime"], props["memorySize"], props["cpu"]) == ("ap-southeast-1", "python3.12", 512, 0.5)
    assert props["vpcConfig"] == {"vpcId": "vpc-1", "vSwitchIds": ["vsw-1", "vsw-2"], "securityGroupId": "sg-1"}
    assert (props["logConfig"]["project"], props["logConfig"]["logstore"]) == ("ops", "functions")
    assert props["environmentVariables"]["REARM_SWEEP_GROUPS"] == "asg-a,asg-b"
    assert props["layers"] == [f"acs:fc:ap-southeast-1:{ACCOUNT}:layers/mine-dev/versions/1"]
    assert "tags" not in props


def test_the_checked_in_file_is_that_of_dev() -> None:
    rendered = serverless_devs.description(environment.load("dev", ROOT / "environments"), ROOT, Path())
    plain = yaml.safe_load((ROOT / "s.yaml").read_text())
    assert rendered["vars"] == plain["vars"]
    assert rendered["resources"] == plain["resources"]


EVENTS_DEAD_LETTERS = (
    "              deadLetterQueue:\n"
    "                Arn: acs:mns:${vars.region}:${vars.account}:/queues/${vars.name}-${vars.environment}-dead-letters\n"
)
MUTATIONS = {  # what is written, what instead of it, and what has to be said
    "unknown key": ("memorySize:", "memory:", "props.memory: unknown key; did you mean `memorySize`?"),
    "timeout": ("timeout: 600", "timeout: 90000", "props.timeout: `90000`: must be a whole number from 1 to 86400"),
    "timeout as text": ("timeout: 600", 'timeout: "600"', "props.timeout: `600`: must be a whole number from 1 to 86400"),
    "runtime": ("runtime: python3.10", "runtime: python3.11", "props.runtime: `python3.11`: must be python3.10 or python3.12"),
    "region": ("region: cn-hangzhou", "region: cn-hangzou", "did you mean `cn-hangzhou`?"),
    "cpu in steps": ("cpu: 0.25", "cpu: 0.33", "props.cpu: `0.33`: must be a number from 0.05 to 16 in steps of 0.05"),
    "memory for the cpu": ("memory_mb: 256", "memory_mb: 2048", "256 to 1024 with cpu 0.25: 1 to 4 GB for each vCPU"),
    "disk": ("diskSize: 512", "diskSize: 1024", "props.diskSize: `1024`: must be 512 or 10240"),
    "cron of five fields": ('"@every 5m"', '"*/5 * * * *"', "a cron expression of 6 fields"),
    "every few seconds": ('"@every 5m"', '"@every 30s"', "`@every 5m` in whole minutes"),
    "event pattern": ('"type":["ess', '"type":[ess', "eventRuleFilterPattern: `{"),
    "retry strategy": (
        "notifyStrategy: EXPONENTIAL_DECAY_RETRY",
        "notifyStrategy: EXPONENTIAL",
        "must be BACKOFF_RETRY or EXPONENTIAL_DECAY_RETRY",
    ),
    "handler without a file": ("handler: oos.handler", "handler: osos.handler", "oos.props.handler: `osos.handler`: must be `oos.handler`"),
    "two functions of one name": ("-mns-queue\n", "-mns-topic\n", "resources.mns_topic has that name already"),
    "destination": ("-dead-letters/messages", "-dead-letters", "the ARN of an SMQ queue's messages"),
    "role in capitals": ("role/${vars.name}-${vars.environment}-look", "role/Rearm-look", "in small letters"),
    "number in the environment": (
        'REARM_FC_API: "2023-03-30"',
        "REARM_FC_API: 2023",
        "REARM_FC_API: `2023`: must be a text (put it in quotes)",
    ),
    "retries": ("maxAsyncRetryAttempts: 8", "maxAsyncRetryAttempts: 9", "must be a whole number from 0 to 8"),
    "fewer retries": ("maxAsyncRetryAttempts: 8", "maxAsyncRetryAttempts: 3", "maxAsyncRetryAttempts: must be 8"),
    "no task mode": (
        "handler: recheck.handler\n      asyncInvokeConfig:\n        <<: *async\n        asyncTask: true",
        "handler: recheck.handler",
        "asyncTask: must be true",
    ),
    "age below the delay": (
        "maxAsyncEventAgeInSeconds: 21600",
        "maxAsyncEventAgeInSeconds: 3600",
        "at least 7200: twice the longest delay",
    ),
    "no dead letters": (
        "        destinationConfig: *dead_letters\n",
        "",
        "sweep.props.asyncInvokeConfig.destinationConfig.onFailure: missing",
    ),
    "no dead letters of events": (EVENTS_DEAD_LETTERS, "", "no deadLetterQueue"),
    "no role for the topic": (
        "          invocationRole: acs:ram::${vars.account}:role/${vars.name}-${vars.environment}-topic\n",
        "",
        "fc3 makes a role that may invoke every function",
    ),
    "topic's ARN": (":/topics/", ":topic/", "an SMQ topic's, acs:mns:REGION:ACCOUNT:/topics/NAME"),
    "layer without a version": ("/versions/${vars.layer_version}", "", "the ARN of a layer's version"),
    "unknown variable": ("${vars.region}\n    runtime", "${vars.regoin}\n    runtime", "`${vars.regoin}` cannot be worked out"),
    "component": ("component: fc3", "component: fc", "must be fc3"),
    "half of a VPC": ('vpcId: ""', "vpcId: vpc-bp1", "vpcConfig.securityGroupId"),
    "another recheck": (
        "REARM_RECHECK_FUNCTION: ${vars.name}-${vars.environment}-recheck",
        "REARM_RECHECK_FUNCTION: recheck",
        "must be the recheck function, `rearm-dev-recheck`",
    ),
    "too short to look": ("timeout: 600", "timeout: 60", "60 s: at least 600"),
    "timer for the sweep": ("triggerType: timer", "triggerType: cron", "triggerType: `cron`: must be mns_topic, eventbridge or timer"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_description_is_caught(name: str) -> None:
    text, other, said = MUTATIONS[name]
    whole = (ROOT / "s.yaml").read_text()
    assert text in whole
    found = checked(whole.replace(text, other))
    assert any(said in line for line in found), found


def in_the_api(model: Callable[..., Any]) -> set[str]:
    """The keys that the published SDK sends for a structure."""
    return set(re.findall(r"result\['(\w+)'\]", inspect.getsource(model.to_map)))  # type: ignore[attr-defined] - every model has it


@pytest.mark.parametrize(
    ("shape", "model", "of_fc3"),
    [
        (fc3.FUNCTION, models.CreateFunctionInput, {"region", "asyncInvokeConfig", "triggers"}),
        (fc3.ASYNC, models.PutAsyncInvokeConfigInput, set()),
        (fc3.LOG, models.LogConfig, set()),
        (fc3_triggers.TRIGGER, models.CreateTriggerInput, set()),
        (fc3_triggers.TOPIC, models.MNSTopicTriggerConfig, set()),
        (fc3_triggers.TIMER, models.TimerTriggerConfig, set()),
        (fc3_triggers.EVENTBRIDGE, models.EventBridgeTriggerConfig, set()),
        (fc3_triggers.SOURCES["MNS"].known["sourceMNSParameters"], models.SourceMNSParameters, set()),
        (fc3_triggers.SINK.known["deliveryOption"], models.DeliveryOption, set()),
        (fc3_triggers.RUN, models.RunOptions, set()),
        (fc3_triggers.RUN.known["retryStrategy"], models.RetryStrategy, set()),
        (fc3_triggers.RUN.known["deadLetterQueue"], models.DeadLetterQueue, set()),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_every_key_is_one_of_the_api(shape: Keys, model: Any, of_fc3: set[str]) -> None:
    """fc3 hands them on; the published SDK knows what the API takes."""
    assert set(shape.known) - of_fc3 <= in_the_api(model)
