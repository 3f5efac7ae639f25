"""Where the next request of a redirected one goes: never to another host, and from https never back to http."""

from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

CODES = (301, 302, 303, 307, 308)


class Step(NamedTuple):
    """One request of a chain: what is asked, and by which way."""

    scheme: str
    port: int
    path: str
    method: str


def follow(step: Step, status: int, location: str, own: frozenset[str]) -> Step | str:
    """The next step; or in a few words why there is none. `own`: the names, in lower case, that stand for the host that was asked.

    Methods as RFC 9110, 15.4: a GET after 303, and after 301 and 302 instead of a POST.
    """
    if not location:
        return f"{status} without a Location"
    try:
        # A Location may be relative; the host that stands here for "the same" cannot be meant by an absolute one.
        place = urlsplit(urljoin(f"{step.scheme}://same.invalid:{step.port}{step.path}", location))
        name, port = (place.hostname or "").rstrip("."), place.port
    except ValueError:
        return f"{status} to a place that cannot be read"
    relative = name == "same.invalid" and "same.invalid" not in location
    path = (place.path or "/") + (f"?{place.query}" if place.query else "")
    if place.scheme not in ("http", "https") or not all("!" <= char <= "~" for char in path):
        return f"{status} to a place that cannot be read"
    if not relative and name not in own:
        return f"{status} to another host, which is not followed"
    if (step.scheme, place.scheme) == ("https", "http"):
        return f"{status} from https back to http, which is not followed"
    as_get = status == 303 or (status in (301, 302) and step.method == "POST")
    method = "GET" if as_get and step.method != "HEAD" else step.method
    return Step(place.scheme, port or (443 if place.scheme == "https" else 80), path, method)
