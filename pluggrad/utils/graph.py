"""Pictures of graphs: what a tensor was computed by, what that keeps in memory, in which order backward goes.

The picture is text in DOT, the language of `Graphviz <https://graphviz.org>`_. Where Graphviz is installed
(Debian's package ``graphviz``), it is drawn as SVG, PNG or PDF; where not, the text can be saved.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..autograd.engine import backward_order
from ..autograd.saved_values import Packed
from ..errors import BackendUnavailable, GradientError
from ..function import Function
from ..tensor import Buffer, Leaf, ManyNode, Node, Output, Tensor

__all__ = ["Drawing", "draw"]

_STYLE = """
  graph [fontname="Helvetica", fontsize=11, ranksep=0.3, nodesep=0.25, labelloc=b, labeljust=l];
  node [fontname="Helvetica", fontsize=11, shape=plain];
  edge [color="#708090", arrowsize=0.6, fontname="Helvetica", fontsize=9, fontcolor="#708090"];
""".strip("\n")
_COLORS = {"leaf": "#cfe2f3", "output": "#d9ead3", "node": "#f5f5f5"}


class Drawing:
    """A picture of a graph; notebooks show it. ``str()`` of it is its text in DOT."""

    def __init__(self, dot: str) -> None:
        self.dot = dot

    def __str__(self) -> str:
        return self.dot

    def render(self, format: str = "svg") -> bytes:
        """The picture in one of Graphviz's formats: "svg", "png", "pdf" and others.

        Raises
        ------
        BackendUnavailable : Graphviz is not installed
        ValueError : Graphviz refuses, for instance a format that it does not know
        """
        program = shutil.which("dot")
        if program is None:
            raise BackendUnavailable(
                "drawing needs the program `dot` of Graphviz (Debian: apt install graphviz; https://graphviz.org); "
                "without it, save the text: drawing.save('graph.dot')"
            )
        done = subprocess.run([program, f"-T{format}"], input=self.dot.encode(), capture_output=True, check=False)
        if done.returncode:
            raise ValueError(f"Graphviz could not draw the graph as {format!r}: {done.stderr.decode().strip()}")
        return done.stdout

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture, in the format that the end of the name says: .svg, .png, .pdf; .dot or .gv for the text.

        Raises
        ------
        BackendUnavailable, ValueError : as :meth:`render`
        """
        target = Path(path)
        if not target.suffix:
            raise ValueError(f"save: {str(target)!r} has no ending that says the format, such as .svg, .png or .dot")
        data = self.dot.encode() if target.suffix in (".dot", ".gv") else self.render(target.suffix[1:])
        beside = target.with_name(f"{target.name}.{os.getpid()}.part")
        beside.write_bytes(data)
        beside.replace(target)
        return target

    def _repr_svg_(self) -> str | None:
        return None if shutil.which("dot") is None else self.render("svg").decode()


def draw(
    outputs: Tensor | Sequence[Tensor],
    params: Any = None,
    *,
    saved: bool = True,
    order: bool = True,
    direction: str = "TB",
) -> Drawing:
    """Draw the graph of a tensor: functions with the shapes of their values, parameters by name, saved values.

    Parameters
    ----------
    outputs : Tensor or Tensors that require gradients
    params : names for leaves: an ``nn.Module``, a dict from names to tensors, or pairs of both
    saved : show what each function keeps for backward, and how large it is. What is the memory of a named
        leaf is shown by that name: it costs nothing more.
    order : number the functions as backward comes to them
    direction : "TB", from the inputs at the top to the outputs at the bottom, or "LR"

    Returns
    -------
    Drawing : with ``save("graph.svg")``, ``render("png")``, and its text in DOT as ``str()``

    Raises
    ------
    GradientError : an output requires no gradient
    ValueError : another direction

    >>> import pluggrad
    >>> x = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    >>> drawing = pluggrad.utils.graph.draw((x * x).sum(), {"x": x})
    >>> [word in str(drawing) for word in ("digraph", "MulBackward0", "saves x1", "SumBackward0")]
    [True, True, True, True]
    """
    if direction not in ("TB", "LR"):
        raise ValueError(f"draw: direction must be 'TB' or 'LR', got {direction!r}")
    tensors = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    roots: list[Node] = []
    for i, tensor in enumerate(tensors):
        if tensor._node is None:
            raise GradientError(f"draw: output {i} requires no gradient, so there is no graph of it")
        roots.append(tensor._node)
    return Drawing(_Picture(roots, _names(params), saved, order, direction).text())


def _names(params: Any) -> dict[Node, str]:
    """The names of leaves, by their vertex."""
    if params is None:
        return {}
    if hasattr(params, "named_parameters"):
        params = params.named_parameters()
    pairs: Iterable[tuple[str, Tensor]] = params.items() if isinstance(params, Mapping) else params
    return {tensor._node: name for name, tensor in pairs if tensor._node is not None}


