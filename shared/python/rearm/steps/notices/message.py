"""The message of `notify`, a JSON document:

    {"version": 1, "id": "3f0c…", "cloud": "aws", "region": "us-east-1", "account": "123456789012", "group": "web",
     "hook": "drain", "transition": "terminate", "instances": ["i-0123456789abcdef0"], "profile": "web", "stage": "force",
     "text": "draining takes long"}

It holds nothing that differs from copy to copy of one notification, so no time; and nothing that could end the wait, so no token.
"""

import hashlib
import json
from typing import NamedTuple

from rearm.checks.question import Question
from rearm.core import grid

VERSION = 1
ID_DIGITS = 32


class Message(NamedTuple):
    """`wait` names the wait, `id` this message of it; `body` is the document."""

    wait: str
    id: str
    body: str


def message_of(question: Question, text: str) -> Message:
    """The message of the step that is asked. Its `id` is the same for every copy, whoever sends it."""
    action = question.action
    wait = grid.identity(action)
    parts = (wait, str(question.number), question.stage)
    name = hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:ID_DIGITS]
    document = {
        "version": VERSION,
        "id": name,
        "cloud": action.cloud,
        "region": action.region,
        "account": action.account,
        "group": action.group,
        "hook": action.hook,
        "transition": action.transition,
        "instances": list(action.instances),
        "profile": question.profile,
        "stage": question.stage,
        "text": text,
    }
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # Half of a surrogate pair, which JSON's escapes can bring in, cannot be sent by anybody.
    return Message(wait, name, body.encode(errors="replace").decode())
