"""Names with `{instance}` in them: each instance has its own."""

from typing import Annotated

import msgspec

INSTANCE = "{instance}"

Text = Annotated[
    str,
    msgspec.Meta(
        max_length=1000,
        # The negative look-ahead: see `http`.
        pattern=r"^(?!.*[^!-~])(?:[^{}]|\{instance\})+$",
        description="a text of ASCII characters without spaces; {instance} stands for the instance's id, other braces are not allowed",
    ),
]


def filled(text: str, instance: str) -> str:
    """The name for one instance."""
    return text.replace(INSTANCE, instance)
