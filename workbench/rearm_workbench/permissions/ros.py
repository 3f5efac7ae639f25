"""RAM policies as a ROS template takes them: the places of docs/permissions.md filled in with the names that deploy/ros/rearm.yml gives."""

from rearm_workbench.permissions.parts import Statements

PLACES = {
    "${Region}": "${ALIYUN::Region}",
    "${AccountId}": "${ALIYUN::TenantId}",
    "${RecheckFunction}": "${Name}-${Environment}-recheck",
    "${LogProject}": "${Project}",
}
"""`${LogStore}` is a parameter's name there already."""
PROJECT = {"Fn::If": ["OwnLog", {"Fn::Sub": "${Name}-${Environment}-${ALIYUN::TenantId}"}, {"Ref": "LogProject"}]}
"""The log project: the template's own, or the one that is given."""


def filled(statements: Statements) -> Statements:
    """The same statements; a resource with a place in it becomes `{"Fn::Sub": …}`."""
    return [{**statement, "Resource": [_resource(one) for one in _texts(statement["Resource"])]} for statement in statements]


def _resource(resource: str) -> object:
    for place, name in PLACES.items():
        resource = resource.replace(place, name)
    if "${Project}" in resource:
        return {"Fn::Sub": [resource, {"Project": PROJECT}]}
    return {"Fn::Sub": resource} if "${" in resource else resource


def _texts(found: object) -> list[str]:
    assert isinstance(found, list)
    return found
