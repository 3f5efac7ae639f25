"""Judges our ROS template: names that are referred to, and the properties of the types that it uses, strictly. START HERE: `judge`.

alibabacloud.com/help/en/ros/developer-reference/aliyun-{ram-role,mns-queue,mns-topic,sls-project,sls-logstore,sls-index,oos-template}, and
user-guide/functions. `rostran format` looks at the syntax only, and ROS itself at the rest when the stack is created.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rearm.config_problems import Problems, near
from rearm_workbench.descriptions.intrinsics import Template
from rearm_workbench.descriptions.shape import Each, Entries, Flag, Keys, Number, Shape, Text, Word

PSEUDO = ("ALIYUN::Region", "ALIYUN::TenantId", "ALIYUN::NoValue")
FORMAT = "2015-09-01"
_SUB = re.compile(r"\$\{([^}!][^}]*)\}")

NAME = Text("1 to 64 of letters, digits, `.` and `-`", r"[A-Za-z0-9.-]{1,64}")
SMQ_NAME = Text("letters, digits and `-`, at most 120", r"[A-Za-z0-9][A-Za-z0-9-]{0,119}")
ANY = Text("a text", r"(?s).+")
TAGS = Each(Keys({"Key": Text("1 to 64 characters", r".{1,64}"), "Value": Text("up to 128 characters", r".{0,128}")}), most=20)
ACTIONS = Each(Text("a permission, product:Operation, without `*`", r"[a-z0-9]+:[A-Za-z]+"))
RESOURCES = Each(Text("a resource, acs:…, or `*`", r"\*|acs:[a-z]+:.+"))
ALLOW = Keys({"Effect": Word(("Allow",)), "Action": ACTIONS, "Resource": RESOURCES}, needed=("Effect", "Action", "Resource"))
TRUST = Keys(
    {
        "Effect": Word(("Allow",)),
        "Action": Word(("sts:AssumeRole",)),
        "Principal": Keys({"Service": Each(Text("a service", r"[a-z]+\.aliyuncs\.com"), most=1)}, needed=("Service",)),
    },
    needed=("Effect", "Action", "Principal"),
)


def _document(statement: Shape) -> Shape:
    return Keys({"Version": Word(("1",)), "Statement": Each(statement)}, needed=("Version", "Statement"))


TYPES: dict[str, Shape] = {
    "ALIYUN::RAM::Role": Keys(
        {
            "RoleName": NAME,
            "Description": Text("a text of up to 1024 characters", r"(?s).{0,1024}"),
            "AssumeRolePolicyDocument": _document(TRUST),
            "Policies": Each(
                Keys(
                    {"PolicyName": Text("1 to 128 of letters, digits and `-`", r"[A-Za-z0-9-]{1,128}"), "PolicyDocument": _document(ALLOW)}
                )
            ),
            "PolicyAttachments": Keys({"System": Each(Word(("AliyunECSNetworkInterfaceManagementAccess",)))}),
            "Tags": TAGS,
        },
        needed=("RoleName", "AssumeRolePolicyDocument"),
    ),
    "ALIYUN::MNS::Queue": Keys(
        {
            "QueueName": SMQ_NAME,
            "MessageRetentionPeriod": Number(60, 604_800, 1),
            "VisibilityTimeout": Number(1, 43_200, 1),
            "DlqPolicy": Keys(
                {"Enabled": Flag(), "MaxReceiveCount": Number(1, 1000, 1), "DeadLetterTargetQueue": ANY}, needed=("DeadLetterTargetQueue",)
            ),
            "Tags": TAGS,
        },
        needed=("QueueName",),
    ),
    "ALIYUN::MNS::Topic": Keys({"TopicName": SMQ_NAME, "Tags": TAGS}, needed=("TopicName",)),
    "ALIYUN::SLS::Project": Keys(
        {"Name": Text("3 to 63 of a-z, 0-9 and `-`", r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"), "Description": ANY, "Tags": TAGS},
        needed=("Name",),
    ),
    "ALIYUN::SLS::Logstore": Keys(
        {"ProjectName": ANY, "LogstoreName": ANY, "TTL": Number(1, 3650, 1), "ShardCount": Number(1, 100, 1), "AppendMeta": Flag()},
        needed=("ProjectName", "LogstoreName"),
    ),
    "ALIYUN::SLS::Index": Keys(
        {"ProjectName": ANY, "LogstoreName": ANY, "FullTextIndex": Keys({"Enable": Flag()}, needed=("Enable",))},
        needed=("ProjectName", "LogstoreName", "FullTextIndex"),
    ),
    "ALIYUN::OOS::Template": Keys(
        {
            "TemplateName": Text("letters, digits, `_` and `-`, at most 200", r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}"),
            "Content": ANY,
            "Tags": Entries(r".{1,64}", "1 to 64 characters", Text("up to 128 characters", r".{0,128}")),
        },
        needed=("TemplateName", "Content"),
    ),
}
ATTRIBUTES = {"ALIYUN::MNS::Queue": ("QueueName",), "ALIYUN::SLS::Project": ("Name",), "ALIYUN::RAM::Role": ("Arn", "RoleName")}
SECTIONS = ("ROSTemplateFormatVersion", "Description", "Parameters", "Conditions", "Resources", "Outputs")
PARTS = ("Type", "Properties", "Condition", "DependsOn")


def judge(document: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[str]:
    """Every problem of the template with these parameters, one line each with its path."""
    problems = Problems()
    if document.get("ROSTemplateFormatVersion") != FORMAT:
        problems.wrong("ROSTemplateFormatVersion", document.get("ROSTemplateFormatVersion"), FORMAT)
    for section in document:
        if section not in SECTIONS:
            problems.add(section, f"unknown section{near(section, SECTIONS)}")
    problems.lines += _references(document, "", document)
    if problems.lines:
        return problems.lines
    known = {"ALIYUN::Region": "cn-hangzhou", "ALIYUN::TenantId": "1234567890123456"}
    for name, resource in Template(document, {**known, **parameters}).resources().items():
        path = f"Resources.{name}"
        for part in resource:
            if part not in PARTS:
                problems.add(f"{path}.{part}", f"unknown key{near(part, PARTS)}")
        if problems.word(f"{path}.Type", resource.get("Type"), tuple(TYPES)):
            TYPES[resource["Type"]].judge(f"{path}.Properties", resource.get("Properties"), problems)
    return problems.lines


def _references(document: Mapping[str, Any], path: str, node: Any) -> Iterator[str]:
    """Whatever a function or a condition names has to be there."""
    values = (*document.get("Parameters", {}), *document.get("Resources", {}), *PSEUDO)
    if isinstance(node, list):
        for number, one in enumerate(node):
            yield from _references(document, f"{path}[{number}]", one)
    if not isinstance(node, Mapping):
        return
    for key, value in node.items():
        where = f"{path}.{key}" if path else str(key)
        if key == "Ref" and value not in values:
            yield f"{where}: there is no `{value}`{near(value, values)}"
        elif key == "Fn::Sub":
            text, own = (value, {}) if isinstance(value, str) else (value[0], value[1])
            yield from (f"{where}: there is no `{name}`{near(name, values)}" for name in _SUB.findall(text) if name not in (*values, *own))
        elif key == "Fn::GetAtt":
            yield from _attribute(document, where, value)
        elif (key == "Condition" and isinstance(value, str)) or key == "Fn::If":
            name = value if isinstance(value, str) else value[0]
            if name not in document.get("Conditions", {}):
                yield f"{where}: there is no condition `{name}`"
        yield from _references(document, where, value)


def _attribute(document: Mapping[str, Any], path: str, value: list[str]) -> Iterator[str]:
    resource = document["Resources"].get(value[0], {})
    if value[1] not in ATTRIBUTES.get(resource.get("Type"), ()):
        yield f"{path}: there is no `{'.'.join(value)}`"
