"""The OOS templates: what Auto Scaling puts into the hook's metadata comes out of the doorway's parser as the right action."""

import json
from pathlib import Path
from typing import Any

import pytest

from rearm.clouds.alibaba import parse
from rearm_workbench.deploy import serverless_devs
from rearm_workbench.descriptions import oos, tagged_yaml
from rearm_workbench.descriptions.intrinsics import Template

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "events" / "alibaba").glob("oos*.json"))
FC3, FC2 = ROOT / "deploy/oos/rearm.yml", ROOT / "deploy/oos/rearm-fc2.yml"
METADATA: dict[str, Any] = json.loads(  # of a hook for Function Compute 2.0, as the template's own comment has it
    "".join(line.strip("# \n") for line in FC2.read_text().splitlines() if line.startswith(("#   {", "#    ")))
)


def metadata_of_the_stack() -> str:
    """The text that the ROS stack tells the operator to give to the hook."""
    template = Template(
        tagged_yaml.load(ROOT / "deploy/ros/rearm.yml"), {"ALIYUN::Region": "cn-hangzhou", "ALIYUN::TenantId": "1234567890123456"}
    )
    text = template.worked_out(template.document["Outputs"]["OosMetadata"]["Value"])
    assert isinstance(text, str)
    return text


def substituted(metadata: str, event: dict[str, Any], between: str) -> dict[str, Any]:
    """What Auto Scaling makes of it. `between`: how it lists instances where one name stands for them, which no page says."""
    instances = event["instanceIds"]
    listed = json.loads(instances) if isinstance(instances, str) else instances
    for name, value in {**event, "instanceIds": between.join(listed)}.items():
        metadata = metadata.replace(f"${{{name}}}", value)
    found: dict[str, Any] = json.loads(metadata)
    return found


@pytest.mark.parametrize("between", [",", '","'], ids=["commas", "items"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize(("path", "body_in"), [(FC3, ("Parameters", "parameters")), (FC2, ("event",))], ids=["fc3", "fc2"])
def test_the_body_is_the_action(path: Path, body_in: tuple[str, ...], sample: Path, between: str) -> None:
    event = json.loads(sample.read_text())
    event["instanceIds"] = ["i-bp11m3fzlqrgk5vh0a10", "i-bp11m3fzlqrgk5vh0a11"]  # an action may have several
    metadata = metadata_of_the_stack() if path == FC3 else json.dumps(METADATA)
    body: Any = oos.given(tagged_yaml.load(path), substituted(metadata, event, between))
    for key in body_in:
        body = body[key]
    [found], [wanted] = parse.oos(body.encode()), parse.oos(json.dumps(event).encode())
    assert found.verdict == "action", found
    assert found.action == wanted.action
    assert found.action is not None
    assert found.action.instances == ("i-bp11m3fzlqrgk5vh0a10", "i-bp11m3fzlqrgk5vh0a11")
    assert found.action.group == event["scalingGroupId"]


def test_the_function_is_invoked_asynchronously() -> None:
    """OOS waits 60 s for a synchronous one."""
    template = tagged_yaml.load(FC3)
    told = {**METADATA, "functionName": "rearm-dev-oos"}
    del told["serviceName"]
    asked = oos.given(template, told)
    assert asked["TemplateName"] == "ACS-FC3-InvokeFunction"
    assert asked["Parameters"]["invocationType"] == "Async"
    assert asked["Parameters"]["functionName"] == "rearm-dev-oos"
    old = oos.given(tagged_yaml.load(FC2), METADATA)
    assert (old["invocationType"], old["serviceName"], old["functionName"]) == ("Async", "rearm-dev", "oos")


@pytest.mark.parametrize("path", [FC3, FC2], ids=["fc3", "fc2"])
def test_the_template_is_sound(path: Path) -> None:
    assert oos.problems(tagged_yaml.load(path)) == []


def test_the_stack_has_the_same_template() -> None:
    content = tagged_yaml.load(ROOT / serverless_devs.TEMPLATE)["Resources"]["OosTemplate"]["Properties"]["Content"]
    assert content == FC3.read_text().partition("FormatVersion")[1] + FC3.read_text().partition("FormatVersion")[2]


@pytest.mark.parametrize(
    ("text", "other", "said"),
    [
        ("OOS-2019-06-01", "2019-06-01", "FormatVersion: must be OOS-2019-06-01"),
        ("{{ lifecycleHookId }}", "{{ hookId }}", "`{{ hookId }}` is no parameter"),
        ("Type: List", "Type: Array", "Parameters.instanceIds.Type: must be one of"),
        ("invocationType: Async", "invocation: Async", "the template ACS-FC3-InvokeFunction has no such parameter"),
        ("Action: ACS::Template", "Action: ACS::Templates", "Tasks[0].Action: `ACS::Templates`"),
        ("TemplateName:", "Template:", "Tasks[0].Properties.TemplateName: missing"),
        ('"scalingGroupId":"{{ scalingGroupId }}",', "", "Parameters.scalingGroupId: nobody uses it"),
    ],
)
def test_a_wrong_template_is_caught(text: str, other: str, said: str, tmp_path: Path) -> None:
    changed = tmp_path / "rearm.yml"
    whole = FC3.read_text().partition("FormatVersion")
    assert text in whole[1] + whole[2]
    changed.write_text((whole[1] + whole[2]).replace(text, other))
    assert any(said in line for line in oos.problems(tagged_yaml.load(changed)))
