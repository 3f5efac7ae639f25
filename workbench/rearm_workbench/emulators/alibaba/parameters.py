"""Parameters of OOS (2019-06-01) and secrets of KMS (2016-01-20), each with the one read that checks use.

Shapes: API pages GetParameter (OOS) and GetSecretValue (KMS); what they answer for a name that nobody gave: terraform-provider-alicloud,
service code. They are set by hand.
"""

from collections.abc import Callable
from typing import Any

from rearm_workbench.emulators.alibaba.wire import ApiError, RpcCall

Operations = dict[str, Callable[[RpcCall], dict[str, Any]]]


class Parameters:
    """`values["oos"]` and `values["kms"]`: by name."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, str]] = {"oos": {}, "kms": {}}
        self.products: dict[str, tuple[tuple[str, ...], Operations]] = {
            "oos": (("2019-06-01",), {"GetParameter": self.parameter}),
            "kms": (("2016-01-20",), {"GetSecretValue": self.secret}),
        }

    def parameter(self, call: RpcCall) -> dict[str, Any]:
        """The newest version."""
        name = call.need("Name")
        if name not in self.values["oos"]:
            raise ApiError("EntityNotExists.Parameter", f"The parameter {name} does not exist.", 404)
        return {"Parameter": {"Name": name, "Type": "String", "ParameterVersion": 1, "Value": self.values["oos"][name]}}

    def secret(self, call: RpcCall) -> dict[str, Any]:
        """The version ACSCurrent."""
        name = call.need("SecretName")
        if name not in self.values["kms"]:
            raise ApiError("Forbidden.ResourceNotFound", "Resource not found.", 404)
        shape = {"SecretDataType": "text", "SecretType": "Generic", "VersionId": "v1", "VersionStages": {"VersionStage": ["ACSCurrent"]}}
        return {"SecretName": name, "SecretData": self.values["kms"][name], **shape}
