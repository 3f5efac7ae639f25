"""What SAM's and the Serverless Framework's descriptions have in common: CloudFormation resources around the functions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rearm_workbench.descriptions.model import ABSENT, Batch, Resource, Role
from rearm_workbench.descriptions.policies import listed, role

NAMED_BY = ("FunctionName", "LayerName", "QueueName", "TopicName", "FilterName", "LogGroupName", "AlarmName", "DashboardName", "Name")
"""The property that says a resource's name, whichever it has; else its logical id does."""
UNNAMED = ("AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping")
"""Types that have another resource's name: those of the functions that they are for."""


@dataclass(frozen=True)
class Stack:
    """The resources that are created, by logical id, worked out."""

    found: Mapping[str, Mapping[str, Any]]

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """Of one resource; empty if there is none such."""
        found: Mapping[str, Any] = self.found.get(logical_id, {}).get("Properties", {})
        return found

    def of_type(self, type_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical id and properties of each."""
        for name, one in self.found.items():
            if one["Type"] == type_:
                yield name, one.get("Properties", {})

    def roles(self) -> tuple[Role, ...]:
        """Every IAM role, by logical id: CloudFormation makes up the name."""
        return tuple(role(name, properties) for name, properties in self.of_type("AWS::IAM::Role"))

    def resources(self) -> tuple[Resource, ...]:
        """All of them."""
        return tuple(Resource(str(one["Type"]), self._name(name)) for name, one in self.found.items())

    def triggers(self, function: str) -> tuple[str, ...]:
        """What invokes the function of that logical id, a few words each."""
        arn = f"${{{function}.Arn}}"
        found = [
            *(_rule(one) for _, one in self.of_type("AWS::Events::Rule") if any(to["Arn"] == arn for to in one["Targets"])),
            *(
                f"SNS topic {self._name(_id(one['TopicArn']))}"
                for _, one in self.of_type("AWS::SNS::Subscription")
                if one["Endpoint"] == arn
            ),
            *(f"SQS queue {self._name(_id(one['EventSourceArn']))}" for _, one in self._mappings(arn)),
            *(who for _, one in self.of_type("AWS::Lambda::Permission") if one["FunctionName"] == arn for who in _caller(one)),
        ]
        return tuple(found)

    def batch(self, function: str) -> Batch | None:
        """How the function takes messages; None if no queue invokes it."""
        for _, one in self._mappings(f"${{{function}.Arn}}"):
            queue = self.properties(_id(one["EventSourceArn"]))
            return Batch(
                size=int(one.get("BatchSize", 10)),
                partial_failures="ReportBatchItemFailures" in one.get("FunctionResponseTypes", []),
                visibility_s=int(queue.get("VisibilityTimeout", ABSENT)),
                max_receives=int(queue.get("RedrivePolicy", {}).get("maxReceiveCount", ABSENT)),
            )
        return None

    def dead_letters(self, function: str) -> str:
        """Where the messages go that a queue gave up to hand to the function."""
        for _, one in self._mappings(f"${{{function}.Arn}}"):
            return str(self.properties(_id(one["EventSourceArn"])).get("RedrivePolicy", {}).get("deadLetterTargetArn", ""))
        return ""

    def _mappings(self, arn: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, one in self.of_type("AWS::Lambda::EventSourceMapping"):
            if one["FunctionName"] == arn:
                yield name, one

    def _name(self, logical_id: str) -> str:
        properties = self.properties(logical_id)
        if self.found.get(logical_id, {}).get("Type") in UNNAMED:
            return logical_id
        return next((str(properties[key]) for key in NAMED_BY if key in properties), logical_id)


def _id(reference: object) -> str:
    """`${Queue.Arn}` and `${Topic}` are of Queue and Topic."""
    return str(reference).strip("${}").partition(".")[0]


def _rule(properties: Mapping[str, Any]) -> str:
    if "ScheduleExpression" in properties:
        return str(properties["ScheduleExpression"])
    return "events of " + ", ".join(map(str, listed(properties["EventPattern"].get("source"))))


def _caller(permission: Mapping[str, Any]) -> list[str]:
    """A role that invokes the function itself; a service is told of by what it invokes for."""
    principal = permission.get("Principal")
    text = principal if isinstance(principal, str) else json.dumps(principal)
    return [f"role {text.rpartition('/')[2]}"] if text.startswith("arn:") else []
