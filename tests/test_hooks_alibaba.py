"""`rearm hooks` against the emulated Alibaba Cloud, over HTTP as it would be for an operator: endpoint and credentials given."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from hooks_world import READY, Hooks
from rearm.clouds.alibaba import rpc
from rearm.clouds.alibaba.settings import Credentials, Settings
from rearm_workbench.emulators.alibaba import AlibabaEmulator
from rearm_workbench.emulators.alibaba.account import ACCOUNT
from rearm_workbench.hooks.alibaba_target import VERSION
from rearm_workbench.virtual_clock import VirtualClock

GOLDEN = Path(__file__).parent / "golden"
REGION = "cn-hangzhou"
QUEUE = f"acs:mns:{REGION}:{ACCOUNT}:queue/rearm"


class AlibabaHooks(Hooks):
    """With a scaling group and a queue, made by plain calls."""

    def __init__(self, directory: Path, emulator: AlibabaEmulator) -> None:
        super().__init__(directory, "--endpoint", f"alibaba=http://{emulator.endpoint}")
        self.emulator = emulator
        endpoint = f"http://{emulator.endpoint}"
        self._settings = Settings(Credentials(*emulator.credentials), REGION, "", "", "", "", {"ess": endpoint})
        self.group = str(self.ess("CreateScalingGroup", ScalingGroupName="web", MinSize=0, MaxSize=9)["ScalingGroupId"])
        self.put_queue("rearm")

    def ess(self, action: str, **params: Any) -> dict[str, Any]:
        return rpc.call(self._settings, "ess", action, {"RegionId": REGION, **params})

    def put_queue(self, name: str) -> None:
        date = "Sun, 22 Nov 2026 02:09:35 GMT"
        key, secret, token = self.emulator.credentials
        text = f"PUT\n\ntext/xml\n{date}\nx-mns-version:{VERSION}\n/queues/{name}"
        signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
        headers = {"authorization": f"MNS {key}:{signature}", "content-type": "text/xml", "date": date, "x-mns-version": VERSION}
        body = b'<?xml version="1.0"?><Queue xmlns="http://mns.aliyuncs.com/doc/v1/"></Queue>'
        url = f"http://{self.emulator.endpoint}/queues/{name}"
        answer = urllib3.request("PUT", url, headers=headers | {"security-token": token}, body=body)
        assert answer.status in (201, 204), answer.data

    def described(self) -> dict[str, dict[str, Any]]:
        return {one["LifecycleHookName"]: one for one in self.ess("DescribeLifecycleHooks", ScalingGroupId=self.group)["LifecycleHooks"]}

    def ready(self, **more: str) -> str:
        lines = {
            "cloud": "alibaba",
            "region": REGION,
            "group": self.group,
            "transition": "launch",
            "heartbeat_timeout": "15m",
            "default_result": "ABANDON",
            "target": QUEUE,
            **more,
        }
        return "\n  - name: ready-hook\n" + "".join(f"    {key}: {value}\n" for key, value in lines.items())

    def drain(self) -> str:
        return self.ready(transition="terminate", default_result="ROLLBACK").replace("ready-hook", "drain-hook")


@pytest.fixture
def hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AlibabaHooks]:
    heard: list[AlibabaHooks] = []
    emulator = AlibabaEmulator(VirtualClock(1_795_313_375.0), on_call=lambda name, text: heard[0].on_call(name, text) if heard else None)
    with emulator:
        for name, value in emulator.environment().items():
            if name.startswith("ALIBABA_CLOUD_"):
                monkeypatch.setenv(name, value)
        world = AlibabaHooks(tmp_path, emulator)
        world.write(world.ready(), world.drain())
        heard.append(world)
        yield world


def test_apply_makes_what_the_file_says_and_a_second_run_makes_no_write_call(hooks: AlibabaHooks) -> None:
    assert hooks.done("apply") == {"ready-hook": "created", "drain-hook": "created"}
    assert hooks.writes() == ["CreateLifecycleHook"] * 2
    made = hooks.described()["ready-hook"]
    assert (made["HeartbeatTimeout"], made["DefaultResult"], made["NotificationArn"]) == (900, "ABANDON", QUEUE)
    assert hooks.described()["drain-hook"]["LifecycleTransition"] == "SCALE_IN"
    code, out, err = hooks.run("apply")
    assert (code, err, out.splitlines()[-1]) == (0, "", "no change")
    assert hooks.writes() == []


def test_an_update_changes_what_differs_and_remove_gives_it_back(hooks: AlibabaHooks) -> None:
    hooks.ess("CreateLifecycleHook", ScalingGroupId=hooks.group, LifecycleHookName="ready-hook", LifecycleTransition="SCALE_OUT")
    hooks.writes()
    hooks.write(hooks.ready())
    assert hooks.done("apply") == {"ready-hook": "updated"}
    assert hooks.writes() == ["ModifyLifecycleHook"]
    code, out, _ = hooks.run("remove")
    assert code == 0
    assert "the cloud has no call to take it away: target" in out
    after = hooks.described()["ready-hook"]
    assert (after["HeartbeatTimeout"], after["DefaultResult"]) == (600, "CONTINUE")


def test_remove_leaves_hooks_that_rearm_did_not_make(hooks: AlibabaHooks) -> None:
    hooks.ess("CreateLifecycleHook", ScalingGroupId=hooks.group, LifecycleHookName="other", LifecycleTransition="SCALE_OUT")
    hooks.run("apply")
    hook_id = hooks.described()["drain-hook"]["LifecycleHookId"]
    hooks.ess("DeleteLifecycleHook", LifecycleHookId=hook_id)
    hooks.ess("CreateLifecycleHook", ScalingGroupId=hooks.group, LifecycleHookName="drain-hook", LifecycleTransition="SCALE_IN")
    assert hooks.done("remove") == {"ready-hook": "deleted", "drain-hook": "gone"}
    assert sorted(hooks.described()) == ["drain-hook", "other"]


@pytest.mark.parametrize(
    ("code", "times", "said"),
    [
        ("Forbidden.RAM", 1, "ess:DescribeScalingGroups is denied (Forbidden.RAM)"),
        ("Throttling.User", 4, "ess:DescribeScalingGroups is throttled (Throttling.User) and stayed so"),
        ("InternalError", 4, "ess:DescribeScalingGroups: InternalError"),
    ],
)
def test_what_cannot_be_read_is_one_line(hooks: AlibabaHooks, code: str, times: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rearm.clock.sleep", hooks.slept.append)
    hooks.emulator.fail_next("ess:DescribeScalingGroups", code, status=500 if code == "InternalError" else 400, times=times)
    exit_code, out, err = hooks.run("apply")
    assert (exit_code, err) == (1, "")
    assert out.count(said) == 2
    assert hooks.writes() == []


def test_an_unknown_group_and_a_queue_that_is_missing(hooks: AlibabaHooks) -> None:
    hooks.write(hooks.ready(group="asg-nobody"), hooks.drain().replace("queue/rearm", "queue/nobody"))
    code, out, _ = hooks.run("apply")
    assert code == 1
    assert "there is no such group in cn-hangzhou: look at `group` and `region`" in out
    assert "ess:CreateLifecycleHook: QueueNotExist" in out
    assert not hooks.state.exists() or hooks.entries() == []


def test_a_call_whose_answer_was_lost_is_settled_by_the_next_run(hooks: AlibabaHooks) -> None:
    hooks.write(hooks.ready())
    hooks.emulator.fail_next("ess:CreateLifecycleHook", "ServiceUnavailable", status=503, after_effect=True)
    code, out, _ = hooks.run("apply")
    assert code == 1
    assert "whether it was done is not known" in out
    assert hooks.done("apply") == {"ready-hook": "no change"}
    assert hooks.entries()[0]["id"] == hooks.described()["ready-hook"]["LifecycleHookId"]
    assert hooks.done("remove") == {"ready-hook": "deleted"}


def test_verify(hooks: AlibabaHooks) -> None:
    hooks.run("apply")
    found = hooks.findings()
    assert {level for one in found.values() for level, _ in one} == {"ok"}
    assert found["ready-hook", "target"] == [("ok", f"{QUEUE} exists")]
    hooks.ess("ModifyLifecycleHook", LifecycleHookId=hooks.described()["ready-hook"]["LifecycleHookId"], LifecycleHookStatus="InActive")
    hooks.write(hooks.ready(), hooks.drain().replace("queue/rearm", "topic/nobody"))
    code, out, _ = hooks.run("verify")
    assert code == 1
    assert "switched off (InActive)" in out


def test_a_topic_that_does_not_exist_and_a_target_that_nobody_can_ask_for(hooks: AlibabaHooks) -> None:
    hooks.write(
        hooks.ready(target=f"acs:mns:{REGION}:{ACCOUNT}:topic/nobody"),
        hooks.drain().replace(QUEUE, f"acs:oos:{REGION}:{ACCOUNT}:template/x"),
    )
    found = hooks.findings()
    assert found["ready-hook", "target"][0][0] == "problem"
    assert found["drain-hook", "target"][0][0] == "warning"


def test_the_groups_name_finds_its_profile(hooks: AlibabaHooks, tmp_path: Path) -> None:
    path = tmp_path / "rearm.yml"
    path.write_text("version: 1\nprofiles: [{name: web, match: {group: web}, checks: [instance_status]}]\n")
    assert ("ready-hook", "profile") not in hooks.findings("--config", str(path))


def test_credentials_are_asked_for_by_name(hooks: AlibabaHooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret, token = hooks.emulator.credentials
    sts = {"name": "sts", "mode": "StsToken", "access_key_id": key, "access_key_secret": secret, "sts_token": token}
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"profiles": [sts, {"name": "role", "mode": "RamRoleArn"}]}))
    monkeypatch.setenv("ALIBABA_CLOUD_CONFIG_FILE", str(path))
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"):
        monkeypatch.delenv(name)
    hooks.write(hooks.ready())
    assert "no Alibaba Cloud credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID" in hooks.run("plan")[1]
    hooks.write(hooks.ready(credentials="sts"))
    assert hooks.done("plan") == {"ready-hook": "planned"}
    hooks.write(hooks.ready(credentials="role"))
    assert "its mode is RamRoleArn" in hooks.run("plan")[1]
    hooks.write(hooks.ready(credentials="nobody"))
    assert "has no such profile" in hooks.run("plan")[1]


def test_wrong_credentials_are_one_line_without_the_secret(hooks: AlibabaHooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "not-the-secret")
    hooks.write(hooks.ready())
    code, out, err = hooks.run("plan")
    assert (code, err) == (1, "")
    assert "SignatureDoesNotMatch" in out
    assert "not-the-secret" not in out


def test_one_cloud_that_does_not_answer_does_not_stop_the_other(hooks: AlibabaHooks, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setattr("rearm.clock.sleep", hooks.slept.append)
    monkeypatch.setattr("rearm_workbench.hooks.aws.ATTEMPTS", 1)
    hooks.write(READY.replace("ready-hook", "aws-hook"), hooks.ready())
    code, out, err = hooks.run("apply", "--endpoint", "aws=http://127.0.0.1:1")
    assert (code, err) == (1, "")
    assert "no connection to eu-central-1" in out
    assert "+ ready-hook: created in alibaba" in out


def test_what_people_read(hooks: AlibabaHooks) -> None:
    """Golden file. REARM_GOLDEN=write renews it; read the difference before you commit it."""
    text = ""
    for command in ("plan", "apply", "verify", "remove"):
        text += f"$ rearm hooks {command}\n" + hooks.run(command)[1].replace(hooks.group, "asg-GROUP")
    path = GOLDEN / "hooks-alibaba.txt"
    if os.environ.get("REARM_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()
