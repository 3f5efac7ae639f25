"""The properties of an s.yaml's functions (component fc3), as far as rearm uses them: unknown keys, types, ranges. START HERE: `judge`.

fc3 hands properties to Function Compute's API 2023-03-30 and only logs what its own schema has against them, so a wrong one is seen when
it is deployed, or never. The ranges are those of the API's structures (alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference,
`api-fc-2023-03-30-struct-…`; the SDK alibabacloud_fc20230330 has the same texts), named beside each. Where the API allows more than rearm
has a use for (GPUs, containers, NAS), the key counts as unknown. What rearm itself needs on top is in `fc3_rules`.
"""

from collections.abc import Mapping

from rearm.config_problems import Problems, join
from rearm_workbench.descriptions.fc3_triggers import TRIGGER, judge_trigger
from rearm_workbench.descriptions.shape import Each, Either, Entries, Flag, Keys, Number, OneOf, Shape, Text, Word

REGIONS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-5"),
    *("ap-southeast-7", "cn-beijing", "cn-chengdu", "cn-hangzhou", "cn-heyuan-acdr-1", "cn-hongkong", "cn-huhehaote", "cn-qingdao"),
    *("cn-shanghai", "cn-shanghai-finance-1", "cn-shenzhen", "cn-wulanchabu", "cn-zhangjiakou", "eu-central-1", "eu-west-1"),
    *("me-central-1", "us-east-1", "us-west-1"),
)
"""Where Function Compute 3.0 is: functioncompute/fc-3-0/product-overview/region-availability, and the SDK's endpoints."""
RUNTIMES = ("python3.10", "python3.12")
"""Those of CreateFunctionInput.runtime that rearm runs on; python3.9 and older are too old for it."""

ACCOUNT = r"\d{16}"
NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
ROLE = Text(
    "acs:ram::ACCOUNT:role/NAME, in small letters (fc3 writes it so, and RAM's names keep their case)",
    rf"acs:ram::{ACCOUNT}:role/[a-z0-9.-]{{1,64}}",
)
QUEUE = rf"acs:mns:[a-z0-9-]+:{ACCOUNT}:/queues/[A-Za-z0-9][A-Za-z0-9-]{{0,119}}"
DESTINATION = Text("the ARN of an SMQ queue's messages, acs:mns:REGION:ACCOUNT:/queues/NAME/messages", rf"{QUEUE}/messages")
EMPTY = Text("an empty text", "")

