"""The environment files: what they say, how they are merged, and how wrong ones are refused."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rearm import config
from rearm.config_problems import Problems
from rearm.errors import ConfigError
from rearm_workbench.deploy import environment, judge, judge_alibaba, judge_aws
from rearm_workbench.deploy.model import Alarms, Alibaba, Aws, Cadence, Environment, Hook

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "environments"
BASE = """
config: {version: 1, profiles: [{name: up, match: {transition: launch}, checks: [instance_status]}, {name: slow, checks: [], every: 5m}]}
aws: {memory_mb: 512, subnets: [subnet-0123abcd], security_groups: [sg-0123abcd]}
"""


def load(folder: Path, over: str, base: str = BASE) -> Environment:
    (folder / "base.yml").write_text(base, encoding="utf-8")
    (folder / "test.yml").write_text(over, encoding="utf-8")
    return environment.load("test", folder)


def problems(folder: Path, over: str, base: str = BASE) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(folder, over, base)
    return [line.removeprefix(f"{folder}/") for line in refused.value.problems]


def test_the_checked_in_environments_are_sound() -> None:
    assert environment.known(FOLDER) == ["dev", "prod", "staging"]
    dev, staging, prod = (environment.load(name, FOLDER) for name in ("dev", "staging", "prod"))
    assert [profile.every_s for profile in dev.config.profiles] == [30, 30]
    assert [profile.every_s for profile in prod.config.profiles] == [60, 60]
    assert (dev.alarms.late_looks, staging.alarms.late_looks, prod.aws.memory_mb) == (0, 1, 512)
    assert {one.stack for one in (dev, staging, prod)} == {"rearm-dev", "rearm-staging", "rearm-prod"}


def test_base_writes_out_the_defaults_and_the_shipped_configuration() -> None:
    raw = yaml.safe_load((FOLDER / "base.yml").read_text(encoding="utf-8"))
    found = judge.judge("base", raw, Problems())
    assert found is not None
    assert (found.aws, found.alibaba, found.cadence, found.alarms) == (Aws(), Alibaba(), Cadence(), Alarms())
    assert (found.name, found.variables, found.tags) == ("rearm", {}, {})
    assert found.config == config.load(str(config.DEFAULT))
    assert set(raw["aws"]) == set(judge_aws.KEYS)
    assert set(raw["alibaba"]) == set(judge_alibaba.KEYS)
    assert set(raw) == set(judge.KEYS)


def test_mappings_are_merged_and_lists_replaced(tmp_path: Path) -> None:
    found = load(tmp_path, "aws: {region: eu-central-1, subnets: [subnet-99999999]}\nconfig: {profiles: [{name: one, checks: []}]}")
    assert (found.aws.memory_mb, found.aws.region, found.aws.subnets) == (512, "eu-central-1", ("subnet-99999999",))
    assert found.aws.security_groups == ("sg-0123abcd",)
    assert [profile.name for profile in found.config.profiles] == ["one"]


def test_cadence_is_for_profiles_that_do_not_say_their_own(tmp_path: Path) -> None:
    found = load(tmp_path, "cadence: {every: 90s, sweep: 2m}")
    assert [profile.every_s for profile in found.config.profiles] == [90, 300]
    assert found.cadence == Cadence(every_s=90, sweep_s=120)
    deployed = config.read(found.compiled(), name="rearm.json", yaml=False)
    assert deployed == found.config
    assert json.loads(found.compiled())["profiles"][0]["every"] == "1m30s"


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing\n").aws.memory_mb == 512


def test_lifecycle_hooks(tmp_path: Path) -> None:
    text = "aws: {lifecycle_hooks: [{group: web-asg, name: ready, transition: launch, timeout: 10m, type: sqs}]}"
    assert load(tmp_path, text).aws.lifecycle_hooks == (Hook("web-asg", "ready", "launch", "sqs", 600, "ABANDON"),)


def test_names(tmp_path: Path) -> None:
    found = load(tmp_path, "name: pets\naws: {notifications: [sns]}\nalibaba: {notifications: [oos, mns_topic]}")
    assert (found.stack, found.function("mns_topic")) == ("pets-test", "pets-test-mns-topic")
    assert found.types("aws") == ("sns", "recheck", "sweep")
    assert found.types("alibaba") == ("mns_topic", "oos", "recheck", "sweep")


def test_every_problem_is_said_at_once_with_its_own_file(tmp_path: Path) -> None:
    base = BASE.replace("memory_mb: 512", "memory_mb: 64, pyhton: '3.12'")
    over = """
