"""s.yaml in the real Serverless Devs; deploy/ros/rearm.yml in the real `rostran`, and beside the properties that the ROS CDK knows."""

import json
import os
import re
import subprocess
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rearm_workbench.deploy import environment, serverless_devs
from rearm_workbench.descriptions import fc3, fc3_rules, tagged_yaml, variables

pytestmark = pytest.mark.deploy

ROOT = Path(__file__).resolve().parents[2]
S = ROOT / "build/tools/s/node_modules/.bin/s"
ROS = ROOT / "build/tools/ros"
ACCOUNT = "1234567890123456"
CHECKED_IN = "as it is checked in"
ENVIRONMENTS = environment.known(ROOT / "environments")
STAND_IN = """
// Stands for fc3, which only its own registry has: says what Serverless Devs would hand to it.
module.exports.default = class {
  async deploy(inputs) {
    console.log("HANDED " + JSON.stringify({ props: inputs.props, from: inputs.yaml.path, to: inputs.resource.name }));
    return {};
  }
};
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own for Serverless Devs, with credentials of the alias `default`."""
    folder = tmp_path_factory.mktemp("s-home")
    keys = ("--AccountID", ACCOUNT, "--AccessKeyID", "LTAI-none", "--AccessKeySecret", "none", "-a", "default")
    ran = run(folder, "config", "add", *keys)
    assert ran.returncode == 0, ran.stdout
    return folder


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(home), "serverless_devs_config_home": str(home / ".s")}
    return subprocess.run([str(S), *arguments], cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=120, check=False)


def rendered(name: str, scratch: Path) -> Path:
    """s.yaml of an environment, with its ROS template beside it."""
    return serverless_devs.write(environment.load(name, ROOT / "environments"), ROOT, scratch / name)[0]


@pytest.mark.parametrize("name", [CHECKED_IN, *ENVIRONMENTS])
def test_preview_says_what_we_work_out(name: str, home: Path, tmp_path: Path) -> None:
    path = ROOT / "s.yaml" if name == CHECKED_IN else rendered(name, tmp_path)
    ran = run(home, "preview", "-t", str(path), "-o", "json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shown = json.JSONDecoder().raw_decode(ran.stdout[ran.stdout.index("{\n") :])[0]
    assert shown["resources"] == variables.resolved(tagged_yaml.load(path), ACCOUNT)["resources"]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_fc3_is_handed_is_sound(name: str, home: Path, tmp_path: Path) -> None:
    """`s deploy` itself, up to the component."""
    component = tmp_path / "fc3"
    component.mkdir()
    (component / "package.json").write_text('{"name": "fc3", "version": "0.0.1", "main": "index.js"}')
    (component / "index.js").write_text(STAND_IN)
    path = rendered(name, tmp_path)
    stood_in = path.with_name("stood-in.yaml")
    stood_in.write_text(path.read_text().replace("component: fc3", f"component: {component}"))
    ran = run(home, "deploy", "-t", str(stood_in), "-y")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    handed = [json.loads(line[len("HANDED ") :]) for line in ran.stdout.splitlines() if line.startswith("HANDED ")]
    env = environment.load(name, ROOT / "environments")
    assert {one["to"] for one in handed} == set(env.types("alibaba"))
    document = {"edition": "3.0.0", "resources": {one["to"]: {"component": "fc3", "props": one["props"]} for one in handed}}
    assert fc3.judge(document) == []
    assert fc3_rules.broken(document, ROOT / "functions" / "alibaba") == []
    for one in handed:
        assert (Path(one["from"]).parent / one["props"]["code"]).resolve() == ROOT / "build/package/alibaba/functions.zip"


@pytest.mark.parametrize(
    ("text", "other", "said"),
    [
        ("\nresources:", "\nresources", "format is incorrect"),
        ("  mns_topic:", " mns_topic:", "bad indentation"),
        ("<<: *function", "<<: *functions", "unidentified alias"),
        ("${vars.memory_mb}", "${vars.memory}", "${vars.memory}"),
    ],
)
def test_serverless_devs_refuses_what_it_cannot_read(text: str, other: str, said: str, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text((ROOT / "s.yaml").read_text().replace(text, other))
    ran = run(home, "preview", "-t", str(path), "-o", "json")
    assert ran.returncode != 0
    assert said in ran.stdout + ran.stderr


@pytest.mark.parametrize("name", [CHECKED_IN, *ENVIRONMENTS])
def test_rostran_reads_the_template(name: str, tmp_path: Path) -> None:
    path = ROOT / serverless_devs.TEMPLATE if name == CHECKED_IN else rendered(name, tmp_path).with_name("ros.yml")
    ran = subprocess.run([str(ROS / "bin/rostran"), "format", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert "\nResources:\n" in ran.stdout, ran.stdout + ran.stderr


def test_rostran_refuses_another_format(tmp_path: Path) -> None:
    path = tmp_path / "ros.yml"
    path.write_text((ROOT / serverless_devs.TEMPLATE).read_text().replace('"2015-09-01"', '"2016-09-01"'))
    ran = subprocess.run([str(ROS / "bin/rostran"), "format", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert "Invalid ROSTemplateFormatVersion" in ran.stdout  # and exits with 0 all the same


@cache
def known_to_the_cdk(product: str) -> str:
    """The generated code of a product's ROS types."""
    [archive] = (ROS / "lib").glob(f"python3.*/site-packages/ros_cdk_{product}/_jsii/*.tgz")
    with tarfile.open(archive) as opened:
        [member] = [name for name in opened.getnames() if name.endswith(f"lib/{product}.generated.js")]
        text = opened.extractfile(member)
        assert text is not None
        return text.read().decode()


def spelt(kind: str, part: str) -> str:
    """The body of a function that the ROS CDK has for a type."""
    _, product, name = kind.lower().split("::")
    found = re.search(rf"(?i)function ros{name}Props{part}\(.*?\n\}}", known_to_the_cdk(product), re.DOTALL)
    assert found, kind
    return found[0]


def properties_of(kind: str) -> set[str]:
    """The properties of a type in the ROS CDK, which Alibaba generates from ROS's own descriptions."""
    return set(re.findall(r"'(\w+)': ", spelt(kind, "ToRosTemplate")))


def needed_by(kind: str) -> set[str]:
    """Those without which it cannot be, in small letters."""
    return {name.lower() for name in re.findall(r"propertyValidator\('(\w+)', ros.requiredValidator\)", spelt(kind, "Validator"))}


def test_every_property_is_one_of_ros(tmp_path: Path) -> None:
    resources: dict[str, Any] = tagged_yaml.load(ROOT / serverless_devs.TEMPLATE)["Resources"]
    for name in ENVIRONMENTS:
        resources |= {
            f"{name} {key}": one for key, one in tagged_yaml.load(rendered(name, tmp_path).with_name("ros.yml"))["Resources"].items()
        }
    for name, resource in resources.items():
        given = set(resource["Properties"])
        assert given <= properties_of(resource["Type"]), name
        assert needed_by(resource["Type"]) <= {one.lower() for one in given}, name
    assert needed_by("ALIYUN::OOS::Template") == {"templatename", "content"}
    assert "QueueNames" not in properties_of("ALIYUN::MNS::Queue")
