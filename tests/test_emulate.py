"""`rearm emulate` end to end: functions really run, and what was there is there again, also after kill -9."""

import importlib.util
import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from mns.queue import QueueMeta
from mns.topic import TopicMeta

from emulate_world import COMMAND, Alibaba, emulate, group_with_hook, states
from rearm_workbench.emulate import clock_request

spec = importlib.util.spec_from_file_location("emulator_rps", Path(__file__).resolve().parents[1] / "bench" / "emulator_rps.py")
assert spec is not None
assert spec.loader is not None
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rearm-"
MNS = "acs:mns:cn-hangzhou:1234567890123456:"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:rearm"
ROLE = "arn:aws:iam::123456789012:role/hook"


@pytest.mark.slow
def test_hooks_run_their_handlers_on_aws_whatever_the_way() -> None:
    """Through a topic, through a queue, and straight to the function; rechecks come by schedule; then Ctrl-C."""
    with emulate("--speed", "5") as emulated:
        scaling, sns, sqs, ec2, scheduler = (emulated.client(name) for name in ("autoscaling", "sns", "sqs", "ec2", "scheduler"))
        topic = sns.create_topic(Name="hooks")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION + "sns")
        queue = sqs.create_queue(QueueName="rearm")["QueueUrl"]
        group_with_hook(scaling, "by-topic", "LAUNCHING", 600, NotificationTargetARN=topic, RoleARN=ROLE)
        group_with_hook(scaling, "by-queue", "LAUNCHING", 600, NotificationTargetARN=QUEUE, RoleARN=ROLE)
        group_with_hook(scaling, "leaving", "TERMINATING", 600, NotificationTargetARN=FUNCTION + "direct")
        for group in ("by-topic", "by-queue", "leaving"):
            scaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=1)
        (instance,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["leaving"])["AutoScalingGroups"][0]["Instances"]
        scaling.set_desired_capacity(AutoScalingGroupName="leaving", DesiredCapacity=0)
        before = emulated.clock({})["now"]
        assert emulated.advance(1800) >= before + 1800
        assert states(scaling, "by-topic") == states(scaling, "by-queue") == ["InService"], emulated.log
        assert "Messages" not in sqs.receive_message(QueueUrl=queue)
        assert states(scaling, "leaving") == ["Terminating:Wait"], emulated.log
        assert emulated.logged("heartbeat 600 s")
        assert len(scheduler.list_schedules(GroupName="rearm")["Schedules"]) == 1
        ec2.create_tags(Resources=[instance["InstanceId"]], Tags=[{"Key": "rearm:drained", "Value": "true"}])
        assert emulated.clock({"advance_s": 180}, "alibaba")["iso"].endswith("Z")
        assert states(scaling, "leaving") == []
        for function in ("sns", "sqs", "direct", "recheck"):
            assert emulated.logged(f'rearm-{function} | {{"level":"INFO"')
        assert emulated.end(signal.SIGINT) == 0
        assert "Traceback" not in emulated.log, emulated.log


@pytest.mark.slow
def test_hooks_run_their_handlers_on_alibaba_cloud_and_rechecks_come_by_function_compute() -> None:
    """Through a topic and a queue of the name `rearm`; the recheck is the handlers' own doing."""
    with emulate() as emulated:
        alibaba = Alibaba(emulated)
        alibaba.mns.get_topic("rearm").create(TopicMeta())
        alibaba.mns.get_queue("rearm").create(QueueMeta())
        groups = [
            alibaba.group_with_hook(f"by-{kind}", "SCALE_OUT", 600, NotificationArn=f"{MNS}{kind}/rearm") for kind in ("topic", "queue")
        ]
        leaving = alibaba.group_with_hook("leaving", "SCALE_IN", 600, NotificationArn=f"{MNS}topic/rearm")
        for group in (*groups, leaving):
            alibaba.scale(group, 1)
        alibaba.scale(leaving, -1)
        emulated.advance(1)
        assert [alibaba.states(group) for group in groups] == [["InService"], ["InService"]], emulated.log
        emulated.clock({"advance_s": 1200}, "alibaba")
        assert alibaba.states(leaving) == ["Removing:Wait"], emulated.log
        assert emulated.logged('"what": "heartbeat')
        assert emulated.logged("rearm-recheck | ")
        found = bench.measure(bench.ess(emulated.told["alibaba"], "DescribeLifecycleHooks", ScalingGroupId=leaving), 1.0, 200)
        assert (found.asked, found.errors) == (200, 0)
        assert "Traceback" not in emulated.log, emulated.log
        assert emulated.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_kill_9_loses_nothing_and_what_should_have_lapsed_meanwhile_has(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with emulate("--state-dir", state, "--seed", "3") as first:
        scaling = first.client("autoscaling")
        for group, timeout_s in (("short", 200), ("long", 7200)):
            group_with_hook(scaling, group, "LAUNCHING", timeout_s, DefaultResult="CONTINUE")
            scaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=1)
        group_with_hook(scaling, "watched", "TERMINATING", 600, NotificationTargetARN=FUNCTION + "direct")
        scaling.set_desired_capacity(AutoScalingGroupName="watched", DesiredCapacity=1)
        scaling.set_desired_capacity(AutoScalingGroupName="watched", DesiredCapacity=0)
        alibaba = Alibaba(first)
        lapsing = alibaba.group_with_hook("lapsing", "SCALE_OUT", 200)
        waiting = alibaba.group_with_hook("waiting", "SCALE_OUT", 21600)
        for group in (lapsing, waiting):
            alibaba.scale(group, 1)
        kept = alibaba.ess("DescribeLifecycleHooks", ScalingGroupId=waiting)["LifecycleHooks"]
        first.advance(100)
        before = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
        hooks = scaling.describe_lifecycle_hooks(AutoScalingGroupName="long")["LifecycleHooks"]
        now = first.clock({})["now"]
        refused = subprocess.run([*COMMAND, "--state-dir", str(state)], capture_output=True, text=True, check=False)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.count("\n") == 1
        assert f"another `rearm emulate` (process {first.told['pid']}) uses it" in refused.stderr
        first.end(signal.SIGKILL)
    with open(state / "journal.jsonl", "a") as file:  # as if it had been killed five minutes ago, in the middle of a line
        file.write(json.dumps({"what": "time", "at": now, "wall": time.time() - 300}) + '\n{"what":"request","at":18')
    with emulate("--state-dir", state) as second:
        scaling = second.client("autoscaling")
        after = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
        assert now + 300 <= second.clock({})["now"] < now + 400
        assert "it is cut off and was never answered" in second.log
        assert {one["InstanceId"] for one in after} == {one["InstanceId"] for one in before}
        assert scaling.describe_lifecycle_hooks(AutoScalingGroupName="long")["LifecycleHooks"] == hooks
        assert states(scaling, "short") == ["InService"]
        assert states(scaling, "long") == ["Pending:Wait"]
        alibaba = Alibaba(second)
        assert alibaba.ess("DescribeLifecycleHooks", ScalingGroupId=waiting)["LifecycleHooks"] == kept
        assert (alibaba.states(lapsing), alibaba.states(waiting)) == (["InService"], ["Pending:Wait"])
        assert states(scaling, "watched") == ["Terminating:Wait"], second.log
        assert second.logged("rearm-recheck | ")
        assert second.end(signal.SIGTERM) == 0


