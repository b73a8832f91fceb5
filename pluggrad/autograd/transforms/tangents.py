"""The tangents of a function's outputs, from what its declaration says already, without a second rule.

- Of a function with a rule of forward mode: that rule;
- of one that is linear in its arrays: the function of the tangents;
- of one that is linear in each of them (a product): the sum over them, with one replaced by its tangent;
- of one that works on each element by itself: its Jacobian is diagonal, so the derivative rule, which multiplies by the
  conjugate of the diagonal, does for the tangent what it does for a cotangent;
- of any other: the rule is linear in its cotangent, so its own derivative with respect to that is the tangent.

``xp`` stands for the kernels of dual arrays throughout: ``xp.inner`` are those below, of type ``xp.inner_type``.
"""

from __future__ import annotations

from typing import Any

from ...errors import GradientError, ShapeError
from ...function import Function
from ...tensor import make
from .. import engine
from ..mode import enable_grad
from .rules import elementwise, rule_of

#: Functions linear in all their arrays together.
_LINEAR = frozenset(
    (
        "add add_strided as_strided astype avg_pool avg_pool_input broadcast_to col2im concat conj copy "
        "copy_as_complex copy_as_real copy_diagonal copy_strided cumulative_sum diagonal expand_dims fftn flip "
        "fold_edges fold_windows gather getitem identity_like ifftn im2col imag index irfftn mean negative pad_edges "
        "permute_dims positive put_diagonal put_slice real repeat reshape rfftn roll split squeeze stack subtract sum "
        "take tile tril triu unfold unstack view view_as_complex view_as_real view_imag view_real windows"
    ).split()
)
#: Functions linear in each of their arrays.
_MULTILINEAR = frozenset(
    "matmul multiply linear linear_weight convolution convolution_input convolution_weight vecdot cross embedding "
    "embedding_weight".split()
)
#: Elementwise functions that have no complex derivative.
_NOT_HOLOMORPHIC = frozenset(
    "abs angle sign real imag conj complex polar where copysign hypot sigmoid_backward tanh_backward "
    "masked_fill softsign".split()
)


def tangents_of(
    xp: Any, f: Function, primals: list[Any], tangents: list[Any], parameters: dict[str, Any], out: Any
) -> Any:
    """The tangent of the output of a differentiable function, or a tuple of those of its outputs; None for zeros.

    ``tangents`` : those of the arrays, None where there is none, at least one; ``out`` : what the kernel below gave
    """
    if f.tangents and xp.inner_type.wide is None:
        return _by_rules(xp, f, primals, tangents, parameters, out)
    if f.name in _LINEAR and not (f.name == "take" and tangents[1:] != [None]):
        return _linear(xp, f.name, primals, tangents, parameters)
    if f.name in _MULTILINEAR:
        return _multilinear(xp, f.name, primals, tangents, parameters)
    if rule_of(f.name) is elementwise and not f.has_many_outputs and not isinstance(out, tuple):
        found = _diagonal(xp, f, primals, tangents, parameters, out)
        if found is not NotImplemented:
            return found
    return _twice_reverse(xp, f, primals, tangents, parameters)


def as_array(xp: Any, x: Any) -> Any:
    """``x`` as an array: a library may give a scalar of its own in place of a 0-D array, which cannot be written to."""
    return x if x.__class__ is xp.inner_type.array_class else xp.inner.namespace.asarray(x)


def _by_rules(xp: Any, f: Function, primals: Any, tangents: Any, parameters: dict[str, Any], out: Any) -> Any:
    """The tangents of the outputs by the rules of the declaration: each array has its part."""
    outs = out if isinstance(out, tuple | list) else (out,)
    known: dict[str, Any] = {**f.parameters, **parameters}
    known |= zip(f.outputs or ("out",), outs if f.outputs else (out,), strict=True)
    types = xp.inner_type.siblings
    if f.variadic:
        (name,) = f.arrays
        known |= {name: tuple(primals), f"{name}_shape": tuple([p.shape for p in primals]),
                  f"{name}_dtype": tuple([types[p.dtype].dtype for p in primals])}  # fmt: skip
        calls = [(f.tangents[0], tuple(tangents))]
    else:
        for name, p in zip(f.arrays, primals, strict=False):
            known |= {name: p} if p is None else {
                name: p, f"{name}_shape": p.shape, f"{name}_dtype": types[p.dtype].dtype
            }  # fmt: skip
        calls = list(zip(f.tangents, tangents, strict=False))
    total: list[Any] = [None] * len(outs)
    for rule, t in calls:
        if rule is None or t is None:
            continue
        given = rule.call(xp.inner, t, *[known.get(n) for n in rule.names])
        parts = given if isinstance(given, tuple | list) else (given,)
        if len(parts) != len(outs):
            raise GradientError(f"{f.name}: its jvp rule gives {len(parts)} tangents for {len(outs)} outputs")
        for i, (o, part) in enumerate(zip(outs, parts, strict=True)):
            if part is None or not types[o.dtype].dtype.is_differentiable:
                continue
            fitting = _fitted(xp, f, o, as_array(xp, part))
            total[i] = fitting if total[i] is None else total[i] + fitting
    for i, name in enumerate(f.outputs):
        total[i] = None if name in f.constant else total[i]
    return tuple(total) if isinstance(out, tuple | list) else total[0]


