"""Family trees: where their nodes are drawn, and how they are told."""

from bot.domain.jobs.lineage import Shown, TreeNode, describe, placed


def node(key: str, parent: str | None = None, shown: Shown = Shown.FULL) -> TreeNode:
    lines = (f"#{key}", "/imagine") if shown is Shown.FULL else ()
    return TreeNode(key=key, parent=parent, shown=shown, lines=lines, title=f"fox {key}")


TREE = (
    node("root", None, Shown.HIDDEN),
    node("a", "root"),
    node("b", "root"),
    node("a1", "a"),
    node("a2", "a"),
    node("b1", "b", Shown.DELETED),
)


def test_generations_are_columns_and_parents_are_centred_at_their_children() -> None:
    places = {one.node.key: (one.column, one.row) for one in placed(TREE)}
    assert {
        "root": (0, 1.25),
        "a": (1, 0.5),
        "b": (1, 2),
        "a1": (2, 0),
        "a2": (2, 1),
        "b1": (2, 2),
    } == places


def test_a_long_line_is_placed_without_recursion() -> None:
    line = [node("0"), *(node(str(number), str(number - 1)) for number in range(1, 5_000))]
    assert (4_999, 0) == (placed(line)[-1].column, placed(line)[-1].row)


def test_a_tree_is_told_without_what_is_hidden() -> None:
    told = describe(TREE)
    assert told.startswith("a hidden result led to #a /imagine “fox a”, #b /imagine “fox b”; ")
    assert told.endswith("#b /imagine “fox b” led to a deleted result")
    assert "fox root" not in told