def test_what_the_functions_of_a_directory_do_is_up_to_it(tmp_path: Path) -> None:
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / "mine.py").write_text(
        "import os\n\ndef handler(event, context):\n    print(event['do'], os.environ['AWS_ENDPOINT_URL'])\n    return [event['do']] * 2\n"
    )
    with emulate("--functions", tmp_path) as emulated:
        assert emulated.told["functions"] == ["aws:rearm-mine"]
        events = emulated.client("events")
        events.put_rule(Name="r", EventPattern='{"source": ["me"]}')
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION + "mine", "Input": '{"do": "this"}'}])
        events.put_events(Entries=[{"Source": "me", "DetailType": "x", "Detail": "{}"}])
        emulated.advance(1)
        answer = emulated.client("lambda").invoke(FunctionName="rearm-mine", Payload='{"do": "that"}')
        assert json.load(answer["Payload"]) == ["that", "that"]
        assert emulated.client("lambda").invoke(FunctionName="rearm-mine", Payload="{}")["FunctionError"] == "Unhandled"
        assert emulated.logged(f"rearm-mine | this {emulated.told['aws']['endpoint']}\n"), emulated.log


@pytest.mark.parametrize(
    "body", [{"advance_s": -1}, {"advance_s": "10"}, {"advance_s": True}, {"jump": 1}, [], {"advance_s": float("inf")}]
)
def test_a_clock_request_that_makes_no_sense_is_told(body: object) -> None:
    moved: list[float] = []
    answer = json.loads(clock_request.answer(json.dumps(body).encode(), lambda: 1.0, lambda seconds: moved.append(seconds) or 1.0))
    assert answer["error"].startswith('write {"advance_s": SECONDS}')
    assert moved == []


@pytest.fixture
def taken() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--aws", "0.0.0.0:1"], "--aws 0.0.0.0:1: only the loopback is served"),
        (["--alibaba", "example.com:80"], "--alibaba example.com:80: only the loopback is served"),
        (["--aws", "4566"], "--aws 4566: write HOST:PORT"),
        (["--aws", "127.0.0.1:99999"], "--aws 127.0.0.1:99999: write HOST:PORT"),
        (["--speed", "0"], "--speed 0: write a number above 0"),
        (["--speed", "nan"], "--speed nan: write a number above 0"),
        (["--functions", "/nowhere"], "--functions /nowhere: there is no such directory"),
        (["--functions", "{tmp}"], "--functions {tmp}: it has neither aws/ nor alibaba/ in it"),
        (["--config", "{tmp}/none.yml"], "{tmp}/none.yml: there is no such file"),
        (["--sqs-trigger", "queue"], "--sqs-trigger queue: write QUEUE=FUNCTION"),
        (["--state-dir", "/dev/null/x"], "--state-dir /dev/null/x: cannot be used (Not a directory)"),
        (["--aws", "127.0.0.1:{taken}"], "--aws 127.0.0.1:{taken}: cannot listen there (Address already in use)"),
    ],
)
def test_what_cannot_be_served_is_one_clear_line(arguments: list[str], line: str, tmp_path: Path, taken: int) -> None:
    import typer
    from typer.testing import CliRunner

    from rearm_workbench.emulate.command import emulate as command

    app = typer.Typer()
    app.command()(command)
    fill = {"tmp": tmp_path, "taken": taken}
    done = CliRunner().invoke(app, [text.format(**fill) for text in arguments])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"rearm: {line.format(**fill)}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
