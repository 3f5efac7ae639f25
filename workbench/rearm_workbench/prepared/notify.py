"""`notify`: the topic or the bus. A webhook's server is in `webhooks`."""

from typing import TYPE_CHECKING

from moto.events.models import events_backends
from moto.sns.models import sns_backends

from rearm.core.model import Action
from rearm.core.profile import Step
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed


def aws(world: "Replayed", step: Step, _action: Action) -> None:
    """A topic or bus of any region and account is there: a replay knows neither the function's nor yours."""
    region, topic, bus = world.instances.region, str(step.settings.get("topic") or ""), str(step.settings.get("bus") or "")
    if topic:
        name = topic.rpartition(":")[2]
        made = sns_backends[ACCOUNT][region].create_topic(name, {"FifoTopic": "true"} if name.endswith(".fifo") else {})
        sns_backends[topic.split(":")[4]][region].topics[topic] = made
    buses, name = events_backends[ACCOUNT][region], bus.rpartition("/")[2]
    if bus and name not in buses.event_buses:
        buses.create_event_bus(name)


def alibaba(world: "Replayed", step: Step, _action: Action) -> None:
    topic = str(step.settings.get("smq_topic") or "")
    if topic and not world.instances.mns.exists("topic", topic):
        world.instances.mns.create_topic(topic, {})
