"""`tag`: the instance (or anybody else) says it with a tag.

AWS: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags. Alibaba Cloud: alibabacloud.com/help/en/ecs/api-listtagresources.
"""

from typing import Annotated

import msgspec

from rearm.checks.asking import existence
from rearm.checks.asking.call import alibaba, aws, listed, short
from rearm.checks.question import Question
from rearm.clouds import Cloud
from rearm.core.model import CheckResult

CALLS = {
    "aws": ("ec2:DescribeTags", *existence.CALLS["aws"]),
    "alibaba": ("ecs:ListTagResources", *existence.CALLS["alibaba"]),
}
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=128, description="a text of 1 to 128 characters, the tag's key")]
Value = Annotated[str, msgspec.Meta(max_length=256, description="a text of at most 256 characters, the tag's value")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`value` None: whatever the value, if only the tag is there."""

    key: Key
    value: Value | None = None


def label(settings: Settings) -> str:
    return f"tag {settings.key}" + ("" if settings.value is None else f"={settings.value}")


def ask(settings: Settings, question: Question) -> CheckResult:
    """Asks for the one tag. Raises RearmError when the cloud cannot be asked. An instance that is gone has no tags: if there is none, that
    is asked too."""
    key, instance, cloud = settings.key, question.instance, question.cloud
    found = _on_aws(key, instance) if cloud.name == "aws" else _on_alibaba(key, instance, cloud)
    if found is None:
        return existence.or_gone(question, CheckResult("waiting", f"no tag {short(settings.key)} yet"))
    if settings.value is None or found == settings.value:
        return CheckResult("passed", f"the tag is `{short(found)}`")
    return CheckResult("waiting", f"the tag is `{short(found)}`, wants `{short(settings.value)}`")


def _on_aws(key: str, instance: str) -> str | None:
    # Filter values are patterns (`*`, `?`), so the key is compared once more.
    filters = [{"Name": "resource-id", "Values": [instance]}, {"Name": "key", "Values": [key]}]
    tags = aws("ec2", "DescribeTags", Filters=filters)["Tags"]
    return next((tag.get("Value", "") for tag in tags if tag["Key"] == key and tag.get("ResourceId", instance) == instance), None)


def _on_alibaba(key: str, instance: str, cloud: Cloud) -> str | None:
    answer = alibaba(cloud, "ecs", "ListTagResources", {"ResourceType": "instance", "ResourceId.1": instance, "Tag.1.Key": key})
    tags = listed(answer, "ecs:ListTagResources", "TagResources", "TagResource")
    return next((str(tag.get("TagValue") or "") for tag in tags if tag.get("TagKey") == key and tag.get("ResourceId") == instance), None)
