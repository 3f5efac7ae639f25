"""A setting that is a duration: `90s`, `10m`, or whole seconds. What msgspec lets through, `duration.seconds` may still refuse (`0s`)."""

from typing import Annotated

import msgspec

from rearm import duration

Text = Annotated[str, msgspec.Meta(pattern=duration.PATTERN)]
Seconds = Annotated[int, msgspec.Meta(ge=1)]
Lasting = Annotated[Text | Seconds, msgspec.Meta(description=duration.ALLOWED)]
