"""AWS: each operation that rearm calls, and the narrowest resource that its permission takes.

Read from docs.aws.amazon.com/service-authorization/latest/reference/list_PREFIX.html, "Actions" and "Resource types"; that an operation may
need another permission than its name says, from "API operations" there.
"""

from rearm.core import grid
from rearm_workbench.permissions.fact import NO_LEVEL, Fact

HERE = "${Region}:${AccountId}"
GROUP = f"arn:${{Partition}}:autoscaling:{HERE}:autoScalingGroup:*:autoScalingGroupName/{{group}}"
SCHEDULE = f"arn:${{Partition}}:scheduler:{HERE}:schedule/${{ScheduleGroup}}/{grid.TIMER_PREFIX}*"
LOG_STREAM = f"arn:${{Partition}}:logs:{HERE}:log-group:${{LogGroup}}:log-stream:*"
INSTANCES = f"arn:${{Partition}}:ec2:{HERE}:instance/*"
QUEUE = f"arn:${{Partition}}:sqs:{HERE}:{{queue}}"

NONE = Fact(why=NO_LEVEL)
SECURE = "a SecureString whose value is compared, under a key of your own, needs kms:Decrypt on that key besides"

FACTS: dict[str, Fact] = {
    "autoscaling:DescribeLifecycleHooks": NONE,
    "autoscaling:RecordLifecycleActionHeartbeat": Fact((GROUP,)),
    "autoscaling:CompleteLifecycleAction": Fact((GROUP,)),
    "autoscaling:DescribeAutoScalingInstances": NONE,
    "autoscaling:DescribeScalingActivities": NONE,
    "autoscaling:SuspendProcesses": Fact((GROUP,)),
    "scheduler:CreateSchedule": Fact((SCHEDULE,)),
    "scheduler:GetSchedule": Fact((SCHEDULE,)),
    "scheduler:UpdateSchedule": Fact((SCHEDULE,)),
    "scheduler:ListSchedules": NONE,
    "iam:PassRole": Fact(
        ("arn:${Partition}:iam::${AccountId}:role/${SchedulerRole}",),
        why="to EventBridge Scheduler only",
        condition={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    ),
    "logs:CreateLogStream": Fact((LOG_STREAM,), why="the log group is the template's: logs:CreateLogGroup is not needed"),
    "logs:PutLogEvents": Fact((LOG_STREAM,)),
    "lambda:InvokeFunction": Fact((f"arn:${{Partition}}:lambda:{HERE}:function:{{function}}",)),
    "sqs:ReceiveMessage": Fact((QUEUE,)),
    "sqs:DeleteMessage": Fact((QUEUE,)),
    "sqs:GetQueueAttributes": Fact((QUEUE,)),
    "sqs:GetQueueUrl": Fact((QUEUE,)),
    "ec2:DescribeInstances": NONE,
    "ec2:DescribeInstanceStatus": NONE,
    "ec2:DescribeTags": NONE,
    "ec2:CreateTags": Fact((), tagged=(INSTANCES,)),
    "ssm:DescribeInstanceInformation": NONE,
    "ssm:SendCommand": Fact(
        ("arn:${Partition}:ssm:${Region}::document/{shell}",),
        tagged=(INSTANCES,),
        why="whoever may send commands with this document to an instance is its administrator: give the profile a `group`",
    ),
    "ssm:ListCommands": NONE,
    "ssm:GetCommandInvocation": NONE,
    "ssm:GetParameter": Fact((f"arn:${{Partition}}:ssm:{HERE}:parameter/{{name}}",), why=SECURE),
    "s3:GetObject": Fact(("arn:${Partition}:s3:::{bucket}/{key}",), why="HeadObject has no permission of its own"),
    "s3:ListBucket": Fact(("arn:${Partition}:s3:::{bucket}",), why="without it, an object that is not there is denied and not 404"),
    "elasticloadbalancing:DescribeTargetGroups": NONE,
    "elasticloadbalancing:DescribeTargetHealth": NONE,
    "elasticloadbalancing:DescribeInstanceHealth": NONE,
    "elasticloadbalancing:DeregisterTargets": Fact(
        (f"arn:${{Partition}}:elasticloadbalancing:{HERE}:targetgroup/{{target_group}}",), why="a group given by its name: whatever its id"
    ),
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer": Fact(
        (f"arn:${{Partition}}:elasticloadbalancing:{HERE}:loadbalancer/{{load_balancer}}",)
    ),
    "ecs:ListContainerInstances": Fact((f"arn:${{Partition}}:ecs:{HERE}:cluster/{{cluster}}",)),
    "ecs:DescribeContainerInstances": Fact((f"arn:${{Partition}}:ecs:{HERE}:container-instance/{{cluster}}/*",)),
    "ecs:UpdateContainerInstancesState": Fact((f"arn:${{Partition}}:ecs:{HERE}:container-instance/{{cluster}}/*",)),
    "eks:DescribeCluster": Fact(
        (f"arn:${{Partition}}:eks:{HERE}:cluster/{{cluster}}",), why="inside the cluster, an access entry for the role says what it may do"
    ),
    "cloudwatch:GetMetricStatistics": NONE,
    "sns:Publish": Fact((f"arn:${{Partition}}:sns:{HERE}:{{topic}}",), why="an encrypted topic needs permissions for its key besides"),
    "events:PutEvents": Fact((f"arn:${{Partition}}:events:{HERE}:event-bus/{{bus}}",)),
}


def source(operation: str) -> str:
    """The page that says so."""
    return f"docs.aws.amazon.com/service-authorization/latest/reference/list_{operation.partition(':')[0]}.html"
