"""The webhooks of the step `notify` in a replay: a server at each one's host and port that takes every message, and the secrets."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from rearm.core.profile import Step
from rearm.steps.notify import SECRET_ENV
from rearm_workbench.network import Served

SECRET = "the secret of a replay"


class Receiver:
    """See `network.Ports`."""

    def answer(self, _port: int, _path: str) -> Served:
        return Served(200)

    def certified(self, _port: int) -> tuple[str, ...]:
        return ()


class Webhooks:
    """`receivers` by host and port; `secrets` as environment variables. Both are empty where no step has a webhook."""

    def __init__(self, steps: Iterable[Step]) -> None:
        settings = [step.settings for step in steps if step.kind == "notify" and step.settings.get("webhook")]
        places = [urlsplit(str(one["webhook"])) for one in settings]
        self.receivers = {(place.hostname or "", place.port or 443): Receiver() for place in places}
        self.secrets = {str(one.get("secret_env", SECRET_ENV)): SECRET for one in settings}
