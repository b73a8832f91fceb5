"""Writes the code of one function: its call, and its backward. See :mod:`.recorder` for what it looks like."""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import PluginError
from ..function import Function

_NO_DEFAULT = inspect.Parameter.empty


#: What the code of a call names its own variables; ``n0`` stands for all with numbers.
_OWN_NAMES = frozenset(
    "AUTOCAST FUNCTION INFERENCE TABLE array buffer cast_arguments entry few kernel kernel_of_few mark new node number "
    "observe out outs parents recording type_ n0".split()
)


def check_names(function: Function) -> None:
    """Refuse arguments that are named like a variable of the code to be written.

    Raises
    ------
    PluginError
    """
    taken = {
        n for n in (*function.arrays, *function.parameters) if (n[:1] + "0" if n[1:].isdigit() else n) in _OWN_NAMES
    }
    if taken:
        raise PluginError(
            f"{function.name}: an argument may not be named {', '.join(sorted(taken))}; choose another name"
        )


def _is_identity(rule: Any) -> bool:
    """Whether a rule hands the cotangent on: then it need not be called."""
    return not rule.names and rule.call.__code__.co_code == _IDENTITY.__code__.co_code


_IDENTITY = lambda xp, g: g  # noqa: E731


def parts(function: Function) -> list[str]:
    """What is written of a function: ``call``, its forms for operators, ``backward`` in its three forms."""
    of_two = ["operator", "reflected"] if len(function.arrays) == 2 and not function.optional else []
    return ["call", *of_two, *(["pass_on", "backward", "backward_graph"] if function.differentiable else [])]


