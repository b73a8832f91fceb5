"""How a call is made and recorded: the code of one call, written for each function when it is declared.

A call on Tensors must find its kernel, run it on the raw arrays, wrap the result and, if an argument
requires a gradient, add a node that holds what the derivative rules named. A general loop over
arguments would cost more than the kernel does on small arrays. So the few lines for just this
function are written out once, at declaration, as :mod:`dataclasses` does, and compiled. This is what
stands there for ``multiply(x1, x2, /)`` (``print(pluggrad.autograd.source("multiply"))``):

    def multiply(x1, x2, /):
        if not (isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1._type is x2._type):
            x1, x2 = unify(FUNCTION, (x1, x2))
        entry = TABLE.get(x1._type)
        if entry is None:
            (x1, x2), entry = admit(FUNCTION, (x1, x2))
        kernel, type_ = entry
        array = kernel(x1._array, x2._array)
        if array.__class__ is not type_.array_class:
            array = as_array(array, type_)
        out = new(Tensor)
        out._array = array
        out._type = type_
        out._buffer = out._view = None
        n1, n2 = x1._node, x2._node
        if (n1 is not None or n2 is not None) and ((mode := get_mode()) is None or mode.grad):
            out._node = node = new(Node)
            node.function = FUNCTION
            node.parents = (n1, n2)
            node.saved = ((x1._buffer or hold(x1)) if n2 is not None else None, ...)
            ...
        else:
            out._node = None
        return out

and, for backward on raw arrays and on Tensors, that each rule is run for an argument that needs it:

    def multiply_backward(xp, g, parents, node):
        p0, p1 = parents
        s0, s1 = node.saved
        g0 = g1 = None
        if p0 is not None:
            g0 = rule0(xp, g, s1.array)
            if p0.shape != node.shape:
                g0 = sum_to_shape(xp, g0, p0.shape)
        ...
        return g0, g1
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from typing import Any

from ..backends import ArrayType
from ..errors import GradientError
from ..function import Function, get
from ..tensor import Buffer, Leaf, ManyNode, Node, Output, Tensor, make
from ..tensor.memory import hold, link_view
from .broadcasting import sum_to_shape
from .mode import MODE
from .operands import admit, is_operand, unify

_NO_DEFAULT = inspect.Parameter.empty


def as_array(value: Any, array_type: ArrayType) -> Any:
    """Make an array of what a kernel gave: NumPy gives scalars where it should give 0-D arrays."""
    return array_type.kernels.namespace.asarray(value)


def restore(buffer: Buffer, vertex: Node | None, array_type: ArrayType) -> Tensor:
    """The saved value as a Tensor at its place in the graph, for rules that run on Tensors."""
    array = buffer.array
    tensor = make(array, array_type.siblings[array.dtype])
    tensor._node = vertex
    # Shared, so that a node which saves it again holds the very Buffer that a write would freeze. The
    # rule that gets this tensor does not outlive the moment, so it never sees a frozen Buffer.
    tensor._buffer = buffer
    return tensor


def freed(function: Function) -> GradientError:
    """The error for a second backward through values that the first one freed."""
    return GradientError(
        f"Trying to backward through the graph a second time (at {function.grad_name}): the values saved for it "
        f"were freed by the first backward. Specify retain_graph=True there if you need to go backward again."
    )


def wrap_many(function: Function, arrays: Any, like: ArrayType, node: ManyNode | None) -> tuple[Tensor, ...]:
    """Tensors over several outputs, each with its vertex."""
    outs = []
    for array in arrays:
        if array.__class__ is not like.array_class:
            array = as_array(array, like)
        outs.append(make(array, like.siblings[array.dtype]))
    if node is not None:
        node.function = function
        node.shapes = tuple(o._array.shape for o in outs)
        node.types = tuple(o._type for o in outs)
        node.shape, node.type = node.shapes[0], like
        node.extra = None
        node.outputs = [None] * len(outs)
        names = function.outputs or ("",) * len(outs)
        for i, (out, name) in enumerate(zip(outs, names, strict=True)):
            if name not in function.constant and out._type.dtype.is_differentiable:
                out._node = node.output(i)
    return tuple(outs)


def compile_function(function: Function) -> None:
    """Write and compile ``call``, ``backward`` and ``backward_graph`` of a declared function."""
    namespace: dict[str, Any] = {
        "__name__": "pluggrad",  # so that warnings from within are told apart from those of the user's own code
        "FUNCTION": function, "TABLE": function.table, "Tensor": Tensor, "Node": Node, "ManyNode": ManyNode,
        "new": object.__new__, "get_mode": MODE.get, "unify": unify, "admit": admit, "hold": hold, "is_operand": is_operand,
        "as_array": as_array, "restore": restore, "freed": freed, "wrap_many": wrap_many, "link_view": link_view,
        "sum_to_shape": sum_to_shape, "Output": Output, "Leaf": Leaf,
        **{f"default_{n}": d for n, d in function.parameters.items()},
        **{f"rule{i}": r.call for i, r in enumerate(function.rules) if r is not None},
    }  # fmt: skip
    text = "\n\n".join(_Writer(function).functions())
    filename = f"<pluggrad function {function.name}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102 (our own text, as in dataclasses)
    function.call = namespace[function.name]
    function.call.__doc__ = function.doc
    function.call.__module__ = "pluggrad"
    function.operator = namespace.get(f"{function.name}_operator")
    function.reflected = namespace.get(f"{function.name}_reflected")
    if function.differentiable:
        function.backward = namespace[f"{function.name}_backward"]
        function.backward_graph = namespace[f"{function.name}_backward_graph"]


def source(name: str) -> str:
    """The code that was written for a registered function, to read.

    >>> print(source("exp").splitlines()[0])
    def exp(x, /):
    """
    function = get(name)
    if function is None:
        raise KeyError(f"no function named {name!r} is registered")
    return "".join(linecache.getlines(f"<pluggrad function {name}>"))


class _Writer:
    """Writes the code of one function."""

    def __init__(self, function: Function) -> None:
        self.f = function
        self.saved = self._layout()

    def _layout(self) -> list[tuple[str, Any]]:
        """What a node saves, in order: (kind, which)."""
        f = self.f
        layout: list[tuple[str, Any]] = []
        for name in f.saved_names:
            if name in f.arrays:
                layout.append(("array", f.arrays.index(name)))
            elif name in f.parameters:
                layout.append(("parameter", name))
            elif name[:-6] in f.arrays:
                layout.append((name[-5:], f.arrays.index(name[:-6])))
            else:
                layout.append(("out", (f.outputs or ("out",)).index(name)))
        return layout

    def functions(self) -> list[str]:
        """The text of all functions to be compiled."""
        texts = [self._call()]
        if len(self.f.arrays) == 2 and not self.f.optional:
            texts += [self._call("operator"), self._call("reflected")]
        if self.f.differentiable:
            texts += [self._backward(graph=False), self._backward(graph=True)]
        return texts

    # -- the call --------------------------------------------------------------------------------

    def _call(self, operator: str = "") -> str:
        """The call; as an "operator" or a "reflected" one, it gives NotImplemented for what it does not understand."""
        f = self.f
        a = [f"*{f.arrays[0]}"] if f.variadic else [*(f"{x}=None" if x in f.optional else x for x in f.arrays), "/"]
        if operator == "reflected":
            a = [*f.arrays[::-1], "/"]
        a += ["*"] if f.parameters and not f.variadic else []
        signature = ", ".join([*a, *(p if d is _NO_DEFAULT else f"{p}=default_{p}" for p, d in f.parameters.items())])
        lines = [f"def {f.name}{operator and f'_{operator}'}({signature}):", *self._prepare(operator)]
        kernel_args = ", ".join(
            [*([f"*[a._array for a in {f.arrays[0]}]"] if f.variadic else [self._of(x, f"{x}._array") for x in f.arrays])]
            + [f"{p}={p}" for p in f.parameters]
        )
        key = f"{f.arrays[0]}[0]" if f.variadic else f.promoted[0]
        lines += [
            f"    entry = TABLE.get({key}._type)",
            "    if entry is None:",
            f"        {self._admit()}",
            "    kernel, type_ = entry",
            f"    array = kernel({kernel_args})",
        ]
        return "\n".join(lines + (self._finish_many(key) if f.has_many_outputs else self._finish_one(key)))

    def _prepare(self, operator: str) -> list[str]:
        f = self.f
        if f.variadic:
            xs = f.arrays[0]
            return [
                f"    if not {xs} or any(not isinstance(a, Tensor) or a._type is not {xs}[0]._type for a in {xs}):",
                f"        {xs} = unify(FUNCTION, {xs})",
            ]
        tests = [f"isinstance({x}, Tensor)" for x in f.arrays if x not in f.optional]
        first = f.promoted[0]
        for x in f.arrays:
            test = ""
            if x in f.promoted[1:]:
                test = f"{first}._type is {x}._type"
            elif x not in f.promoted:
                test = f"{first}._type.device is {x}._type.device"
            if x in f.optional:
                test = f"({x} is None or isinstance({x}, Tensor) and {test})"
            tests += [test] if test else []
        args = self._tuple(f.arrays)
        unify = f"{args} = unify(FUNCTION, {args})"
        if not operator:
            return [f"    if not ({' and '.join(tests)}):", f"        {unify}"]
        x, other = f.arrays if operator == "operator" else f.arrays[::-1]  # x is the tensor whose operator this is
        return [
            f"    if not (isinstance({other}, Tensor) and {tests[-1]}):",
            f"        number = {x}._type.constants.get({other}) if {other}.__class__ in (float, int) else None",
            "        if number is not None:",
            f"            {other} = number",
            f"        elif not is_operand({other}):",
            "            return NotImplemented",
            "        else:",
            f"            {unify}",
        ]

    def _admit(self) -> str:
        args = self.f.arrays[0] if self.f.variadic else self._tuple(self.f.arrays)
        return f"{args}, entry = admit(FUNCTION, {args})"

    def _finish_one(self, key: str) -> list[str]:
        f = self.f
        lines = [f"    if array.__class__ is not {key}._type.array_class:", f"        array = as_array(array, {key}._type)"]
        if f.result == "infer":
            lines.append(f"    type_ = {key}._type.siblings[array.dtype]")
        lines += [
            "    out = new(Tensor)",
            "    out._array = array",
            "    out._type = type_",
            "    out._buffer = out._view = None",
        ]
        if f.differentiable:
            lines += self._record()
        else:
            lines.append("    out._node = None")
        if f.view:
            parameters = "{" + ", ".join(f"{p!r}: {p}" for p in f.parameters) + "}"
            lines.append(f"    link_view({f.arrays[0]}, out, FUNCTION, {parameters})")
        return [*lines, "    return out"]

    def _needs(self) -> tuple[list[str], str, str]:
        """Lines that read the vertices of the arguments, the test whether one needs a gradient, the tuple of parents."""
        f = self.f
        if f.variadic:
            return [f"    parents = tuple([a._node for a in {f.arrays[0]}])"], "any(p is not None for p in parents)", "parents"
        wanted = [i for i, r in enumerate(f.rules) if r is not None]
        lines = [f"    n{i} = {self._of(f.arrays[i], f'{f.arrays[i]}._node')}" for i in wanted]
        test = " or ".join(f"n{i} is not None" for i in wanted)
        parents = self._tuple(tuple(f"n{i}" if i in wanted else "None" for i in range(len(f.arrays))))
        return lines, (f"({test})" if len(wanted) > 1 else test), parents

    def _record(self) -> list[str]:
        lines, test, parents = self._needs()
        # An integer output (of a cast, say) has no gradient.
        integer = " and type_.dtype.is_differentiable" if self.f.result == "infer" else ""
        return [
            *lines,
            f"    if {test} and ((mode := get_mode()) is None or mode.grad){integer}:",
            "        out._node = node = new(Node)",
            "        node.function = FUNCTION",
            f"        node.parents = {parents}",
            f"        node.saved = {self._tuple(tuple(self._save(k, w) for k, w in self.saved))}",
            "        node.shape = array.shape",
            "        node.type = type_",
            "        node.extra = None",
            "    else:",
            "        out._node = None",
        ]

    def _finish_many(self, key: str) -> list[str]:
        f = self.f
        if not f.differentiable:
            return [f"    return wrap_many(FUNCTION, array, {key}._type, None)"]
        lines, test, parents = self._needs()
        saved = self._tuple(tuple(self._save(k, w) for k, w in self.saved))
        return [
            *lines,
            "    node = None",
            f"    if {test} and ((mode := get_mode()) is None or mode.grad):",
            "        node = new(ManyNode)",
            f"        node.parents = {parents}",
            f"    outs = wrap_many(FUNCTION, array, {key}._type, node)",
            "    if node is not None:",
            f"        node.saved = {saved}",
            "    return outs",
        ]

    def _save(self, kind: str, which: Any) -> str:
        f = self.f
        if kind == "out":
            target = f"outs[{which}]" if f.outputs else "out"
            return f"hold({target})"
        if kind in ("array", "shape", "dtype") and f.variadic:
            one = {"array": "hold(a)", "shape": "a._array.shape", "dtype": "a._type.dtype"}[kind]
            return f"tuple([{one} for a in {f.arrays[0]}])"
        if kind == "shape":
            return self._of(f.arrays[which], f"{f.arrays[which]}._array.shape")
        if kind == "dtype":
            return self._of(f.arrays[which], f"{f.arrays[which]}._type.dtype")
        if kind == "parameter":
            return str(which)
        name = f.arrays[which]
        users = [i for i, r in enumerate(f.rules) if r is not None and name in r.names]
        hold = self._of(name, f"({name}._buffer or hold({name}))")
        if len(users) == sum(r is not None for r in f.rules):
            return f"({hold})"
        return f"(({hold}) if {' or '.join(f'n{i} is not None' for i in users)} else None)"

    # -- backward ----------------------------------------------------------------------------------

    def _backward(self, *, graph: bool) -> str:
        f = self.f
        lines = [f"def {f.name}_backward{'_graph' if graph else ''}(xp, g, parents, node):"]
        if self.saved:
            lines += ["    saved = node.saved", "    if saved is None:", "        raise freed(FUNCTION)"]
            lines.append(f"    {self._tuple(tuple(f's{i}' for i in range(len(self.saved))))} = saved")
        if f.has_many_outputs:
            lines.append("    g = g.materialize(xp, node)")
        if f.variadic:
            args = ", ".join(["xp", "g", *(self._use(n, graph) for n in f.rules[0].names)])  # type: ignore[union-attr]
            return "\n".join([*lines, f"    return rule0({args})"])
        wanted = [i for i, r in enumerate(f.rules) if r is not None]
        lines.append(f"    {self._tuple(tuple(f'p{i}' for i in range(len(f.arrays))))} = parents")
        for i in wanted:
            args = ", ".join(["xp", "g", *(self._use(n, graph) for n in f.rules[i].names)])  # type: ignore[union-attr]
            lines += [f"    g{i} = None", f"    if p{i} is not None:", f"        g{i} = rule{i}({args})"]
            if f.broadcasts:
                lines += [f"        if p{i}.shape != node.shape:", f"            g{i} = sum_to_shape(xp, g{i}, p{i}.shape)"]
        result = self._tuple(tuple(f"g{i}" if i in wanted else "None" for i in range(len(f.arrays))))
        return "\n".join([*lines, f"    return {result}"])

    def _use(self, name: str, graph: bool) -> str:
        """How a rule is given what it named."""
        f = self.f
        if name == "needs":
            return "tuple([p is not None for p in parents])"
        i = f.saved_names.index(name)
        slot, (kind, which) = f"s{i}", self.saved[i]
        if kind == "out":
            vertex = "node" if not f.outputs else "None" if f.outputs[which] in f.constant else f"node.output({which})"
            return f"restore({slot}, {vertex}, node.type)" if graph else f"{slot}.array"
        if kind != "array":
            return slot
        if f.variadic:
            if graph:
                return f"tuple([restore(s, p, node.type) for s, p in zip({slot}, node.parents)])"
            return f"tuple([s.array for s in {slot}])"
        use = f"restore({slot}, node.parents[{which}], node.type)" if graph else f"{slot}.array"
        return f"(None if {slot} is None else {use})" if name in f.optional else use

    def _of(self, name: str, code: str) -> str:
        """Code that reads an array argument; where it may be None, None."""
        return f"(None if {name} is None else {code})" if name in self.f.optional else code

    @staticmethod
    def _tuple(items: tuple[str, ...]) -> str:
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def saved_arrays(node: Node) -> list[Buffer]:
    """The Buffers that a node holds, for diagnosis and drawing."""
    flat: list[Buffer] = []
    for item in node.saved or ():
        flat += [b for b in (item if isinstance(item, tuple) else (item,)) if isinstance(b, Buffer)]
    return flat


