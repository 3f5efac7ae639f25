"""An EKS cluster: its endpoint and certificate authority, and a token that says who the function is.

docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster tells the place. The token is a presigned `sts:GetCallerIdentity`
(github.com/kubernetes-sigs/aws-iam-authenticator, "API authorization from outside a cluster"), which needs no permission, but an access
entry of the cluster for the function's role.
"""

import os

from rearm.checks.asking.call import aws, unreadable
from rearm.errors import TryAgain

PERMISSION = "eks:DescribeCluster"
TOKEN_LASTS_S = 60
"""As `aws eks get-token` signs it; EKS takes it for 15 minutes from its date."""


def place(cluster: str) -> str:
    """Endpoint and certificate authority (PEM), as one text with a space between. Raises RearmError."""
    import base64

    answer = aws("eks", "DescribeCluster", name=cluster)
    try:
        found = answer["cluster"]
        endpoint, ca = str(found["endpoint"]), base64.b64decode(found["certificateAuthority"]["data"], validate=True).decode("ascii")
    except (KeyError, TypeError, ValueError):
        # A cluster that is being made has no endpoint yet.
        unreadable(PERMISSION)
    return f"{endpoint} {ca}"


def token(cluster: str) -> str:
    """A bearer token for that cluster. Raises RearmError without credentials or region."""
    import base64

    from rearm.clouds.aws.calls import credentials

    own = credentials()
    # Only here: botocore is read for the AWS calls of a look anyway, which a cluster elsewhere does not make.
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    if not region:
        raise TryAgain("the AWS region is not known: set AWS_REGION")
    host = f"sts.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    url = f"https://{host}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest(method="GET", url=url, headers={"x-k8s-aws-id": cluster})
    SigV4QueryAuth(own, "sts", region, expires=TOKEN_LASTS_S).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")
