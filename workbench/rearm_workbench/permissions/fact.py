"""What a cloud's pages say of a permission."""

from collections.abc import Mapping
from typing import NamedTuple

ANY = ("*",)
NO_LEVEL = "the service has no resource level for it"


class Fact(NamedTuple):
    """`resources` are templates: `${Region}` is for whoever deploys to fill in, `{cluster}` is a setting of the check, `{group}` the
    profile's groups. `tagged` are further ones, of instances, that are held to those groups by the tag that Auto Scaling gives them.

    `condition` holds for all. `why`: the reason for a `*`, or what else there is to know. `permission`: where it is not called as the
    operation is.
    """

    resources: tuple[str, ...] = ANY
    why: str = ""
    tagged: tuple[str, ...] = ()
    condition: Mapping[str, Mapping[str, str]] = {}
    permission: str = ""
