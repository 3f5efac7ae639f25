"""The lifecycle hooks of an environment as CloudFormation resources, with the targets of template.yml.

docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-autoscaling-lifecyclehook.html
"""

from collections.abc import Iterable

from rearm_workbench.deploy.model import AwsType, Hook

TARGETS: dict[AwsType, dict[str, object]] = {
    # Told of every action whatever the hook says: it needs no target.
    "eventbridge": {},
    "sns": {"NotificationTargetARN": {"Ref": "Topic"}, "RoleARN": {"Fn::GetAtt": ["NotifyRole", "Arn"]}},
    "sqs": {"NotificationTargetARN": {"Fn::GetAtt": ["Queue", "Arn"]}, "RoleARN": {"Fn::GetAtt": ["NotifyRole", "Arn"]}},
    "direct": {"NotificationTargetARN": {"Fn::GetAtt": ["DirectLambdaFunction", "Arn"]}},
}
READY: dict[AwsType, list[str]] = {
    "eventbridge": ["LifecycleRulePermission"],
    "sns": ["TopicSubscription"],
    "sqs": ["QueueMapping"],
    "direct": ["DirectPermission"],
}
"""Made before the hook: an instance may enter it at once, and Auto Scaling sends a test to its target."""


def resources(hooks: Iterable[Hook]) -> dict[str, dict[str, object]]:
    """By logical id: Hook1, Hook2, … in the environment's order."""
    return {f"Hook{number}": _resource(hook) for number, hook in enumerate(hooks, start=1)}


def _resource(hook: Hook) -> dict[str, object]:
    transition = {"launch": "LAUNCHING", "terminate": "TERMINATING"}[hook.transition]
    return {
        "Type": "AWS::AutoScaling::LifecycleHook",
        # That of its target: a template in which a hook could be without one is wrong (E3005 of cfn-lint).
        "Condition": f"{hook.type.capitalize()}On",
        "DependsOn": READY[hook.type],
        "Properties": {
            "AutoScalingGroupName": hook.group,
            "LifecycleHookName": hook.name,
            "LifecycleTransition": f"autoscaling:EC2_INSTANCE_{transition}",
            "HeartbeatTimeout": hook.timeout_s,
            "DefaultResult": hook.default_result,
            **TARGETS[hook.type],
        },
    }
