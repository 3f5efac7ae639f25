"""Fixtures for tests of your own handlers and checks: `pytest_plugins = ["rearm_workbench.pytest_plugin"]`. See docs/testing.md.

`clock` is virtual time; `aws_cloud` and `alibaba_cloud` are the emulated clouds on it. Nothing sleeps, nothing leaves the machine.
"""

import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from rearm import clock as deployed_clock
from rearm import look
from rearm_workbench.deployed import environment
from rearm_workbench.fixture_clouds import AlibabaCloud, AwsCloud
from rearm_workbench.virtual_clock import VirtualClock

START = 1_772_323_200.0
"""2026-03-01T00:00:00Z."""


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Virtual time, from 2026-03-01T00:00:00Z. `clock.run_until(clock.now() + 600)`: ten minutes pass, with all that happens in them."""
    made = VirtualClock(START)

    def sleep(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():  # a check's own thread does not hold up virtual time
            made.run_until(made.now() + max(0.0, seconds))

    deployed_clock.use(made.now, sleep)
    look.armed = look.Armed()
    yield made
    deployed_clock.use_real()


@pytest.fixture
def _surroundings() -> Iterator[None]:
    """The functions' environment: nothing that the person at the terminal has set for the real clouds."""
    with environment({}):
        yield


@pytest.fixture
def aws_cloud(clock: VirtualClock, tmp_path: Path, _surroundings: None) -> Iterator[AwsCloud]:
    """An emulated AWS account in this process."""
    from rearm_workbench.emulators.aws.emulator import AwsEmulator

    region, group, account = "us-east-1", "rearm", "123456789012"
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        REARM_SCHEDULE_GROUP=group,
        REARM_RECHECK_ARN=f"arn:aws:lambda:{region}:{account}:function:rearm-recheck",
        REARM_SCHEDULER_ROLE_ARN=f"arn:aws:iam::{account}:role/rearm-scheduler",
    )
    made = AwsCloud(clock, tmp_path)
    with AwsEmulator(clock, region=region, invoke=partial(AwsCloud.deliver, made)) as emulator:
        emulator.add_schedule_group(group)
        made.emulator = emulator
        yield made


@pytest.fixture
def alibaba_cloud(clock: VirtualClock, tmp_path: Path, _surroundings: None) -> Iterator[AlibabaCloud]:
    """An emulated Alibaba Cloud account on a loopback port."""
    from rearm.clouds.alibaba.cloud import forget_clients
    from rearm_workbench.emulators.alibaba.server import AlibabaEmulator

    made = AlibabaCloud(clock, tmp_path)
    forget_clients()
    with AlibabaEmulator(clock, invoke=partial(AlibabaCloud.deliver, made)) as emulator:
        os.environ.update(emulator.environment())
        made.emulator = emulator
        yield made
    forget_clients()
