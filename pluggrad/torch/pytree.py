"""``torch.utils._pytree``: nested tuples, lists, named tuples and dictionaries as flat lists, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..autograd.transforms.trees import flatten, unflatten

__all__ = [
    "TreeSpec", "tree_all", "tree_any", "tree_flatten", "tree_iter", "tree_leaves", "tree_map", "tree_map_",
    "tree_map_only", "tree_structure", "tree_unflatten",
]  # fmt: skip


@dataclass(frozen=True)
class TreeSpec:
    """The structure of a value.

    Attributes
    ----------
    tree : the classes of the containers, as :mod:`pluggrad.autograd.transforms.trees` has them
    num_leaves : the number of leaves
    """

    tree: Any
    num_leaves: int

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The value with these leaves."""
        return tree_unflatten(leaves, self)

    def is_leaf(self) -> bool:
        """Whether it is no container."""
        return self.tree is None


def tree_flatten(tree: Any) -> tuple[list[Any], TreeSpec]:
    """The leaves in order, and the structure.

    >>> from pluggrad.torch.utils._pytree import tree_flatten, tree_map, tree_unflatten
    >>> leaves, spec = tree_flatten({"a": 1, "b": (2, [3])})
    >>> leaves
    [1, 2, 3]
    >>> tree_unflatten([10 * n for n in leaves], spec)
    {'a': 10, 'b': (20, [30])}
    """
    leaves, structure = flatten(tree)
    return leaves, TreeSpec(structure, len(leaves))


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The value of that structure with these leaves.

    Raises
    ------
    ValueError : another number of leaves
    """
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten: {len(leaves)} leaves for a structure of {treespec.num_leaves}")
    return unflatten(leaves, treespec.tree)


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves in order."""
    return flatten(tree)[0]


tree_iter = tree_leaves


def tree_structure(tree: Any) -> TreeSpec:
    """The structure."""
    return tree_flatten(tree)[1]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """The value with a function of each leaf, and of those at its place in ``rests``, in the place of the leaf.

    Raises
    ------
    ValueError : another structure in ``rests``

    >>> from pluggrad.torch.utils._pytree import tree_map
    >>> tree_map(lambda a, b: a + b, {"x": [1, 2]}, {"x": [10, 20]})
    {'x': [11, 22]}
    """
    leaves, spec = tree_flatten(tree)
    columns = [leaves]
    for rest in rests:
        others, other = tree_flatten(rest)
        if other != spec:
            raise ValueError("tree_map: the structures differ")
        columns.append(others)
    return tree_unflatten((func(*each) for each in zip(*columns, strict=True)), spec)


def tree_map_(func: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """Call a function of each leaf, and give the value back."""
    tree_map(func, tree, *rests)
    return tree


def tree_map_only(kind: type | tuple[type, ...], func: Callable[[Any], Any], tree: Any) -> Any:
    """:func:`tree_map` for leaves of a class; the others stay."""
    return tree_map(lambda leaf: func(leaf) if isinstance(leaf, kind) else leaf, tree)


def tree_any(pred: Callable[[Any], bool], tree: Any) -> bool:
    """Whether a predicate holds for any leaf."""
    return any(map(pred, tree_leaves(tree)))


def tree_all(pred: Callable[[Any], bool], tree: Any) -> bool:
    """Whether a predicate holds for every leaf."""
    return all(map(pred, tree_leaves(tree)))
