"""What a request reads, on either cloud. The emulators are imported at the first request: they have to find their surroundings in place."""

from collections.abc import Mapping

from rearm_workbench.emulate.journal import ReadOf


def read_of(aws_region: str) -> ReadOf:
    """The function that the journal asks."""

    def asked(cloud: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> str | None:
        from rearm_workbench.emulators.alibaba import reads as alibaba
        from rearm_workbench.emulators.aws import reads as aws

        if cloud == "aws":
            return aws.read_of(method, path, headers, body, aws_region)
        return alibaba.read_of(method, path, headers, body)

    return asked
