"""The kubeconfig of an ACK cluster: endpoint, authority, and a client certificate for the function's role.

alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-describeclusteruserkubeconfig. What the
role may do in the cluster is given to it there (RBAC).
"""

import re

from rearm import clock
from rearm.checks.asking.call import alibaba, unreadable
from rearm.clouds import Cloud

PERMISSION = "cs:DescribeClusterUserKubeconfig"
LASTS_MIN = 60
KEPT_S = 1800
"""The certificate is asked for anew after half its time, not for every look."""


def kubeconfig(cluster: str, cloud: Cloud) -> tuple[str, str, str]:
    """Endpoint, authority (PEM), client certificate with its key (PEM). Raises TryAgain.

    The endpoint is the one inside the VPC: the function has to be there anyway, to reach instances.
    """
    from rearm.clouds.alibaba.calls import kept_client

    params: dict[str, object] = {"ClusterId": cluster, "PrivateIpAddress": "true", "TemporaryDurationMinutes": LASTS_MIN}
    key = ("kubeconfig", cluster, int(clock.now() // KEPT_S))
    return kept_client(key, lambda: _read(alibaba(cloud, "cs", "DescribeClusterUserKubeconfig", params).get("config")))


def _read(text: object) -> tuple[str, str, str]:
    """Of the YAML the five values that are needed, each on a line of its own: a YAML reader would be a dependency for these."""
    import base64

    found = dict(re.findall(r"^[ -]*([a-z-]+): *[\"']?([^\s\"']+)", str(text or ""), re.MULTILINE))
    try:
        pems = [
            base64.b64decode(found[name], validate=True).decode("ascii")
            for name in ("certificate-authority-data", "client-certificate-data", "client-key-data")
        ]
        return found["server"], pems[0], f"{pems[1]}\n{pems[2]}"
    except (KeyError, ValueError):
        unreadable(PERMISSION)
