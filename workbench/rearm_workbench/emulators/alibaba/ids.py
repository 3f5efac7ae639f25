"""What the emulator draws at random: from one seeded generator, in the order of the requests, so that a replay draws the same."""

import random
import string

_LETTERS = string.digits + string.ascii_lowercase


class Ids:
    """Ids in the forms of Alibaba Cloud: `asg-bp1…`, `i-bp1…`, and request ids and tokens as upper-case UUIDs."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def named(self, prefix: str) -> str:
        """`PREFIX-bp1` and 17 letters and digits."""
        return f"{prefix}-bp1" + "".join(self._random.choices(_LETTERS, k=17))

    def uuid(self) -> str:
        """`9C2E9DA7-F794-449A-ACF6-CEE24444F7BB`."""
        text = f"{self._random.getrandbits(128):032X}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def hex(self, length: int) -> str:
        """That many hexadecimal digits, upper case, as the message service makes its ids."""
        return f"{self._random.getrandbits(4 * length):0{length}X}"
