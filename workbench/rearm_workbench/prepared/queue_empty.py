"""`queue_empty`: a queue with one message, which is received a minute before `ready_after`, and then deleted.

Under `not` it is empty until `ready_after`, when a message comes.
"""

from functools import partial
from typing import TYPE_CHECKING

from moto.sqs.models import sqs_backends

from rearm.checks.settings.placeholder import filled
from rearm.core.model import Action
from rearm.core.profile import Check
from rearm_workbench.emulators.aws.running import ACCOUNT

if TYPE_CHECKING:
    from rearm_workbench.world import Replayed

RECEIVED_S = 60
HIDDEN_S = 3600


def aws(world: "Replayed", check: Check, instance: str, _action: Action) -> None:
    backend, name = sqs_backends[ACCOUNT][world.instances.region], _name(check, instance)
    if name not in backend.queues:
        backend.create_queue(name)
        if world.course.is_turned(check):
            world.course.at_ready(partial(backend.send_message, name, "work"))
            return
        backend.send_message(name, "work")
        world.course.at_ready(partial(backend.receive_message, name, 1, 0, HIDDEN_S), RECEIVED_S)
        world.course.at_ready(partial(backend.purge_queue, name))


def alibaba(world: "Replayed", check: Check, instance: str, _action: Action) -> None:
    mns, name = world.instances.mns, _name(check, instance)
    if mns.exists("queue", name):
        return
    mns.create_queue(name, {"VisibilityTimeout": str(HIDDEN_S)})
    queue = mns.queue(name)
    if world.course.is_turned(check):
        world.course.at_ready(partial(mns.send, queue, "work"))
        return
    message = mns.send(queue, "work")
    world.course.at_ready(partial(mns.receive, queue, 1), RECEIVED_S)
    world.course.at_ready(lambda: mns.delete(queue, message.receipt))


def _name(check: Check, instance: str) -> str:
    return filled(str(check.settings["queue"]), instance).rpartition("/")[2]
