"""`command` on Alibaba Cloud: Cloud Assistant.

Pages: alibabacloud.com/help/en/ecs/developer-reference/ api-ecs-2014-05-26-runcommand (advises to ask for the agent first),
api-ecs-2014-05-26-describeinvocationresults, how-to-ensure-idempotence (`ClientToken`).
"""

import base64
import hashlib

from rearm.checks.asking import agent
from rearm.checks.asking.call import alibaba, listed, short, unreadable
from rearm.checks.command import Order, Seen
from rearm.checks.question import Question
from rearm.core.model import CheckResult

TYPES = {"sh": "RunShellScript", "powershell": "RunPowerShellScript"}
RESULTS = "ecs:DescribeInvocationResults"
RUNNING = ("Pending", "Running", "Stopping", "Scheduled")
ENDED = ("Success", "Failed")


def start(order: Order, question: Question) -> str | CheckResult:
    """RunCommand: a second one with the same client token is the first one."""
    if not agent.cloud_assistant_runs(question.instance, question.cloud):
        return CheckResult("waiting", "Cloud Assistant is not online yet")
    asked: dict[str, object] = {
        "Type": TYPES[order.shell],
        "CommandContent": base64.b64encode(order.script.encode()).decode(),
        "ContentEncoding": "Base64",
        "InstanceId.1": question.instance,
        "Timeout": order.timeout_s,
        "Name": order.name,
        "ClientToken": hashlib.sha256(order.name.encode()).hexdigest(),
    }
    answer = alibaba(question.cloud, "ecs", "RunCommand", asked)
    if not isinstance(answer.get("InvokeId"), str) or not answer["InvokeId"]:
        unreadable("ecs:RunCommand")
    return str(answer["InvokeId"])


def seen(run: str, question: Question) -> Seen:
    """DescribeInvocationResults, of this instance."""
    asked: dict[str, object] = {"InvokeId": run, "InstanceId": question.instance, "ContentEncoding": "PlainText"}
    answer = alibaba(question.cloud, "ecs", "DescribeInvocationResults", asked)
    invocation = answer.get("Invocation")
    results = listed(invocation if isinstance(invocation, dict) else {}, RESULTS, "InvocationResults", "InvocationResult")
    found = next((one for one in results if one.get("InstanceId") == question.instance), None)
    if found is None:
        return Seen("running", "no result yet")
    status = str(found.get("InvocationStatus"))
    told = short(f"{status}: {found['ErrorCode']}" if found.get("ErrorCode") else status)
    if status in RUNNING:
        return Seen("running", told)
    if status in ENDED:
        return Seen("ended", told, _exit_code(found.get("ExitCode")), str(found.get("Output") or ""))
    if status == "Timeout":
        return Seen("late", told)
    # Aborted, Error, Cancelled, Terminated: it did not run, or not to its end.
    return Seen("impossible" if status == "Invalid" else "lost", told)


def _exit_code(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        unreadable(RESULTS)
    return value
