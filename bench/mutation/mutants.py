"""Which mutants: cosmic-ray's operators and ours, on every line of the core that says something.

Left out, because what comes of them says nothing about the tests:
- annotations, `__all__` and docstrings: nothing that runs;
- `is` and `is not` in the place of another comparison: for the words and small numbers here the same as `==` and `!=`;
- shifts and bit operators: in the place of arithmetic a TypeError for every float, whoever looks; `|` is used for types only;
- what does not compile, and the same code twice.
"""

import ast
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import operators as ours
import parso
from cosmic_ray.ast import Visitor, ast_nodes
from cosmic_ray.operators.provider import OperatorProvider

ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow"}


class Mutant(NamedTuple):
    """One change of one module. `where` is the function or class, or `module`; `before` and `after` are the changed lines, stripped."""

    module: str
    where: str
    line: int
    before: str
    after: str
    code: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names it as long as the line reads as it does: line numbers change with every edit."""
        return self.module, self.where, self.before, self.after


class _Apply(Visitor):
    """Changes the `wanted`th place that the operator finds."""

    def __init__(self, operator: Any, wanted: int) -> None:
        self.operator, self.wanted, self.seen = operator, wanted, 0

    def visit(self, node: Any) -> Any:
        for index in range(len(list(self.operator.mutation_positions(node)))):
            if self.seen == self.wanted:
                node = self.operator.mutate(node, index)
            self.seen += 1
        return node


def mutants_of(path: Path, module: str) -> list[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    source = path.read_text()
    silent, homes, nodes = _silent(source), _homes(source), list(ast_nodes(parso.parse(source)))
    found: dict[str, Mutant] = {}
    for operator in _operators():
        places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for wanted, (line, column) in enumerate(places):
            if any(start <= (line, column) < end for start, end in silent):
                continue
            code = _Apply(operator, wanted).walk(parso.parse(source)).get_code()
            if code == source or code in found or not _compiles(code):
                continue
            before, after = _changed(source, code)
            found[code] = Mutant(module, _home(homes, line), line, before, after, code)
    return sorted(found.values(), key=lambda mutant: mutant.line)


def _operators() -> Iterator[Any]:
    provider = OperatorProvider()
    for name in provider:
        kind, _, change = name.partition("_")
        if kind == "ReplaceComparisonOperator" and change.endswith(("_Is", "_IsNot")) and not change.startswith("Is"):
            continue
        if kind == "ReplaceBinaryOperator" and not set(change.split("_")) <= ARITHMETIC:
            continue
        if not provider[name].arguments():
            yield provider[name]()
    yield from (operator() for operator in ours.OPERATORS)


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _changed(source: str, code: str) -> tuple[str, str]:
    lines = list(difflib.unified_diff(source.splitlines(), code.splitlines(), n=0, lineterm=""))[3:]
    return tuple(" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")


def _silent(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where the annotations are."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            found.append(node.returns)
    return [((one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0)) for one in found if one is not None]


def _homes(source: str) -> list[tuple[int, int, str]]:
    """First line, last line and name of every function and class, the inner ones last."""
    homes: list[tuple[int, int, str]] = []

    def look(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{prefix}{child.name}"
                homes.append((child.lineno, child.end_lineno or child.lineno, name))
                look(child, f"{name}.")

    look(ast.parse(source), "")
    return homes


def _home(homes: list[tuple[int, int, str]], line: int) -> str:
    return next((name for first, last, name in reversed(homes) if first <= line <= last), "module")