LOG: Shape = Keys(  # LogConfig
    {
        "project": Text("a log project: 3 to 63 of a-z, 0-9 and `-`", r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
        "logstore": Text("a Logstore: 3 to 63 of a-z, 0-9, `_` and `-`", r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]"),
        "enableRequestMetrics": Flag(),
        "enableInstanceMetrics": Flag(),
        "logBeginRule": Word(("None", "DefaultRegex")),
    },
    needed=("project", "logstore"),
)
VPC: Shape = Either(  # VPCConfig; all empty is what fc3 itself sends for a function in no VPC
    (
        Keys(
            {
                "vpcId": Text("a VPC's id", r"vpc-[0-9a-z]+"),
                "vSwitchIds": Each(Text("a vSwitch's id", r"vsw-[0-9a-z]+")),
                "securityGroupId": Text("a security group's id", r"sg-[0-9a-z]+"),
            },
            needed=("vpcId", "vSwitchIds", "securityGroupId"),
        ),
        Keys(
            {"vpcId": EMPTY, "vSwitchIds": Each(EMPTY, most=0), "securityGroupId": EMPTY}, needed=("vpcId", "vSwitchIds", "securityGroupId")
        ),
    )
)
ASYNC: Shape = Keys(  # PutAsyncInvokeConfigInput. fc3's own schema allows an age of up to 30 days; the API's page 7.
    {
        "asyncTask": Flag(),
        "maxAsyncRetryAttempts": Number(0, 8, 1),
        "maxAsyncEventAgeInSeconds": Number(1, 604_800, 1),
        "destinationConfig": Keys(
            {name: Keys({"destination": DESTINATION}, needed=("destination",)) for name in ("onFailure", "onSuccess")}
        ),
    }
)
FUNCTION: Shape = Keys(
    {  # CreateFunctionInput, and beside it what fc3 takes for its own calls: region, triggers, asyncInvokeConfig
        "region": Word(REGIONS),
        "functionName": Text("1 to 64 of letters, digits, `_` and `-`, a letter or `_` first", NAME),
        "description": Text("a text of up to 256 characters", r"(?s).{0,256}"),
        "runtime": Word(RUNTIMES),
        "handler": Text("module.function", r"[A-Za-z_][\w/]*\.[A-Za-z_]\w*"),
        "code": Text("the path of a zip archive", r"[^\s]+\.zip"),
        "layers": Each(
            Text(
                "the ARN of a layer's version, acs:fc:REGION:ACCOUNT:layers/NAME/versions/NUMBER",
                rf"acs:fc:[a-z0-9-]+:{ACCOUNT}:layers/{NAME}/versions/[1-9]\d*",
            ),
            most=5,  # functioncompute/fc/user-guide/limits: layers of a function
        ),
        "memorySize": Number(128, 32_768, 64),
        "cpu": Number(0.05, 16, 0.05),
        "diskSize": OneOf((512, 10_240)),
        "timeout": Number(1, 86_400, 1),
        "internetAccess": Flag(),
        "role": ROLE,
        "logConfig": LOG,
        "vpcConfig": VPC,
        "tags": Each(
            Keys(
                {"key": Text("1 to 64 characters", r".{1,64}"), "value": Text("up to 128 characters", r".{0,128}")}, needed=("key", "value")
            ),
            most=20,
        ),
        "environmentVariables": Entries(
            r"[A-Za-z][A-Za-z0-9_]*",
            "letters, digits and `_`, a letter first",
            Text("a text (put it in quotes)", r"(?s).*"),
        ),
        "asyncInvokeConfig": ASYNC,
        "triggers": Each(TRIGGER, most=10),  # functioncompute/fc/user-guide/limits: triggers of a function
    },
    needed=("region", "functionName", "runtime", "handler", "code"),
)


def judge(document: Mapping[str, object]) -> list[str]:
    """Every problem of a document without variables (`variables.resolved`), one line each with its path."""
    problems = Problems()
    resources = document.get("resources")
    if document.get("edition") != "3.0.0":
        problems.wrong("edition", document.get("edition"), "3.0.0")
    if not isinstance(resources, dict) or not resources:
        problems.wrong("resources", resources, "a mapping of functions")
        return problems.lines
    names: dict[object, str] = {}
    for resource, body in resources.items():
        path = join("resources", resource)
        Keys({"component": Word(("fc3",)), "props": FUNCTION}, needed=("component", "props")).judge(path, body, problems)
        props = body.get("props") if isinstance(body, dict) else None
        if isinstance(props, dict):
            _together(f"{path}.props", props, problems)
            first = names.setdefault(props.get("functionName"), path)
            if first != path:
                problems.add(f"{path}.props.functionName", f"{first} has that name already")
    return problems.lines


def _together(path: str, props: Mapping[str, object], problems: Problems) -> None:
    """What two properties may not be at once."""
    memory, cpu = props.get("memorySize"), props.get("cpu")
    if isinstance(memory, int) and isinstance(cpu, int | float) and not 1 - 1e-6 <= memory / 1024 / cpu <= 4 + 1e-6:
        allowed = f"{round(cpu * 1024)} to {round(cpu * 4096)} with cpu {cpu:g}: 1 to 4 GB for each vCPU"  # CreateFunctionInput.cpu
        problems.wrong(f"{path}.memorySize", memory, allowed)
    triggers = props.get("triggers")
    seen: set[object] = set()
    for number, trigger in enumerate(triggers if isinstance(triggers, list) else ()):
        if isinstance(trigger, dict):
            judge_trigger(f"{path}.triggers[{number}]", trigger, problems)
            if trigger.get("triggerName") in seen:
                problems.add(f"{path}.triggers[{number}].triggerName", "another trigger of the function has that name already")
            seen.add(trigger.get("triggerName"))