class _Picture:
    """Writes one graph down."""

    def __init__(self, roots: list[Node], names: dict[Node, str], saved: bool, order: bool, direction: str) -> None:
        self.names, self.saved, self.direction = names, saved, direction
        visited = backward_order(roots)
        self.roots = {_node_of(root) for root in roots}
        self.nodes = [v for v in visited if not isinstance(v, Output)]
        functions = [v for v in self.nodes if not isinstance(v, Leaf)]
        self.number = {v: i + 1 for i, v in enumerate(functions)} if order else {}
        self.label = {v: f"n{i}" for i, v in enumerate(self.nodes)}
        #: Of each saved value that is the memory of a leaf: its name.
        self.owned: dict[Buffer, str] = {}
        for vertex in self.nodes:
            tensor = vertex.variable if isinstance(vertex, Leaf) else None
            if tensor is not None and tensor._buffer:
                self.owned[tensor._buffer] = names.get(vertex, "a leaf")

    def text(self) -> str:
        """The whole, from the inputs to the outputs."""
        lines = ["digraph {", f"  rankdir={self.direction};", _STYLE]
        lines += [f"  {self.label[v]} [label=<{self._box(v)}>];" for v in reversed(self.nodes)]
        for v in reversed(self.nodes):
            for parent in v.parents:
                if parent is not None:
                    which = f' [label="output {parent.index}"]' if isinstance(parent, Output) else ""
                    lines.append(f"  {self.label[_node_of(parent)]} -> {self.label[v]}{which};")
        return "\n".join([*lines, f'  label="{self._summary()}";', "}", ""])

    def _box(self, v: Node) -> str:
        kind = "leaf" if isinstance(v, Leaf) else "output" if v in self.roots else "node"
        if isinstance(v, Leaf):
            name = html.escape(self.names.get(v, "leaf"))
            rows = [f"<b>{name}</b>", _value(v.shape, v.type)]
        else:
            number = f"{self.number[v]}&#160;&#160;" if v in self.number else ""
            rows = [f'<font color="#a0522d">{number}</font><b>{html.escape(v.name())}</b>' if number else
                    f"<b>{html.escape(v.name())}</b>"]  # fmt: skip
            if isinstance(v, ManyNode):
                rows += [f"{i}: {_value(s, t)}" for i, (s, t) in enumerate(zip(v.shapes, v.types, strict=True)) if t]
            else:
                rows.append(_value(v.shape, v.type))
            if self.saved:
                rows += [f'<font color="#5b5b5b" point-size="9">{html.escape(r)}</font>' for r in self._saved(v)]
        cells = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
        return (
            f'<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#708090" '
            f'bgcolor="{_COLORS[kind]}" style="rounded">{cells}</table>'
        )

    def _saved(self, v: Node) -> list[str]:
        """A line for each array that a node keeps."""
        if v.saved is None:
            return ["what it saved is freed"]
        out = []
        for name, value in _saved_values(v):
            if isinstance(value, Packed):
                out.append(f"saves {name}: packed by a hook")
            elif value in self.owned:
                out.append(f"saves {name}: {self.owned[value]} itself")
            else:
                out.append(f"saves {name}: {list(value.array.shape)}, {_size(_bytes_of(value, v))}")
        return out

    def _summary(self) -> str:
        functions = sum(not isinstance(v, Leaf) for v in self.nodes)
        leaves = len(self.nodes) - functions
        counted: dict[Any, int] = {}  # by address: a value and its view share their memory
        for v in self.nodes:
            for _, value in _saved_values(v):
                if isinstance(value, Buffer) and value not in self.owned:
                    place = _address(value, v)
                    counted[place] = max(counted.get(place, 0), _bytes_of(value, v))
        return (
            f"{functions} functions, {leaves} leaves; saved for backward, besides the leaves: "
            f"{_size(sum(counted.values()))} in {len(counted)} arrays"
        )


def _node_of(vertex: Any) -> Node:
    return vertex.node if isinstance(vertex, Output) else vertex


def _saved_values(v: Node) -> list[tuple[str, Any]]:
    """The arrays that a node keeps, each with the name that its rules have for it."""
    items = v.saved or ()
    known = isinstance(v.function, Function)
    names = v.function.saved_names if known else [f"tensor {i}" for i in range(len(items))]
    out: list[tuple[str, Any]] = []
    for name, item in zip(names, items, strict=False):
        if isinstance(item, tuple):
            several = [i for i in item if isinstance(i, Buffer | Packed)]
            out += [(name if len(several) == 1 else f"{name}[{k}]", i) for k, i in enumerate(several)]
        elif isinstance(item, Buffer | Packed):
            out.append((name, item))
    return out


def _value(shape: Any, array_type: Any) -> str:
    return f"{list(shape) if shape else 'scalar'} {array_type.dtype.name}"


def _address(buffer: Buffer, v: Node) -> Any:
    try:
        return v.type.kernels.data_ptr(buffer.array)
    except NotImplementedError:  # a backend that does not tell
        return buffer


def _bytes_of(buffer: Buffer, v: Node) -> int:
    array = buffer.array
    count = v.type.siblings[array.dtype].dtype.itemsize
    for n in array.shape:
        count *= n
    return count


def _size(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
