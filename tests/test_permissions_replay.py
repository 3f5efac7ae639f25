"""The policies against the calls that the emulated clouds received: no call outside, and no grant that no call needs."""

from pathlib import Path

import pytest

from permissions_world import CASES, EVENTS, LONG, READY, behind, called, configuration
from rearm import checks, config, steps
from rearm.core.model import CloudName
from rearm.core.profile import Config, Profile
from rearm_workbench.permissions.needs import needs
from rearm_workbench.permissions.policy import document, permission
from rearm_workbench.permissions.port import FcApi, Role
from sweep_world import CLOUDS, sweep_world
from test_replay import ONE_OF_EACH

pytestmark = pytest.mark.slow

TABLES = {"checks": checks, "steps": steps}


def granted(settings: Config, cloud: CloudName, role: Role = "look", fc: FcApi = "3.0") -> set[str]:
    """What the printed policy allows the function to do."""
    statements = document(cloud, needs(settings, cloud, role, fc))["Statement"]
    assert isinstance(statements, list)
    return {action for statement in statements for action in statement["Action"]}


def by_the_platform(settings: Config, cloud: CloudName, role: Role = "look") -> set[str]:
    """Of these, what Lambda or Function Compute does with the function's role: no emulator sees it."""
    return {permission(cloud, need) for need in needs(settings, cloud, role) if need.platform}


def of_the_port(settings: Config, cloud: CloudName) -> set[str]:
    """Of these, what rearm needs whatever it checks and does."""
    profiles = [Profile(profile.name, profile.match) for profile in settings.profiles]
    steps_only = {"scheduler:UpdateSchedule"} & granted(settings, cloud)
    return granted(Config(tuple(profiles)), cloud) | steps_only


KINDS = [(what, kind, cloud) for what, table in TABLES.items() for kind in table.TABLE for cloud in table.module(kind).CALLS]


@pytest.mark.parametrize(("what", "kind", "cloud"), KINDS, ids=str)
def test_a_check_or_step_calls_what_it_is_granted_and_nothing_else(what: str, kind: str, cloud: CloudName, tmp_path: Path) -> None:
    """One with `calls(settings, cloud)` has to be right for each of its cases, any other for all of them together."""
    cases = [case for case in CASES if (case.what, case.kind, case.cloud) == (what, kind, cloud)]
    assert cases, f"add a case for the {what} of kind {kind} on {cloud} to CASES of permissions_world.py"
    granted_in_all, seen_in_all = set[str](), set[str]()
    for case in cases:
        settings, path = configuration(case, tmp_path)
        grants = granted(settings, cloud)
        seen = called(EVENTS[case.where], settings, path, case.worlds, case.before)
        assert seen, case
        assert seen - grants == set(), f"{case}: called, but not granted: add it to CALLS, and to `calls` if there is one"
        own = grants - of_the_port(settings, cloud)
        if hasattr(TABLES[what].module(kind), "calls"):
            assert own - seen == set(), f"{case}: granted, but never called: `calls` is to leave it out, or the case to show it"
        granted_in_all, seen_in_all = granted_in_all | own, seen_in_all | seen
    assert granted_in_all - seen_in_all == set(), "granted, but never called: CALLS is to leave it out, or a case to show it"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_port_is_granted_nothing_that_no_wait_calls(cloud: CloudName, tmp_path: Path) -> None:
    """The adapters themselves, with steps and late copies of the notification."""
    [case] = [case for case in CASES if (case.what, case.kind, case.cloud) == ("steps", "tag", cloud)]
    settings, path = configuration(case, tmp_path)
    seen = called(EVENTS[case.where], settings, path, [*case.worlds, LONG])
    assert seen - granted(settings, cloud) == set()
    assert of_the_port(settings, cloud) - seen == by_the_platform(settings, cloud)


@pytest.mark.parametrize(("event", "fc"), [*((event, "3.0") for event in ONE_OF_EACH.values()), ("alibaba/oos.json", "2.0")])
def test_each_way_in_and_each_function_compute_needs_the_same(event: str, fc: FcApi) -> None:
    cloud: CloudName = "aws" if event.startswith("aws") else "alibaba"
    default = config.load(str(config.DEFAULT))
    seen = called(event, default, None, [READY | {"fc": fc}])
    assert seen - granted(default, cloud, fc=fc) == set()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_sweep_calls_what_it_is_granted_and_nothing_else(cloud: CloudName, tmp_path: Path) -> None:
    """It adopts a wait, and meets one that is looked after."""
    with sweep_world(cloud, tmp_path) as world:
        world.notify(world.wait(1))
        world.wait(2)
        world.calls.clear()
        assert world.sweep()["adopted"] == 1
        seen = behind(world.calls)
    default = config.load(str(config.DEFAULT))
    assert seen == granted(default, cloud, "sweep") - by_the_platform(default, cloud, "sweep")
