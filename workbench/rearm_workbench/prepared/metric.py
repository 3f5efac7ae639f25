"""`metric`: a value that does not pass each period, and one that does from `ready_after` on; under `not` until then."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from moto.cloudwatch.models import cloudwatch_backends

from rearm import duration
from rearm.checks.metric import Settings
from rearm.checks.settings.placeholder import filled
from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

Put = Callable[[str, str, dict[str, str], float], None]


def aws(world: "Replayed", check: Check, instance: str, _action: Action) -> None:
    backend = cloudwatch_backends[ACCOUNT][world.instances.region]

    def put(namespace: str, name: str, dimensions: dict[str, str], value: float) -> None:
        given = [{"Name": key, "Value": one} for key, one in dimensions.items()]
        backend.put_metric_data(namespace, [{"MetricName": name, "Value": value, "Dimensions": given}])

    _each_period(world, check, instance, put)


def alibaba(world: "Replayed", check: Check, instance: str, _action: Action) -> None:
    statistic = str(check.settings.get("statistic", "Average"))
    _each_period(world, check, instance, partial(world.instances.cms.put, statistics=(statistic,)))


def _each_period(world: "Replayed", check: Check, instance: str, put: Put) -> None:
    settings = msgspec.convert(check.settings, Settings)
    dimensions = {name: filled(value, instance) for name, value in settings.dimensions.items()}
    period_s = duration.seconds(settings.period)
    failing, passing = _values(settings)

    def tick() -> None:
        put(settings.namespace, settings.name, dimensions, passing if world.course.passes(check) else failing)
        world.clock.call_at(world.clock.now() + period_s, tick)

    world.clock.call_at(world.start, tick)


def _values(settings: Settings) -> tuple[float, float]:
    """One that does not pass, and one that does."""
    if settings.above is None:
        assert settings.below is not None
        return settings.below + 1, settings.below - 1
    return settings.above - 1, settings.above + 1 if settings.below is None else (settings.above + settings.below) / 2
