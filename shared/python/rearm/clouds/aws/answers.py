"""AWS's answers in XML, as the values that botocore makes of them: as far as a table of `Shape`s asks for it."""

from typing import Any, NamedTuple, TypeAlias
from xml.parsers import expat

ITEMS = ("member", "item")
"""What the elements of a list are called: Auto Scaling and EC2."""


class Unreadable(Exception):
    """The answer is not what the service documents."""


class Element(NamedTuple):
    """One element: its name, its text, and what is in it."""

    name: str
    text: list[str]
    children: list["Element"]

    def child(self, name: str) -> "Element | None":
        return next((one for one in self.children if one.name == name), None)

    def says(self, *path: str) -> str:
        """The text of an element further in; empty if there is none."""
        found: Element | None = self
        for name in path:
            found = found.child(name) if found else None
        return "".join(found.text) if found else ""


class Member(NamedTuple):
    """A member of a structure: its element's name, and what that holds. `needed`: without it the answer is unreadable."""

    element: str
    holds: "Shape"
    needed: bool = False


Shape: TypeAlias = "type[str] | type[int] | dict[str, Member] | list[dict[str, Member]]"
"""A text, a whole number, a structure by botocore's names, or a list of structures."""


def tree(body: bytes) -> Element:
    """The root. Raises `Unreadable`."""
    root = Element("", [], [])
    open_elements = [root]

    def start(name: str, _attributes: dict[str, str]) -> None:
        element = Element(name.rpartition(":")[2], [], [])
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        open_elements.pop()

    def text(part: str) -> None:
        open_elements[-1].text.append(part)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise Unreadable(f"the answer is no XML: {error}") from None
    return root.children[0]


def read(element: Element, shape: Shape) -> Any:
    """The value of an element. Raises `Unreadable`."""
    if isinstance(shape, dict):
        return _structure(element, shape)
    if isinstance(shape, list):
        return [_structure(one, shape[0]) for one in element.children if one.name in ITEMS]
    text = "".join(element.text)
    if shape is str:
        return text
    try:
        return int(text)
    except ValueError:
        raise Unreadable(f"{element.name} is no number") from None


def _structure(element: Element, members: dict[str, Member]) -> dict[str, Any]:
    found = {}
    for name, member in members.items():
        inner = element.child(member.element)
        if inner is not None:
            found[name] = read(inner, member.holds)
        elif member.needed:
            raise Unreadable(f"{element.name} has no {member.element}")
    return found