def _fitted(xp: Any, f: Function, out: Any, tangent: Any) -> Any:
    """A tangent that a rule gave, in the dtype of the output; of a function that broadcasts, in its shape."""
    if tuple(tangent.shape) != tuple(out.shape):
        if not f.broadcasts:
            raise ShapeError(
                f"{f.name}: its jvp rule gives a tangent of shape {tuple(tangent.shape)} for an output of shape "
                f"{tuple(out.shape)}"
            )
        tangent = xp.inner.broadcast_to(tangent, shape=tuple(out.shape))
    types = xp.inner_type.siblings
    return tangent if tangent.dtype == out.dtype else xp.inner.astype(tangent, dtype=types[out.dtype].dtype)


def _zeros_for(xp: Any, p: Any, t: Any) -> Any:
    if t is not None or not hasattr(p, "dtype"):
        return t if t is not None else p
    if not xp.inner.isdtype(p.dtype, ("real floating", "complex floating")):
        return p  # an index, a mask
    return xp.inner.namespace.zeros_like(p)


def _linear(xp: Any, name: str, primals: Any, tangents: Any, parameters: dict[str, Any]) -> Any:
    return getattr(xp.inner, name)(
        *[_zeros_for(xp, p, t) for p, t in zip(primals, tangents, strict=True)], **parameters
    )


def _multilinear(xp: Any, name: str, primals: Any, tangents: Any, parameters: dict[str, Any]) -> Any:
    kernel = getattr(xp.inner, name)
    biased = name in ("linear", "convolution") and len(primals) > 2
    total = None
    for i, t in enumerate(tangents[:2]):
        if t is not None:
            operands = [t if j == i else p for j, p in enumerate(primals[:2])]
            term = kernel(*operands, *((None,) if biased else ()), **parameters)
            total = term if total is None else total + term
    if biased and tangents[2] is not None:
        t = tangents[2]
        shape = primals[0].shape
        if name == "linear":
            term = xp.inner.broadcast_to(t, shape=(*shape[:-1], t.shape[0]))
            return term if total is None else total + term
        zeros = xp.inner.namespace.zeros_like(primals[0])
        term = kernel(zeros, primals[1], t, **parameters)
        total = term if total is None else total + term
    return total


def _diagonal(xp: Any, f: Function, primals: Any, tangents: Any, parameters: dict[str, Any], out: Any) -> Any:
    """The tangent of an elementwise function, by its derivative rules; NotImplemented where that would not do."""
    inner = xp.inner
    if xp.inner_type.wide is not None:
        return NotImplemented  # rules run on arrays of the wide type
    is_complex = any(hasattr(p, "dtype") and inner.isdtype(p.dtype, "complex floating") for p in (*primals, out))
    if is_complex and f.name in _NOT_HOLOMORPHIC:
        return NotImplemented
    known = {**parameters, "out": out, **dict(zip(f.arrays, primals, strict=False))}
    known |= {f"{n}_shape": p.shape for n, p in zip(f.arrays, primals, strict=False) if hasattr(p, "shape")}
    for p, d in f.parameters.items():
        known.setdefault(p, d)
    total = None
    for rule, t in zip(f.rules, tangents, strict=False):
        if rule is None or t is None:
            continue
        if any(n not in known for n in rule.names):
            return NotImplemented
        if tuple(t.shape) != tuple(out.shape):
            t = inner.broadcast_to(t, shape=tuple(out.shape))
        term = rule.call(inner, inner.conj(t) if is_complex else t, *[known[n] for n in rule.names])
        if tuple(term.shape) != tuple(out.shape):
            return NotImplemented  # a rule that sums: its argument is one number for all
        term = inner.conj(term) if is_complex else term
        total = term if total is None else total + term
    return total


def _twice_reverse(xp: Any, f: Function, primals: Any, tangents: Any, parameters: dict[str, Any]) -> Any:
    """Tangents of the outputs of any function: its vjp is linear in the cotangent, and differentiated by it."""
    siblings = xp.inner_type.siblings

    def tensor(a: Any) -> Any:
        if not hasattr(a, "dtype"):
            return a
        array_type = siblings[a.dtype]
        a = a if a.__class__ is array_type.array_class else xp.inner.namespace.asarray(a)
        return make(a, array_type)

    with enable_grad():
        xs = [tensor(p) for p in primals]
        active = [i for i, t in enumerate(tangents) if t is not None]
        for i in active:
            xs[i].requires_grad = True
        outs = f.call(*xs, **parameters)
        many = isinstance(outs, tuple | list)
        outs = tuple(outs) if many else (outs,)
        wanted = [o for o in outs if o._node is not None]
        gs = [tensor(xp.inner.namespace.zeros_like(o._array)) for o in wanted]
        for g in gs:
            g.requires_grad = True
        inputs = {xs[i]._node: tensor(tangents[i]) for i in active}
        back = engine.run(
            [(o._node, g) for o, g in zip(wanted, gs, strict=True)], inputs=inputs, create_graph=True,
            retain_graph=True, accumulate=False,
        )  # fmt: skip
    roots = [(b._node, inputs[v]._array) for v, b in back.items() if b is not None and b._node is not None]
    found = engine.run(roots, inputs=[g._node for g in gs], accumulate=False)
    by_output = {id(o): found.get(g._node) for o, g in zip(wanted, gs, strict=True)}
    out = tuple(by_output.get(id(o)) for o in outs)
    return out if many else out[0]
