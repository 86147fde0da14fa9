"""What the oldest Python that is promised does otherwise."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = [path for part in ("bot", "adapters", "simulator") for path in (ROOT / part).rglob("*.py")]


def raises_of(block: ast.AST) -> Iterator[ast.Raise]:
    """Statements that raise an error of their own, but for those of functions defined there."""
    for node in ast.iter_child_nodes(block):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from raises_of(node)


def test_an_except_star_raises_nothing_of_its_own() -> None:
    """Python before 3.11.4 wraps it in a group, so that the command line prints a traceback and no remedy."""
    found = [
        f"{module.relative_to(ROOT)}:{statement.lineno}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.TryStar)
        for handler in node.handlers
        for statement in raises_of(handler)
    ]
    assert [] == found
