"""Alibaba Cloud: each operation that rearm calls, and the narrowest resource that its permission takes.

Read from "RAM authorization" of each operation's page. Where a page could not be read, the level is taken from a neighbouring operation,
and `why` says so. The operations of Function Compute 2.0, whose resources are under a service, are a table of their own.
"""

from rearm.clouds.alibaba.calls import PERMISSIONS
from rearm_workbench.permissions.fact import NO_LEVEL, Fact

HERE = "${Region}:${AccountId}"
GROUP = f"acs:ess:{HERE}:scalinggroup/{{group}}"
INSTANCES = f"acs:ecs:{HERE}:instance/*"
COMMANDS = f"acs:ecs:{HERE}:command/*"
FUNCTION = f"acs:fc:{HERE}:functions/{{function}}"
FC2_FUNCTION = (
    f"acs:fc:{HERE}:services/{{service}}/functions/{{function}}",
    f"acs:fc:{HERE}:services/{{service}}.LATEST/functions/{{function}}",
)

LIKE_INSTANCES = "level as of ecs:DescribeInstances"
LIKE_HOOKS = "level as of ess:CompleteLifecycleAction"
LIKE_FUNCTIONS = "level as of fc:EnableFunctionInvocation"
ALL_GROUPS = Fact((f"acs:ess:{HERE}:*",), why="every group of the region is searched; its level was not read: given for the whole of ESS")
INSTANCES_TOO = "its page names the instance too"
OF_VSERVER_GROUP = "the level is the CLB instance that the group belongs to, which the configuration does not tell: narrow it to that"
FC2_WHY = "level not read; with and without the qualifier that is meant where none is given"

FACTS: dict[str, Fact] = {
    "ess:DescribeLifecycleHooks": Fact((GROUP,)),
    "ess:RecordLifecycleActionHeartbeat": Fact((GROUP,), why=LIKE_HOOKS),
    "ess:CompleteLifecycleAction": Fact((GROUP,)),
    "ess:DescribeLifecycleActions": Fact((GROUP,)),
    "ess:DescribeScalingGroups": ALL_GROUPS,
    "ess:DescribeScalingActivities": ALL_GROUPS,
    "ess:SuspendProcesses": Fact((GROUP,), why=LIKE_HOOKS),
    "fc:InvokeFunction": Fact((FUNCTION,), why=LIKE_FUNCTIONS),
    "fc:ListAsyncTasks": Fact((FUNCTION,), why=LIKE_FUNCTIONS),
    "log:PostLogStoreLogs": Fact((f"acs:log:{HERE}:project/${{LogProject}}/logstore/${{LogStore}}",)),
    "ecs:DescribeInstances": Fact((INSTANCES,), why="without it the answer is an empty list, not an error"),
    "ecs:DescribeInstanceStatus": Fact((INSTANCES,), why=LIKE_INSTANCES),
    "ecs:ListTagResources": Fact((INSTANCES,), why=LIKE_INSTANCES),
    "ecs:TagResources": Fact((INSTANCES,), why=LIKE_INSTANCES),
    "ecs:DescribeCloudAssistantStatus": Fact((INSTANCES,), why=LIKE_INSTANCES),
    "ecs:RunCommand": Fact((INSTANCES, COMMANDS), why="level not read; whoever may run commands on an instance is its administrator"),
    "ecs:DescribeInvocationResults": Fact((INSTANCES, COMMANDS), why="level as of ecs:RunCommand"),
    "slb:DescribeHealthStatus": Fact((f"acs:slb:{HERE}:loadbalancer/{{load_balancer}}",)),
    "slb:DescribeLoadBalancerAttribute": Fact((f"acs:slb:{HERE}:loadbalancer/{{load_balancer}}",)),
    "slb:RemoveBackendServers": Fact((f"acs:slb:{HERE}:loadbalancer/{{load_balancer}}", INSTANCES), why=INSTANCES_TOO),
    "slb:DescribeVServerGroupAttribute": Fact((f"acs:slb:{HERE}:loadbalancer/*",), why=OF_VSERVER_GROUP),
    "slb:RemoveVServerGroupBackendServers": Fact((f"acs:slb:{HERE}:loadbalancer/*", INSTANCES), why=OF_VSERVER_GROUP),
    "alb:ListServerGroupServers": Fact((f"acs:alb:{HERE}:servergroup/{{server_group}}",)),
    "alb:RemoveServersFromServerGroup": Fact((f"acs:alb:{HERE}:servergroup/{{server_group}}", INSTANCES), why=INSTANCES_TOO),
    "nlb:RemoveServersFromServerGroup": Fact((f"acs:nlb:{HERE}:servergroup/{{server_group}}",)),
    "nlb:ListServerGroupServers": Fact((f"acs:nlb:{HERE}:servergroup/{{server_group}}",), why="level as of ALB's operation of that name"),
    "cms:DescribeMetricLast": Fact(permission=PERMISSIONS["cms:DescribeMetricLast"], why=f"so its page calls the permission; {NO_LEVEL}"),
    "oos:GetParameter": Fact((f"acs:oos:{HERE}:parameter/{{name}}",), why="level as of oos:GetSecretParameter"),
    "kms:GetSecretValue": Fact(
        (f"acs:kms:{HERE}:secret/{{name}}",),
        why="the secret's ARN, as its page has it; a key of your own that encrypts it needs kms:Decrypt besides",
    ),
    "oss:GetObject": Fact(("acs:oss:*:${AccountId}:{bucket}/{key}",), why="level not read; HeadObject has no permission of its own"),
    "cs:DescribeClusterUserKubeconfig": Fact(
        (f"acs:cs:{HERE}:cluster/{{cluster}}",),
        why="level as of cs:DescribeClusterV2UserKubeconfig; inside the cluster, RBAC says what the role may do",
    ),
    "mns:PublishMessage": Fact((f"acs:mns:{HERE}:/topics/{{smq_topic}}/messages",), why="level as of mns:SendMessage, which is of queues"),
}

FC2_FACTS: dict[str, Fact] = {
    "fc:InvokeFunction": Fact(FC2_FUNCTION, why=FC2_WHY),
    "fc:ListStatefulAsyncInvocations": Fact(FC2_FUNCTION, why=FC2_WHY),
}

HELP = "www.alibabacloud.com/help/en/"
SOURCES: dict[str, str] = {  # what ends with `-`: one page for each operation
    "ess": "auto-scaling/developer-reference/api-ess-2022-02-22-ram",
    "ecs": "ecs/developer-reference/api-ecs-2014-05-26-ram",
    "fc": "functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-ram",
    "log": "sls/developer-reference/overview-5",
    "slb": "slb/classic-load-balancer/developer-reference/api-slb-2014-05-15-",
    "alb": "slb/application-load-balancer/developer-reference/api-alb-2020-06-16-",
    "nlb": "slb/network-load-balancer/developer-reference/api-nlb-2022-04-30-",
    "cms": "cms/cloudmonitor-1-0/developer-reference/api-cms-2019-01-01-describemetriclast",
    "oos": "oos/developer-reference/api-oos-2019-06-01-getsecretparameter",
    "kms": "kms/key-management-service/developer-reference/api-kms-2016-01-20-getsecretvalue",
    "oss": "oss/developer-reference/headobject",
    "cs": "ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-describeclusteruserkubeconfig",
    "mns": "mns/permission-policies-and-examples",
}


def source(operation: str) -> str:
    """The page that says so; empty for a product that is not here."""
    product, _, name = operation.partition(":")
    page = SOURCES.get(product, "")
    return HELP + page + (name.lower() if page.endswith("-") else "") if page else ""
