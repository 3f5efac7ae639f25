"""`tag`: puts a tag on the instance, for whoever looks there.

AWS: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags. Alibaba Cloud: alibabacloud.com/help/en/ecs/developer-reference/
api-ecs-2014-05-26-tagresources. Both write over a value that is there: it is safe to repeat.
"""

from typing import Annotated

import msgspec

from rearm.checks.asking.call import alibaba, aws
from rearm.checks.question import Question
from rearm.checks.tag import Key
from rearm.core.model import StepResult

CALLS = {"aws": ("ec2:CreateTags",), "alibaba": ("ecs:TagResources",)}
Value = Annotated[str, msgspec.Meta(max_length=128, description="a text of at most 128 characters, the tag's value")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: Key
    value: Value = ""


def label(settings: Settings) -> str:
    return f"tag {settings.key}" + (f"={settings.value}" if settings.value else "")


def do(settings: Settings, question: Question) -> StepResult:
    """Tags the instance. Raises RearmError."""
    instance = question.instance
    if question.cloud.name == "aws":
        aws("ec2", "CreateTags", Resources=[instance], Tags=[{"Key": settings.key, "Value": settings.value}])
    else:
        params = {"ResourceType": "instance", "ResourceId.1": instance, "Tag.1.Key": settings.key, "Tag.1.Value": settings.value}
        alibaba(question.cloud, "ecs", "TagResources", params)
    return StepResult("done", "tagged")
