"""Judges the `alibaba` part of an environment."""

from rearm.config_problems import Problems
from rearm_workbench.deploy.fields import Fields
from rearm_workbench.deploy.model import ALIBABA_TYPES, Alibaba

PYTHONS = ("3.10", "3.12")
"""Runtimes python3.10 and python3.12 of Function Compute 3.0; 2.0 has the custom runtime, which takes either."""
MEMORY_MB = (128, 32_768)
CPU = (0.05, 16.0)
"""help.aliyun.com/zh/functioncompute/fc, function specifications: vCPU in steps of 0.05, memory of 64 MB, 1 to 4 GB for each vCPU."""
KEYS = (
    *("region", "account", "python", "notifications", "sweep_groups", "memory_mb", "cpu", "log_project", "log_store"),
    *("vpc_id", "vswitches", "security_group"),
)


def judge_alibaba(raw: object, problems: Problems) -> Alibaba:
    """The part, with the default wherever it is wrong; every problem is reported. Pure."""
    fields = Fields(raw, "alibaba", KEYS, problems)
    default = Alibaba()
    found = Alibaba(
        region=fields.text("region", default.region, r"[a-z]{2}(-[a-z]+)+(-\d)?(-[a-z]+)*", "a region like cn-hangzhou", empty=False),
        account=fields.text("account", "", r"\d{16}", "a text, the account's 16 digits"),
        python=fields.word("python", default.python, PYTHONS),
        notifications=fields.words("notifications", default.notifications, ALIBABA_TYPES),
        sweep_groups=fields.texts("sweep_groups", r"asg-[0-9A-Za-z]+", "the id of a scaling group (asg-…)"),
        memory_mb=_memory_mb(fields),
        cpu=_cpu(fields),
        log_project=fields.text("log_project", "", r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "the name of a log project"),
        log_store=fields.text("log_store", "", r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]", "the name of a log store"),
        vpc_id=fields.text("vpc_id", "", r"vpc-[0-9a-z]+", "a VPC's id (vpc-…)"),
        vswitches=fields.texts("vswitches", r"vsw-[0-9a-z]+", "a vSwitch's id (vsw-…)", most=5),
        security_group=fields.text("security_group", "", r"sg-[0-9a-z]+", "a security group's id (sg-…)"),
    )
    fields.all_or_none(("log_project", "log_store"), (found.log_project, found.log_store))
    fields.all_or_none(("vpc_id", "vswitches", "security_group"), (found.vpc_id, found.vswitches, found.security_group))
    least, most = round(found.cpu * 1024), round(found.cpu * 4096)
    if not least <= found.memory_mb <= most:
        problems.wrong("alibaba.memory_mb", found.memory_mb, f"{least} to {most} with cpu {found.cpu:g}: 1 to 4 GB for each vCPU")
    return found


def _memory_mb(fields: Fields) -> int:
    allowed = f"a whole number from {MEMORY_MB[0]} to {MEMORY_MB[1]} in steps of 64"
    found = fields.number("memory_mb", Alibaba().memory_mb, *MEMORY_MB, allowed)
    if found % 64:
        fields.wrong("memory_mb", allowed)
        return Alibaba().memory_mb
    return found


def _cpu(fields: Fields) -> float:
    value = fields.given.get("cpu", Alibaba().cpu)
    if isinstance(value, int | float) and not isinstance(value, bool) and CPU[0] <= value <= CPU[1]:
        steps = value / CPU[0]
        if abs(steps - round(steps)) < 1e-6:
            return float(value)
    fields.wrong("cpu", f"a number from {CPU[0]:g} to {CPU[1]:g} in steps of 0.05")
    return Alibaba().cpu
