"""Works out CloudWatch's filter patterns, as far as template.yml uses them.

docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters: `{ $.a.b = * }` is there, `{ $.a > 1 }`,
`{ $.a IS TRUE }`, and `%a|b%`, a regular expression over the whole line. Anything else is refused: it must not seem to match.
"""

import json
import re
from typing import Any

_FIELD = re.compile(r"\{ \$\.([\w.]+) (= \*|> (\d+)|IS TRUE) \}")
_WHOLE = re.compile(r"%([\w|]+)%")


def matches(pattern: str, line: str) -> bool:
    """Whether a log line is counted. Raises ValueError for a pattern that is not known here."""
    whole, field = _WHOLE.fullmatch(pattern), _FIELD.fullmatch(pattern)
    if whole:
        return re.search(whole[1], line) is not None
    if not field:
        raise ValueError(f"{pattern}: not known here")
    found = value("$." + field[1], line)
    if field[2] == "IS TRUE":
        return found is True
    if field[3]:
        return isinstance(found, int) and not isinstance(found, bool) and found > int(field[3])
    return found is not None


def value(selector: str, line: str) -> Any:
    """What `$.a.b` names in the line; None if it is not there."""
    found: Any = json.loads(line)
    for key in selector.removeprefix("$.").split("."):
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return found