config: {version: 2}
cadence: {every: 5s, sweep: 90s}
bla: 1
variables: {A-B: x, REARM_CONFIG: x, FC_X: "1", AWS_REGION: x, OK1: 3}
tags: {"aws:x": y}
alarms: {topic: "arn:aws:sns:eu-west-1:123456789012:told", errors: -1}
aws:
  account: 123456789012
  python: 3.10
  region: mars
  notifications: [sns, sqs, foo]
  kms_key_arn: arn:aws:kms:eu-west-1:123456789012:key/a
  log_retention_days: 31
  reserved_concurrency:
  security_groups: []
  lifecycle_hooks: [{group: a, name: b, transition: launch, type: direct, timeout: 5s}, {group: a, name: b, type: sqs}]
alibaba:
  {cpu: 0.26, memory_mb: 100, log_store: abc, notifications: [], sweep_groups: [web], region: "cn-hangzhou ", vswitches: [vsw-1, vsw-1]}
"""
    retention = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653"
    assert sorted(problems(tmp_path, over, base)) == sorted(
        [
            "test.yml: bla: unknown key; allowed: name, config, cadence, variables, tags, alarms, aws, alibaba",
            "test.yml: cadence.every: `5s`: must be from 10s to 1h",
            "test.yml: cadence.sweep: `90s`: must be whole minutes, from 1m to 1d",
            "test.yml: config.version: `2`: must be 1, the only version that this rearm reads",
            "test.yml: variables.A-B: the name must be 2 to 128 letters, digits and `_`, first a letter",
            "test.yml: variables.OK1: `3`: must be a text; put it in quotes",
            "test.yml: variables.REARM_CONFIG: the deployment sets it itself: leave it out",
            "test.yml: variables.FC_X: the platform sets it itself, and refuses it from others: leave it out",
            "test.yml: variables.AWS_REGION: the platform sets it itself, and refuses it from others: leave it out",
            "test.yml: tags.aws:x: names that begin with aws:, acs: or aliyun are the clouds' own",
            "test.yml: alarms.topic: `arn:aws:sns:eu-west-1:123456789012:told`: must be a topic in aws.region (us-east-1)",
            "test.yml: alarms.errors: `-1`: must be a whole number from 0 to 1000000",
            "base.yml: aws.pyhton: unknown key; did you mean `python`?",
            "base.yml: aws.memory_mb: `64`: must be a whole number from 128 to 10240",
            "test.yml: aws.reserved_concurrency: nothing given: leave the key out or give it a value",
            "test.yml: aws.notifications[2]: `foo`: must be eventbridge, sns, sqs or direct",
            "test.yml: aws.region: `mars`: must be a region like eu-central-1",
            "test.yml: aws.account: `123456789012`: must be a text, the account's 12 digits, or empty; put it in quotes",
            "test.yml: aws.python: `3.1`: must be the text 3.10, 3.11, 3.12 or 3.13; put it in quotes",
            f"test.yml: aws.log_retention_days: `31`: must be {retention}",
            "test.yml: aws.kms_key_arn: `arn:aws:kms:eu-west-1:123456789012:key/a`: must be a key in aws.region (us-east-1)",
            "test.yml: aws: give `subnets` and `security_groups` together, or none of them",
            "test.yml: aws.lifecycle_hooks[0].timeout: `5s`: must be from 30s to 2h",
            "test.yml: aws.lifecycle_hooks[1].transition: missing",
            "test.yml: aws.lifecycle_hooks[1].name: `b` of group a is lifecycle_hooks[0] already; names are unique in a group",
            "test.yml: alibaba.notifications: an empty list: must be a list of at least one of mns_topic, mns_queue, eventbridge, oos",
            "test.yml: alibaba.memory_mb: `100`: must be a whole number from 128 to 32768 in steps of 64",
            "test.yml: alibaba.cpu: `0.26`: must be a number from 0.05 to 16 in steps of 0.05",
            "test.yml: alibaba.region: `cn-hangzhou `: must be a region like cn-hangzhou",
            "test.yml: alibaba.sweep_groups[0]: `web`: must be the id of a scaling group (asg-…)",
            "test.yml: alibaba.vswitches: `vsw-1`: must be given once only",
            "test.yml: alibaba: give `log_project` and `log_store` together, or none of them",
        ]
    )


def test_a_hook_of_a_type_that_is_off_is_refused(tmp_path: Path) -> None:
    text = "aws: {notifications: [sns], lifecycle_hooks: [{group: a, name: b, transition: launch, type: sqs}]}"
    [line] = problems(tmp_path, text)
    assert line.endswith("type: `sqs`: must be one of aws.notifications (sns), or nothing would receive it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alibaba: {cpu: 1, memory_mb: 512}", "alibaba.memory_mb: `512`: must be 1024 to 4096 with cpu 1: 1 to 4 GB for each vCPU"),
        ("alibaba: {memory_mb: 300}", "alibaba.memory_mb: `300`: must be a whole number from 128 to 32768 in steps of 64"),
        ("name: Rearm", "name: `Rearm`: must be a text of 1 to 20 of a-z, 0-9 and `-`, first a letter, last no `-`"),
        ("config: 3", "config: `3`: must be a mapping with the keys version, profiles"),
        ("aws: 3", "aws: `3`: must be a mapping with the keys region, "),
        ("- a", "must be a mapping with keys like `config`, `aws` and `alibaba`"),
        ("a: [", "line 1, column 5: this is not YAML"),
        ("name: a\nname: b", "line 2: the key `name` is given twice; first in line 1"),
    ],
)
def test_one_line_for_one_mistake(tmp_path: Path, text: str, said: str) -> None:
    [line] = problems(tmp_path, text)
    assert line.startswith(f"test.yml: {said}")


def test_variables_fit_into_what_a_function_takes(tmp_path: Path) -> None:
    assert load(tmp_path, f"variables: {{LONG: {'x' * 2996}}}").variables
    [line] = problems(tmp_path, f"variables: {{LONG: {'x' * 2997}}}")
    assert line == "test.yml: variables: 3001 bytes of names and values: at most 3000, of the 4 KB that a function may have"


def test_a_missing_configuration(tmp_path: Path) -> None:
    [line] = problems(tmp_path, "", base="name: rearm")
    assert line == "test.yml: config: missing; the rearm configuration: `version: 1` and `profiles`"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "no environment given; there is dev, prod, staging: say ENV=… (or --env …)"),
        ("prdo", "environment `prdo`: there is none such; there is dev, prod, staging; did you mean `prod`?"),
        ("base", "environment `base`: there is none such; there is dev, prod, staging"),
        ("../environments/dev", "environment `../environments/dev`: there is none such; there is dev, prod, staging"),
    ],
)
def test_the_environment_has_to_be_one_of_the_folder(name: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        environment.load(name, FOLDER)
    assert refused.value.problems == [said]


def test_a_folder_without_environments(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        environment.load("dev", tmp_path)
    assert refused.value.problems == [f"environment `dev`: there is none such; {tmp_path} has no environment file"]


def test_an_unfit_file_name(tmp_path: Path) -> None:
    (tmp_path / "Prod.yml").write_text("{}")
    with pytest.raises(ConfigError, match="rename the file"):
        environment.load("Prod", tmp_path)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.none(), inner, max_size=3))
OF_CLOUD = st.dictionaries(st.sampled_from((*judge_aws.KEYS, *judge_alibaba.KEYS)), ANY, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({}, optional={key: OF_CLOUD | ANY if key in ("aws", "alibaba") else ANY for key in judge.KEYS}))
def test_whatever_the_file_holds_it_is_judged(raw: dict[str, object]) -> None:
    said = Problems()
    found = judge.judge("test", raw, said)
    assert found is not None or said.lines
    assert all("\n" not in line for line in said.lines)
