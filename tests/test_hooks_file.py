"""The hooks file: what it says, and how a wrong one is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks_world import DRAIN, QUEUE, READY, Hooks
from rearm.errors import ConfigError
from rearm_workbench.hooks import cli, hooks_file
from rearm_workbench.hooks.model import Place

ROOT = Path(__file__).resolve().parents[1]
ALIBABA = """
  - name: ready
    cloud: alibaba
    region: cn-hangzhou
    group: asg-bp1fxuqyi98w0aib1web
    transition: launch
"""


def problems(tmp_path: Path, *hooks: str, more: str = "", env: str = "") -> list[str]:
    world = Hooks(tmp_path)
    world.write(*hooks, more=more)
    with pytest.raises(ConfigError) as refused:
        hooks_file.read(world.file, env)
    assert all(line.startswith(f"{world.file}: ") for line in refused.value.problems)
    return [line.removeprefix(f"{world.file}: ") for line in refused.value.problems]


def test_the_example_says_what_it_seems_to() -> None:
    ready, drain, hangzhou = hooks_file.read(ROOT / "examples" / "hooks.yml", "")
    assert ready.place == Place("aws", "eu-central-1", "web-asg", "123456789012")
    assert (ready.hook, ready.settings["heartbeat_timeout"], ready.settings["target"]) == ("ready-hook", 600, QUEUE)
    assert drain.settings == {"transition": "terminate", "heartbeat_timeout": 900, "default_result": "CONTINUE"}
    assert (hangzhou.name, hangzhou.hook, hangzhou.place.cloud) == ("ready-hook-hangzhou", "ready-hook", "alibaba")
    prod = hooks_file.read(ROOT / "examples" / "hooks.yml", "prod")
    assert (prod[0].place.group, prod[0].settings["heartbeat_timeout"]) == ("web-prod", 1800)
    assert prod[0].settings["target"] == QUEUE
    assert prod[2] == hangzhou


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        READY.replace("10m", "3h").replace("launch", "lunch").replace("ABANDON", "ROLLBACK"),
        DRAIN.replace("region: eu-central-1", "regoin: eu-central-1"),
        ALIBABA.replace("asg-bp1fxuqyi98w0aib1web", "web") + "    role: arn:aws:iam::123456789012:role/x\n",
    )
    assert found == [
        "hooks[1].regoin: unknown key; did you mean `region`?",
        "hooks[0].transition: `lunch`: must be launch or terminate; did you mean `launch`?",
        "hooks[0].default_result: `ROLLBACK`: must be CONTINUE or ABANDON",
        "hooks[0].heartbeat_timeout: `3h`: must be 30s to 2h on AWS",
        "hooks[1]: missing: region",
        "hooks[2].group: `web`: must be the scaling group's id (asg-…), not its name, on Alibaba Cloud",
        "hooks[2].role: there is no role on Alibaba Cloud; leave it out",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (QUEUE, QUEUE + ".fifo", "FIFO queues and topics do not work with lifecycle hooks"),
        (QUEUE, QUEUE.replace("eu-central-1", "eu-west-1"), "it is in eu-west-1, the group in eu-central-1"),
        (QUEUE, "my-queue", "must be the ARN of an SQS queue, an SNS topic or a Lambda function"),
        ("role: arn:aws:iam::123456789012:role/rearm-hooks", "role:", "missing: role; an SQS or SNS target needs"),
        ('"123456789012"', "123456789012", "hooks[0].account: `123456789012`: must be a text; put it in quotes"),
        ("name: ready-hook", "name: 'ready hook'", "must be a text of 1 to 255 letters, digits"),
        ('\'{"role": "web"}\'', "'" + "x" * 4001 + "'", "4001 characters: must be a text of 1 to 4000"),
        ("heartbeat_timeout: 10m", "heartbeat_timeout: soon", "must be a duration like 90s"),
        ("region: eu-central-1", "region: Frankfurt", "must be a region like"),
    ],
)
def test_values_that_the_clouds_would_refuse(old: str, new: str, said: str, tmp_path: Path) -> None:
    [line] = problems(tmp_path, READY.replace(old, new, 1))
    assert said in line


def test_environments(tmp_path: Path) -> None:
    more = "environments:\n  prod: {hooks: {ready-hook: {heartbeat_timeout: 9h}, raedy-hook: {}}}\n  dev: {hook: {}}\n"
    assert problems(tmp_path, READY, more=more, env="prodd") == [
        "environments: there is no `prodd`; did you mean `prod`?",
        "environments.prod.hooks.raedy-hook: no hook of this file has that name; did you mean `ready-hook`?",
        "environments.dev.hook: unknown key; did you mean `hooks`?",
    ]
    assert problems(tmp_path, READY, more=more, env="prod")[-1] == (
        "environments.prod.hooks.ready-hook.heartbeat_timeout: `9h`: must be 30s to 2h on AWS"
    )


def test_an_environment_may_complete_a_hook_and_take_a_value_away(tmp_path: Path) -> None:
    world = Hooks(tmp_path)
    env = "environments:\n  prod: {hooks: {ready-hook: {group: web-prod, metadata: }}}\n"
    world.write(READY.replace("    group: web-asg\n", ""), more=env)
    [one] = hooks_file.read(world.file, "prod")
    assert (one.place.group, "metadata" in one.settings) == ("web-prod", False)
    assert problems(tmp_path, READY.replace("    group: web-asg\n", ""), more=env) == ["hooks[0]: missing: group"]


def test_two_hooks_cannot_be_one(tmp_path: Path) -> None:
    again = READY.replace("name: ready-hook", "name: again\n    hook_name: ready-hook")
    assert problems(tmp_path, READY, READY) == ["hooks[1].name: `ready-hook` is taken by hooks[0]; use `hook_name` for the cloud's"]
    assert problems(tmp_path, READY, again) == [
        "hooks[1]: `ready-hook` of group web-asg is hooks[0] already; hook names are unique in a group"
    ]


def test_one_group_has_one_set_of_credentials(tmp_path: Path) -> None:
    other = DRAIN.replace('    account: "123456789012"\n', "")
    assert problems(tmp_path, READY, other) == [
        "hooks[1]: it is in the same group as hooks[0]: give both the same `account` and `credentials`"
    ]
    world = Hooks(tmp_path)
    world.write(READY, DRAIN.replace("123456789012", "999999999999"))
    assert len(hooks_file.read(world.file, "")) == 2  # a group of the same name in another account


@pytest.mark.parametrize("text", ["", "version: 1", "hooks: 3", "version: 2\nhooks: [1]", "- a", "version: 1\nhooks: {a: b}", "{"])
def test_a_file_that_is_none_is_refused_by_every_command(text: str, tmp_path: Path) -> None:
    world = Hooks(tmp_path)
    world.file.write_text(text)
    for command in ("plan", "apply", "verify"):
        code, out, err = world.run(command)
        assert (code, out) == (2, "")
        assert err
        assert all(line.startswith(f"rearm: {world.file}: ") for line in err.splitlines())
    world.file.unlink()
    assert world.run("plan")[2] == f"rearm: {world.file}: there is no such file\n"


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["version", "hooks", "environments", *hooks_file.KEYS]) | st.text(max_size=4), inner)
        ),
    )
)
def test_nonsense_is_refused_and_nothing_else_happens(raw: object) -> None:
    with pytest.raises(ConfigError):
        hooks_file.judge(raw, "prod")


def test_endpoints() -> None:
    assert cli.endpoints(["aws=http://127.0.0.1:4566/", "alibaba=https://localhost:1"]) == {
        "aws": "http://127.0.0.1:4566",
        "alibaba": "https://localhost:1",
    }
    with pytest.raises(ConfigError) as refused:
        cli.endpoints(["http://127.0.0.1:1", "gcp=http://x", "aws=127.0.0.1:1"])
    assert len(refused.value.problems) == 3
