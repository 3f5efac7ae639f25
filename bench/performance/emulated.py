"""Requests a second of the emulators beside moto's own server: `bench/emulator_rps.py`, in rounds."""

import contextlib
import sys
from collections.abc import Callable
from functools import partial

import layout
from results import Table
from rounds import Sample, interleaved
from stopwatch import Failed

sys.path.append(str(layout.ROOT / "bench"))
import emulator_rps as rps

SECONDS = 2.0
MOTO = "moto's server, Auto Scaling"


def measure(runs: int) -> dict[str, Table]:
    """As fast as four clients ask; all servers run, and one is asked at a time."""
    with contextlib.ExitStack() as running:
        told = running.enter_context(rps.emulate())
        endpoint = running.enter_context(rps.moto_server())
        if endpoint is None:
            raise Failed("moto's own server is not installed: pip install 'moto[server]'")
        mine, alibaba = told["aws"], told["alibaba"]
        group = rps.once(rps.ess(alibaba, "CreateScalingGroup", ScalingGroupName="web", MinSize=0, MaxSize=5))["ScalingGroupId"]
        rps.once(rps.ess(alibaba, "CreateLifecycleHook", ScalingGroupId=group, LifecycleTransition="SCALE_OUT"))
        asked = {
            MOTO: rps.auto_scaling(endpoint, "x", "DescribeAutoScalingGroups"),
            "rearm emulate, Auto Scaling": rps.auto_scaling(mine["endpoint"], mine["access_key_id"], "DescribeAutoScalingGroups"),
            "rearm emulate, ESS": rps.ess(alibaba, "DescribeLifecycleHooks", ScalingGroupId=group),
        }
        turns: dict[str, Callable[[], Sample]] = {name: partial(_per_s, request) for name, request in asked.items()}
        rows = interleaved(turns, runs, "emulators")["per_s"]
    note = "DescribeAutoScalingGroups, and DescribeLifecycleHooks of ESS. More is better."
    return {"requests": Table("Answers a second, four clients", "1/s", MOTO, rows, note)}


def _per_s(request: rps.Request) -> Sample:
    found = rps.measure(request, SECONDS, None)
    if found.errors:
        raise Failed(f"{found.errors} of {found.asked} requests failed")
    return {"per_s": found.per_s}
