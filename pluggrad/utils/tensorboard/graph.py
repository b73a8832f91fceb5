"""The graph of a module, as TensorBoard draws it: functions within the modules that called them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...autograd.engine import backward_order
from ...autograd.mode import enable_grad
from ...nn.modules.module import Module
from ...tensor import Leaf, ManyNode, Node, Output, Tensor
from .values import proto

__all__ = ["graph_of"]


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)


def _node_of(vertex: Any) -> Node:
    return vertex.node if isinstance(vertex, Output) else vertex


class _Scopes:
    """Which module each function of a graph was called in, found out while it is called."""

    def __init__(self, model: Module) -> None:
        root = type(model).__name__
        self.name_of: dict[int, str] = {}
        for path, module in model.named_modules():
            names = path.split(".") if path else []
            self.name_of[id(module)] = "/".join([root, *self._with_classes(model, names)])
        self.of: dict[Node, str] = {}
        #: Inputs without a gradient, such as numbers of words, and the functions of the modules that they went to.
        self.readers: list[tuple[int, Node]] = []

    @staticmethod
    def _with_classes(model: Module, names: list[str]) -> list[str]:
        """The parts of a path as "Linear[fc]"."""
        parts, module = [], model
        for name in names:
            module = getattr(module, name)
            parts.append(f"{type(module).__name__}[{name}]")
        return parts

    def leave(self, module: Module, arguments: Any, output: Any) -> None:
        """Behind a module: what has been computed and no inner module has claimed is its own."""
        scope = self.name_of[id(module)]
        waiting = [t._node for t in _tensors(output) if t._node is not None]
        known = {t._node for t in _tensors(arguments) if t._node is not None}
        mine = []
        while waiting:
            vertex = waiting.pop()
            node = _node_of(vertex)
            if vertex in known or isinstance(node, Leaf) or node in self.of:
                continue
            self.of[node] = scope
            mine.append(node)
            waiting += [p for p in node.parents if p is not None]
        if mine and not module._modules:
            plain = [t for t in _tensors(arguments) if t._node is None]
            self.readers += [(id(t), mine[-1]) for t in plain]


def graph_of(model: Module, inputs: Any) -> Any:
    """The graph of one call of a module, without dropout and the like, as TensorBoard's message.

    Raises
    ------
    ValueError : no parameter and no input of floating-point numbers leads to the output
    """
    arguments = [
        x.detach().requires_grad_(x.dtype.is_differentiable) if isinstance(x, Tensor) else x
        for x in (inputs if isinstance(inputs, list | tuple) else [inputs])
    ]
    scopes = _Scopes(model)
    training = {module: module.training for module in model.modules()}
    handles = [module.register_forward_hook(scopes.leave) for module in model.modules()]
    try:
        model.eval()
        with enable_grad():
            output = model(*arguments)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in training.items():
            module.training = mode
    roots = [t._node for t in _tensors(output) if t._node is not None]
    if not roots:
        raise ValueError("add_graph: the output depends on no parameter and on no input of floating-point numbers")
    return _message(_Writer(model, scopes, list(_tensors(arguments))).nodes(roots))


def _message(nodes: list[Any]) -> Any:
    messages, versions = proto("graph"), proto("versions")
    return messages.GraphDef(node=nodes, versions=versions.VersionDef(producer=22))


class _Writer:
    def __init__(self, model: Module, scopes: _Scopes, inputs: list[Tensor]) -> None:
        self.scopes, self.inputs = scopes, inputs
        self.root = type(model).__name__
        self.names: dict[Node, str] = {}
        for path, parameter in model.named_parameters():
            owner, _, own = path.rpartition(".")
            if parameter._node is not None:
                scope = scopes.name_of[id(model.get_submodule(owner))]
                self.names.setdefault(parameter._node, f"{scope}/{own}")
        self.input_names = {id(x): f"input/{i}" if len(inputs) > 1 else "input" for i, x in enumerate(inputs)}
        for x in inputs:
            if x._node is not None:
                self.names[x._node] = self.input_names[id(x)]

    def nodes(self, roots: list[Any]) -> list[Any]:
        """A message for each input, parameter and function, from the inputs on, and for each output."""
        order = [v for v in reversed(backward_order(roots)) if not isinstance(v, Output)]
        counts: dict[str, int] = {}
        for node in order:
            if node not in self.names:
                base = f"{self.scopes.of.get(node, self.root)}/{self._kind(node)}"
                counts[base] = counts.get(base, 0) + 1
                self.names[node] = base if counts[base] == 1 else f"{base}_{counts[base] - 1}"
        read: dict[Node, list[str]] = {}
        for number, node in self.scopes.readers:
            if number in self.input_names:
                read.setdefault(node, []).append(self.input_names[number])
        made = [self._node(self.input_names[id(x)], "input", [], x.shape) for x in self.inputs if x._node is None]
        for node in order:
            parents = [self.names[_node_of(p)] for p in node.parents if p is not None] if node.parents else []
            shape = None if isinstance(node, ManyNode) else node.shape
            made.append(self._node(self.names[node], self._kind(node), parents + read.get(node, []), shape))
        for i, root in enumerate(roots):
            name = f"output/{i}" if len(roots) > 1 else "output"
            made.append(self._node(name, "output", [self.names[_node_of(root)]], getattr(root, "shape", None)))
        return made

    def _kind(self, node: Node) -> str:
        if isinstance(node, Leaf):
            return "input" if self.names.get(node, "").startswith("input") else "parameter"
        return node.name().removesuffix("Backward0")

    @staticmethod
    def _node(name: str, kind: str, inputs: list[str], shape: Any) -> Any:
        nodes, values, shapes = proto("node_def"), proto("attr_value"), proto("tensor_shape")
        made = nodes.NodeDef(name=name, op=kind, input=inputs)
        if shape is not None:
            size = shapes.TensorShapeProto(dim=[shapes.TensorShapeProto.Dim(size=n) for n in shape])
            made.attr["_output_shapes"].CopyFrom(values.AttrValue(list=values.AttrValue.ListValue(shape=[size])))
        return made
