"""Works out the functions of a CloudFormation or ROS template (docs.aws.amazon.com/AWSCloudFormation, "Intrinsic functions").

What only the cloud knows stays as `${Name}` (of `Ref`) or `${Name.Attribute}` (of `Fn::GetAtt`).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rearm.errors import ConfigError

NOTHING = object()
"""`AWS::NoValue`: the key is taken away."""
_NO_VALUES = ("AWS::NoValue", "ALIYUN::NoValue")
_PLACE = re.compile(r"\$\{([^}]+)\}")


class Template:
    """A template's document with the values of its parameters (texts) and of pseudo parameters like `AWS::Region`."""

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        self.document = document
        declared = document.get("Parameters", {})
        self.values = {name: one["Default"] for name, one in declared.items() if "Default" in one} | dict(parameters)
        self._conditions: dict[str, bool] = {}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.holds,
            "Fn::Sub": self._sub,
            "Fn::GetAtt": lambda of: "${" + ".".join(of) + "}",
            "Fn::If": lambda of: self.worked_out(of[1] if self.holds(of[0]) else of[2]),
            "Fn::Equals": lambda of: str(self.worked_out(of[0])) == str(self.worked_out(of[1])),
            "Fn::Not": lambda of: not self.worked_out(of[0]),
            "Fn::And": lambda of: all(self.worked_out(one) for one in of),
            "Fn::Or": lambda of: any(self.worked_out(one) for one in of),
            "Fn::Join": lambda of: of[0].join(str(one) for one in self.worked_out(of[1])),
            "Fn::Split": lambda of: str(self.worked_out(of[1])).split(of[0]),
            "Fn::Select": lambda of: self.worked_out(of[1])[int(of[0])],
            "Fn::FindInMap": lambda of: self._find(*(self.worked_out(one) for one in of[:3])),
        }

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources whose condition holds, by logical id, everything worked out."""
        found = {}
        for name, resource in self.document.get("Resources", {}).items():
            condition = resource.get("Condition")
            if condition is None or self.holds(condition):
                found[name] = self.worked_out({key: value for key, value in resource.items() if key != "Condition"})
        return found

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template is true. Raises ConfigError for one that it does not have."""
        if condition not in self._conditions:
            if condition not in self.document.get("Conditions", {}):
                raise ConfigError([f"the template has no condition `{condition}`"])
            self._conditions[condition] = bool(self.worked_out(self.document["Conditions"][condition]))
        return self._conditions[condition]

    def worked_out(self, node: Any) -> Any:
        """The same data without functions, as far as it can be known."""
        if isinstance(node, Mapping):
            if len(node) == 1:
                name, value = next(iter(node.items()))
                if name in self._functions:
                    return self._functions[name](value)
            whole = {key: self.worked_out(value) for key, value in node.items()}
            return {key: value for key, value in whole.items() if value is not NOTHING}
        if isinstance(node, list):
            return [one for one in (self.worked_out(one) for one in node) if one is not NOTHING]
        return node

    def _ref(self, name: str) -> Any:
        if name in _NO_VALUES:
            return NOTHING
        return self.values.get(name, f"${{{name}}}")

    def _sub(self, of: Any) -> str:
        text, own = (of, {}) if isinstance(of, str) else (of[0], {name: self.worked_out(value) for name, value in of[1].items()})

        def told(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            return str(own[name] if name in own else self.values.get(name, found[0]))

        return _PLACE.sub(told, text)

    def _find(self, table: str, first: str, second: str) -> Any:
        return self.worked_out(self.document["Mappings"][table][str(first)][str(second)])
