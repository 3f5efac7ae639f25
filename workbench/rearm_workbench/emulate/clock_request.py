"""`POST /_clock`: `{"advance_s": 600}` jumps; `{}` or nothing only asks. Answers `{"now", "iso"}`, or `{"error"}`."""

import json
from collections.abc import Callable
from datetime import datetime, timezone

LONGEST_S = 10 * 366 * 86_400
FORM = f'write {{"advance_s": SECONDS}}, 0 to {LONGEST_S}, or {{}} to ask for the time'


def answer(body: bytes, now: Callable[[], float], jump: Callable[[float], float]) -> bytes:
    """The answer's JSON."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        asked = None
    seconds = asked.get("advance_s", 0) if isinstance(asked, dict) and not asked.keys() - {"advance_s"} else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST_S:
        return json.dumps({"error": FORM}).encode()
    at = jump(seconds) if seconds else now()
    iso = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"now": at, "iso": iso}).encode()
