"""`notify` by a webhook: one signed POST over TLS, to the host in the configuration and nowhere else."""

import hmac
import os
from urllib.parse import urlsplit

from rearm import clock
from rearm.checks.network import target
from rearm.checks.network.connection import broken, trust
from rearm.checks.network.http_exchange import Answer, Request, exchange
from rearm.core.model import StepResult
from rearm.errors import TryAgain
from rearm.steps.notices.message import Message

SIGNATURE = "X-Rearm-Signature"
TRY_AGAIN = (408, 429)
"""Of the statuses 4xx, those that say "later" (RFC 9110, 15.5.9; RFC 6585, 4)."""


def post(webhook: str, secret_env: str, message: Message, limit_s: float) -> StepResult:
    """2xx: done. 4xx: failed, but for `TRY_AGAIN`. Anything else may pass; redirects are not followed. Raises TryAgain."""
    secret = os.environ.get(secret_env, "")
    if not secret:
        raise TryAgain(f"not sent: the environment variable {secret_env} is not set; it has to hold the secret that the webhook shares")
    place = urlsplit(webhook)
    body = message.body.encode()
    headers = {
        "Host": place.netloc,
        "Content-Type": "application/json",
        SIGNATURE: signature(secret, body, clock.now()),
    }
    request = Request("POST", (place.path or "/") + (f"?{place.query}" if place.query else ""), headers, body)
    answer = _answered(place.hostname or "", place.port or 443, request, limit_s)
    if 200 <= answer.status <= 299:
        return StepResult("done", f"sent: {answer.status}")
    if 400 <= answer.status <= 499 and answer.status not in TRY_AGAIN:
        return StepResult("failed", f"{place.netloc} refused it: {answer.status}")
    if not answer.status:
        raise TryAgain(f"what answers at {place.netloc} does not speak HTTP")
    redirected = ", and redirects are not followed" if 300 <= answer.status <= 399 else ""
    raise TryAgain(f"{place.netloc} answered {answer.status}{redirected}")


def signature(secret: str, body: bytes, now: float) -> str:
    """The header's value. `now`: seconds since the epoch; receivers refuse what is old, so that nothing can be sent again by others."""
    at = int(now)
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return f"t={at},v1={signed}"


def _answered(host: str, port: int, request: Request, limit_s: float) -> Answer:
    try:
        return exchange(host, port, request, limit_s, context=trust(verify=True))
    except TimeoutError:
        raise TryAgain(f"{host}: no answer within {limit_s:g} s") from None
    except target.Unreached as unreached:
        raise TryAgain(str(unreached)) from None
    except OSError as error:
        raise TryAgain(f"the connection to {host} broke: {broken(error)}") from None
