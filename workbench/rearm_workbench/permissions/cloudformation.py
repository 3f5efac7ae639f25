"""AWS policies as CloudFormation takes them: the places of docs/permissions.md filled in with the resources of template.yml."""

from rearm_workbench.permissions.parts import Statements

PLACES = {
    "${Partition}": "${AWS::Partition}",
    "${Region}": "${AWS::Region}",
    "${AccountId}": "${AWS::AccountId}",
    "${LogGroup}": "${Logs}",
    "${Queue}": "${Queue.QueueName}",
    "${RecheckFunction}": "${Name}-${Environment}-recheck",
}
"""`${ScheduleGroup}` and `${SchedulerRole}` are what `Ref` of the resources of those names gives: their names."""


def filled(statements: Statements) -> Statements:
    """The same statements; a resource with a place in it becomes `{"Fn::Sub": …}`."""
    return [{**statement, "Resource": [_resource(one) for one in _texts(statement["Resource"])]} for statement in statements]


def _resource(resource: str) -> object:
    for place, name in PLACES.items():
        resource = resource.replace(place, name)
    return {"Fn::Sub": resource} if "${" in resource else resource


def _texts(found: object) -> list[str]:
    assert isinstance(found, list)
    return found
