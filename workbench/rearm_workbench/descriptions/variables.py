"""Works out what stands in `${ }` in an s.yaml, as Serverless Devs 3 does: docs.serverless-devs.com/user-guide/tips, "variables".

`${vars.a.b}` (of the file, nested too), `${env('NAME', 'default')}`, `${config('AccountID')}`. A value that is nothing but one variable
keeps its kind: a number stays a number, a mapping a mapping. Anything else is refused: this is for our own description.
"""

import re
from collections.abc import Mapping
from typing import Any

from rearm.errors import ConfigError

_PLACE = re.compile(r"\$\{([^{}]+)\}")
_PATH = re.compile(r"vars((?:\.\w+)+)")
_ENV = re.compile(r"env\(\s*['\"](\w+)['\"]\s*(?:,\s*['\"]([^'\"]*)['\"]\s*)?\)")
_CONFIG = re.compile(r"config\(\s*['\"](\w+)['\"]\s*\)")
DEEPEST = 10
"""Variables in variables; more is a circle."""


def resolved(document: Mapping[str, Any], account: str, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The document without variables. `account` is the credentials' AccountID. Raises ConfigError, one line for each unknown name."""
    names = _Names(document.get("vars", {}), account, environ or {})
    found: dict[str, Any] = names.worked_out(dict(document), 0)
    if names.unknown:
        raise ConfigError([f"`{name}` cannot be worked out" for name in dict.fromkeys(names.unknown)])
    return found


class _Names:
    def __init__(self, variables: Mapping[str, Any], account: str, environ: Mapping[str, str]) -> None:
        self._variables, self._account, self._environ = variables, account, environ
        self.unknown: list[str] = []

    def worked_out(self, node: Any, depth: int) -> Any:
        if isinstance(node, Mapping):
            return {key: self.worked_out(value, depth) for key, value in node.items()}
        if isinstance(node, list):
            return [self.worked_out(one, depth) for one in node]
        if not isinstance(node, str):
            return node
        whole = _PLACE.fullmatch(node)
        if whole:
            return self._value(whole[1], depth)
        return _PLACE.sub(lambda found: str(self._value(found[1], depth)), node)

    def _value(self, name: str, depth: int) -> Any:
        path, env, config = (pattern.fullmatch(name.strip()) for pattern in (_PATH, _ENV, _CONFIG))
        if config and config[1] == "AccountID":
            return self._account
        if env and (env[1] in self._environ or env[2] is not None):
            return self._environ.get(env[1], env[2])
        value: Any = self._variables if path and depth < DEEPEST else None
        for key in path[1].split(".")[1:] if path else ():
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is None:
            self.unknown.append(f"${{{name}}}")
            return ""
        return self.worked_out(value, depth + 1)
