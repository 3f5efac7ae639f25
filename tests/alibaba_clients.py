"""The ESS clients as published, each behind the same call: an operation, parameters as the API pages write them, a dict back.

Imported where a test needs them: the Tea SDKs take 0.6 s each.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from alibaba_signing import KEY, SECRET

OLD, NEW = "2014-08-28", "2022-02-22"


class Refused(Exception):
    """What the service answered, as the client told it."""

    def __init__(self, code: str, status: int, message: str) -> None:
        self.code, self.status, self.message = code, status, message
        super().__init__(f"{code} ({status}): {message}")


class Client:
    """One published client. `call("CreateLifecycleHook", ScalingGroupId=…)`."""

    def __init__(self, version: str, send: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        self.version, self._send = version, send

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return self._send(operation, params)

    def refusal(self, operation: str, **params: Any) -> tuple[str, int]:
        """The error code and HTTP status of a call that must fail."""
        try:
            answer = self.call(operation, **params)
        except Refused as refused:
            return refused.code, refused.status
        raise AssertionError(f"{operation} was answered: {answer}")

    def listed(self, answer: dict[str, Any], name: str) -> list[Any]:
        """The list in either version's shape."""
        value = answer[name]
        if self.version == NEW:
            return list(value)
        (inner,) = value.values()
        return list(inner)


def tea_2022(endpoint: str, secret: str = SECRET, key: str = KEY) -> Client:
    from alibabacloud_ess20220222 import models
    from alibabacloud_ess20220222.client import Client as Sdk

    return Client(NEW, _tea(Sdk, models, endpoint, secret, key))


def tea_2014(endpoint: str, secret: str = SECRET, key: str = KEY) -> Client:
    from alibabacloud_ess20140828 import models
    from alibabacloud_ess20140828.client import Client as Sdk

    return Client(OLD, _tea(Sdk, models, endpoint, secret, key))


def _tea(sdk: Any, models: Any, endpoint: str, secret: str, key: str) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    from alibabacloud_tea_openapi.utils_models import Config
    from Tea.exceptions import TeaException

    client = sdk(Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="http", region_id="cn-hangzhou"))

    def send(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        request = getattr(models, f"{operation}Request")().from_map(params)
        method = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            answer: dict[str, Any] = method(request).body.to_map()
        except TeaException as error:
            raise _refused(error) from error
        except Exception as error:
            if not hasattr(error, "status_code"):
                raise
            raise _refused(error) from error
        return answer

    return send


def _refused(error: Any) -> Refused:
    status = getattr(error, "status_code", None) or getattr(error, "statusCode", None) or 0
    return Refused(str(error.code), int(status), str(error.message))


def core_typed(endpoint: str, secret: str = SECRET, key: str = KEY) -> Client:
    """aliyun-python-sdk-ess: a class for each operation, of 2014."""
    import importlib

    def make(operation: str, params: dict[str, Any]) -> Any:
        module = importlib.import_module(f"aliyunsdkess.request.v20140828.{operation}Request")
        request = getattr(module, f"{operation}Request")()
        for name, value in params.items():
            if name == "RegionId":  # The client's own.
                continue
            setter = getattr(request, f"set_{name}", None) or getattr(request, f"set_{name}s")
            setter(value)
        request.set_endpoint(endpoint)
        request.set_protocol_type("http")
        return request

    return Client(OLD, _core(make, secret, key))


def core_common(endpoint: str, secret: str = SECRET, key: str = KEY) -> Client:
    """aliyun-python-sdk-core: `CommonRequest`, of 2022."""
    from aliyunsdkcore.request import CommonRequest

    def make(operation: str, params: dict[str, Any]) -> Any:
        request = CommonRequest(domain=endpoint, version=NEW, action_name=operation)
        request.set_method("POST")
        for name, value in params.items():
            if isinstance(value, list):
                for number, one in enumerate(value, 1):
                    request.add_query_param(f"{name}.{number}", one)
            else:
                request.add_query_param(name, json.dumps(value) if isinstance(value, dict) else value)
        return request

    return Client(NEW, _core(make, secret, key))


def _core(make: Callable[[str, dict[str, Any]], Any], secret: str, key: str) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    from aliyunsdkcore.acs_exception.exceptions import ServerException
    from aliyunsdkcore.client import AcsClient

    client = AcsClient(key, secret, "cn-hangzhou")

    def send(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(client.do_action_with_exception(make(operation, params)))
        except ServerException as error:
            raise Refused(error.get_error_code(), error.get_http_status(), error.get_error_msg()) from error
        return answer

    return send


CLIENTS: dict[str, Callable[..., Client]] = {
    "alibabacloud_ess20220222": tea_2022,
    "alibabacloud_ess20140828": tea_2014,
    "aliyun-python-sdk-ess": core_typed,
    "aliyun-python-sdk-core": core_common,
}