def write(function: Function, part: str) -> str:
    """The text of one part."""
    writer = _Writer(function)
    if part in ("backward", "backward_graph"):
        return writer.backward(graph=part == "backward_graph")
    return writer.pass_on() if part == "pass_on" else writer.call("" if part == "call" else part)


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

    # -- the call --------------------------------------------------------------------------------

    def call(self, operator: str = "") -> str:
        """The call; as an "operator" or a "reflected" one, it gives NotImplemented for what it does not understand."""
        f = self.f
        a = [f"*{f.arrays[0]}"] if f.variadic else [*(f"{x}=None" if x in f.optional else x for x in f.arrays), "/"]
        if operator == "reflected":
            a = [*f.arrays[::-1], "/"]
        a += ["*"] if f.parameters and not f.variadic else []
        signature = ", ".join([*a, *(p if d is _NO_DEFAULT else f"{p}=default_{p}" for p, d in f.parameters.items())])
        lines = [
            f"def {f.name}{operator and f'_{operator}'}({signature}):",
            *self._autocast(),
            *self._prepare(operator),
        ]
        kernel_args = ", ".join(
            [
                *(
                    [f"*[a._array for a in {f.arrays[0]}]"]
                    if f.variadic
                    else [self._of(x, f"{x}._array") for x in f.arrays]
                )
            ]
            + [f"{p}={p}" for p in f.parameters]
        )
        key = f"{f.arrays[0]}[0]" if f.variadic else f.promoted[0]
        lines += [
            f"    entry = TABLE.get({key}._type)",
            "    if entry is None:",
            f"        {self._admit()}",
            *self._choose(),
            *self._run(f"array = kernel({kernel_args})"),
        ]
        return "\n".join(lines + (self._finish_many(key) if f.has_many_outputs else self._finish_one(key)))

    def _choose(self) -> list[str]:
        """The kernel and the type of the output; for few elements, the kernel that a plugin's would pass them to."""
        if not self.f.is_of_elements:
            return ["    kernel, type_ = entry"]
        sizes = " and ".join(f"{x}._array.size < few" for x in self.f.arrays)
        return [
            "    kernel, type_, few, kernel_of_few = entry",
            f"    if few and {sizes}:",
            "        kernel = kernel_of_few",
        ]

    def _run(self, call: str) -> list[str]:
        """The kernel's call. Libraries word a failed broadcast in their own ways, and with their own classes."""
        if not self.f.broadcasts:
            return [f"    {call}"]
        shapes = self._tuple(tuple(self._of(x, f"{x}._array.shape") for x in self.f.arrays))
        return [
            "    try:",
            f"        {call}",
            "    except Exception:",
            f"        check_broadcast({self.f.name!r}, {shapes})",
            "        raise",
        ]

    def _autocast(self) -> list[str]:
        """In a region of mixed precision: cast the arguments. Of the listed functions only; see .autocast."""
        if self.f.autocast is None:
            return []
        args = self.f.arrays[0] if self.f.variadic else self._tuple(self.f.arrays)
        return ["    if AUTOCAST:", f"        {args} = cast_arguments(FUNCTION, {args})"]

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
        known = f"{key}._type" if f.result == "infer" else "type_"
        lines = [
            f"    if array.__class__ is not {known}.array_class:",
            f"        array = as_array(array, {known})",
        ]
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
            lines += ["    out._node = None", *([] if f.view else self._mark("    "))]
        if f.view:
            parameters = "{" + ", ".join(f"{p!r}: {p}" for p in f.parameters) + "}"
            lines.append(f"    link_view({f.arrays[0]}, out, FUNCTION, {parameters})")
        return [*lines, "    return out"]

    def _needs(self) -> tuple[list[str], str, str]:
        """Lines that read the vertices of the arguments, the test whether one needs a gradient, the parents."""
        f = self.f
        if f.variadic:
            return (
                [f"    parents = tuple([a._node for a in {f.arrays[0]}])"],
                "any(p is not None for p in parents)",
                "parents",
            )
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
            f"    if {test} and ((recording := get_mode()) is None or recording.grad){integer}:",
            "        out._node = node = new(Node)",
            "        node.function = FUNCTION",
            f"        node.parents = {parents}",
            *self._hold_out(),
            f"        node.saved = {self._tuple(tuple(self._save(k, w) for k, w in self.saved))}",
            "        node.shape = array.shape",
            "        node.type = type_",
            "        node.extra = None",
            *self._observe("out"),
            "    else:",
            "        out._node = None",
            *([] if self.f.view else self._mark("        ")),  # a view is what its base is: link_view says so
        ]

    def _hold_out(self) -> list[str]:
        """Where a rule names the output: its Buffer. Nobody else can have it yet, so there is nothing to look for."""
        if self.f.view or all(kind != "out" for kind, _ in self.saved):
            return []
        return ["        out._buffer = buffer = new(Buffer)", "        buffer.array = array"]

    def _mark(self, indent: str) -> list[str]:
        """In inference mode: mark the result."""
        return [f"{indent}if INFERENCE:", f"{indent}    mark(out)"]

    def _observe(self, out: str) -> list[str]:
        """Under hooks on saved values and in anomaly mode: a second look at the new node."""
        f = self.f
        tensors = f"(*{f.arrays[0]}, {out})" if f.variadic else self._tuple((*f.arrays, out))
        return ["        if recording is not None:", f"            observe(recording, node, {tensors})"]

    def _finish_many(self, key: str) -> list[str]:
        f = self.f
        if not f.differentiable:
            return [f"    return wrap_many(FUNCTION, array, {key}._type, None)"]
        lines, test, parents = self._needs()
        saved = self._tuple(tuple(self._save(k, w) for k, w in self.saved))
        return [
            *lines,
            "    node = None",
            f"    if {test} and ((recording := get_mode()) is None or recording.grad):",
            "        node = new(ManyNode)",
            f"        node.parents = {parents}",
            f"    outs = wrap_many(FUNCTION, array, {key}._type, node)",
            "    if node is not None:",
            f"        node.saved = {saved}",
            *self._observe("*outs"),
            "    return outs",
        ]

    def _save(self, kind: str, which: Any) -> str:
        f = self.f
        if kind == "out":
            return f"hold(outs[{which}])" if f.outputs else "hold(out)" if f.view else "buffer"
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

    def backward(self, *, graph: bool) -> str:
        """The gradients of the arguments that need one, as a tuple."""
        f = self.f
        lines = [f"def {f.name}_backward{'_graph' if graph else ''}(xp, g, parents, node):"]
        if not graph and self._knows_all_types():
            lines.append("    xp = node.type.own")
        lines += self._read_saved()
        if f.variadic:
            return "\n".join([*lines, f"    return {self._apply(0, graph)}"])
        lines.append(f"    {self._tuple(tuple(f'p{i}' for i in range(len(f.arrays))))} = parents")
        wanted = [i for i, r in enumerate(f.rules) if r is not None]
        for i in wanted:
            made = self._gradient(i, graph)
            if len(wanted) == 1:  # there is a node because this one needs a gradient
                lines += [f"    {line}" for line in made]
            else:
                lines += [f"    g{i} = None", f"    if p{i} is not None:", *(f"        {line}" for line in made)]
        result = self._tuple(tuple(f"g{i}" if i in wanted else "None" for i in range(len(f.arrays))))
        return "\n".join([*lines, f"    return {result}"])

    def pass_on(self) -> str:
        """The same on raw arrays, with each gradient handed to its vertex at once: the usual step of a walk."""
        f = self.f
        lines = [
            f"def {f.name}_pass_on(g, node, joins, push, free):",
            *self._choose_kernels(),
            "    parents = node.parents",
            *self._read_saved(),
        ]
        if f.variadic:
            lines += [
                f"    for p0, g0 in zip(parents, {self._apply(0, graph=False)}, strict=True):",
                "        if p0 is not None:",
                *(f"            {line}" for line in self._hand_over(0)),
            ]
        else:
            lines.append(f"    {self._tuple(tuple(f'p{i}' for i in range(len(f.arrays))))} = parents")
            for i in (i for i, r in enumerate(f.rules) if r is not None):
                lines.append(f"    if p{i} is not None:")
                lines += [f"        {line}" for line in (*self._gradient(i, graph=False), *self._hand_over(i))]
        if f.saves_arrays:
            lines += ["    if free:", "        node.saved = None"]
        return "\n".join(lines)

    def _choose_kernels(self) -> list[str]:
        if self.f.overwrites:  # where nobody needs the cotangent but the walk and this function, and one rule of it
            one = " and node.parents.count(None) == 1" if len(self.f.arrays) == 2 else ""
            return [
                "    type_ = node.type",
                "    if type_.few and g.size < type_.few:",
                "        xp = type_.of_few",
                f"    elif type_.overwriting is not None and type_.own.is_spare(g){one} and unshared(g, handed_on=1):",
                "        xp = type_.overwriting",
                "    else:",
                "        xp = type_.own",
            ]
        if self.f.is_of_elements:
            return [
                "    type_ = node.type",
                "    xp = type_.of_few if type_.few and g.size < type_.few else type_.own",
            ]
        return [f"    xp = node.type.{'own' if self._knows_all_types() else 'kernels'}"]

    @staticmethod
    def _hand_over(i: int) -> list[str]:
        """A gradient goes to its vertex; where several edges lead, it waits for the others."""
        return [f"if p{i} in joins:", f"    meet(joins, push, p{i}, g{i})", "else:", f"    push((p{i}, g{i}))"]

    def _read_saved(self) -> list[str]:
        lines = []
        if self.saved:
            lines += ["    saved = node.saved", "    if saved is None:", "        raise freed(FUNCTION)"]
            lines.append(f"    {self._tuple(tuple(f's{i}' for i in range(len(self.saved))))} = saved")
        if self.f.has_many_outputs:
            lines.append("    g = g.materialize(xp, node)")
        return lines

    def _gradient(self, i: int, graph: bool) -> list[str]:
        """The gradient of one argument, summed over the axes along which it was broadcast."""
        lines = [f"g{i} = {'g' if _is_identity(self.f.rules[i]) else self._apply(i, graph)}"]
        if self.f.broadcasts:
            lines += [f"if p{i}.shape != node.shape:", f"    g{i} = sum_to_shape(xp, g{i}, p{i}.shape)"]
        return lines

    def _apply(self, i: int, graph: bool) -> str:
        """A rule, called with what it names."""
        names = self.f.rules[i].names  # type: ignore[union-attr]
        return f"rule{i}({', '.join(['xp', 'g', *(self._use(n, graph) for n in names)])})"

    def _knows_all_types(self) -> bool:
        """Whether all arrays have the type of the output: then kernels need not look at each."""
        return self.f.result == "same" and set(self.f.promoted) == set(self.f.arrays)

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
