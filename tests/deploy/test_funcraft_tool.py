"""Funcraft 3.6.24 reads the description, builds it, refuses wrong ones, and deploys it (to a loopback stand-in for Function Compute)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from funcraft_world import ACCOUNT, ROOT, archive, fun, function_compute

from rearm_workbench.deploy import environment, funcraft

pytestmark = pytest.mark.deploy

Document = dict[str, Any]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The description and an archive, laid out as in the repository."""
    archive(tmp_path / funcraft.ARCHIVE)
    (tmp_path / "funcraft").mkdir()
    (tmp_path / funcraft.TEMPLATE).write_text((ROOT / funcraft.TEMPLATE).read_text())
    return tmp_path


def copy_for(env: str, project: Path) -> Path:
    """As `rearm deploy` writes it."""
    (project / funcraft.ROS).write_text((ROOT / funcraft.ROS).read_text())
    loaded = environment.load(env, ROOT / "environments")
    return funcraft.write(loaded, project, project / "build" / "deploy" / env / "fun", ACCOUNT)[0]


def test_validate_and_build(project: Path) -> None:
    for command in ("validate", "build"):
        done = fun(project, command, "-t", str(project / funcraft.TEMPLATE))
        assert done.returncode == 0, done.stdout + done.stderr
    built = yaml.safe_load((project / "funcraft" / ".fun" / "build" / "artifacts" / "template.yml").read_text())
    code = built["Resources"]["rearm-dev"]["recheck"]["Properties"]["CodeUri"]
    assert (project / "funcraft" / ".fun" / "build" / "artifacts" / code).resolve() == project / funcraft.ARCHIVE


@pytest.mark.parametrize("env", environment.known(ROOT / "environments"))
def test_the_copies_for_environments(project: Path, env: str) -> None:
    path = copy_for(env, project)
    for command in ("validate", "build"):
        done = fun(project, command, "-t", str(path))
        assert done.returncode == 0, done.stdout + done.stderr


def look(document: Document) -> Document:
    found: Document = document["Resources"]["rearm-dev"]
    return found


def recheck(document: Document) -> Document:
    found: Document = look(document)["recheck"]["Properties"]
    return found


def sweep(document: Document) -> Document:
    found: Document = document["Resources"]["rearm-dev-sweep"]["sweep"]
    return found


MUTATIONS: dict[str, Callable[[Document], object]] = {
    "no handler": lambda document: recheck(document).pop("Handler"),
    "no runtime": lambda document: recheck(document).pop("Runtime"),
    "a runtime that it does not know": lambda document: recheck(document).update(Runtime="python3.10"),
    "no code": lambda document: recheck(document).pop("CodeUri"),
    "an unknown property": lambda document: recheck(document).update(Cpu=0.25),
    "a timeout that is a text": lambda document: recheck(document).update(Timeout="10m"),
    "task mode that is a text": lambda document: recheck(document)["AsyncConfiguration"].update(StatefulInvocation="on"),
    "layers that are no list": lambda document: recheck(document).update(Layers="Python310"),
    "a timer without its expression": lambda document: sweep(document)["Events"]["every"]["Properties"].pop("CronExpression"),
    "a trigger that there is not": lambda document: sweep(document)["Events"]["every"].update(Type="EventBridge"),
    "a topic trigger without a topic": lambda document: look(document)["mns-topic"]["Events"]["hooks"]["Properties"].pop("TopicName"),
    "half a log configuration": lambda document: look(document)["Properties"].update(LogConfig={"Project": "x"}),
    "a resource type that there is not": lambda document: document["Resources"]["rearm-dev-hooks"].update(Type="Aliyun::Serverless::Queue"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_wrong_description_is_refused(project: Path, mutation: str) -> None:
    path = project / funcraft.TEMPLATE
    document = yaml.safe_load(path.read_text())
    fresh = yaml.safe_load(yaml.dump(document, Dumper=_NoAliases))
    MUTATIONS[mutation](fresh)
    path.write_text(yaml.dump(fresh, Dumper=_NoAliases))
    assert fun(project, "validate", "-t", str(path)).returncode != 0


class _NoAliases(yaml.SafeDumper):
    """A change of one function must not change the others that share its lines."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def test_deploy(project: Path) -> None:
    """What Function Compute would be asked for. No role is made: with `Role` Funcraft leaves RAM alone, which is not here to be asked."""
    path = copy_for("prod", project)
    with function_compute() as api:
        for service in ("rearm-prod", "rearm-prod-sweep"):
            done = fun(project, "deploy", "-y", "-t", str(path), service, endpoint=api.endpoint)
            assert done.returncode == 0, done.stdout + done.stderr
            assert f"service {service} deploy success" in done.stdout
    assert [call.body["role"] for call in api.of("POST services")] == [
        f"acs:ram::{ACCOUNT}:role/rearm-prod-look",
        f"acs:ram::{ACCOUNT}:role/rearm-prod-sweep",
    ]
    made = api.of("POST services/rearm-prod/functions") + api.of("POST services/rearm-prod-sweep/functions")
    assert [call.body["functionName"] for call in made] == ["mns-topic", "mns-queue", "eventbridge", "oos", "recheck", "sweep"]
    for call in made:
        assert call.code == (project / funcraft.ARCHIVE).read_bytes()
        assert (call.body["runtime"], call.body["instanceConcurrency"]) == ("custom", 1)
        assert call.body["layers"] == ["acs:fc:cn-hangzhou:official:layers/Python310/versions/2"]
        assert call.body["environmentVariables"]["REARM_HANDLER"] == call.body["handler"]
    [task_mode] = api.of("PUT services/rearm-prod.LATEST/functions/recheck/async-invoke-config")
    assert task_mode.body == {
        "maxAsyncRetryAttempts": 8,
        "maxAsyncEventAgeInSeconds": 21600,
        "statefulInvocation": True,
        "destinationConfig": {"onFailure": {"destination": f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/rearm-prod-dead-letters/messages"}},
    }
    [topic] = api.of("POST services/rearm-prod/functions/mns-topic/triggers")
    assert topic.body["sourceArn"] == f"acs:mns:cn-hangzhou:{ACCOUNT}:/topics/rearm-prod-hooks"
    assert topic.body["invocationRole"] == f"acs:ram::{ACCOUNT}:role/rearm-prod-topic"
    [timer] = api.of("POST services/rearm-prod-sweep/functions/sweep/triggers")
    assert timer.body["triggerConfig"] == {"cronExpression": "@every 5m", "enable": True}
