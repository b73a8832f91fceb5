"""What a call accepts: operands brought to Tensors of one dtype on one device, alike for all functions and backends."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from .. import dtypes
from ..backends import ArrayType, of_dtype, of_few, plugins
from ..dtypes import DType
from ..errors import ArgumentError, DeviceError, DTypeError
from ..function import Function, on_change
from ..function import functions as all_functions
from ..tensor import Tensor, make

SCALARS: Final = (bool, int, float, complex)
_OPERANDS: Final = (Tensor, *SCALARS)
#: The dtype kinds that a scalar of a Python type leaves as they are.
_WEAK: Final = {float: dtypes.FLOATING, int: dtypes.NUMERIC, bool: dtypes.ANY, complex: dtypes.COMPLEX}
_MOST_CONSTANTS: Final = 256


class ZeroDim:
    """Whether a 0-D tensor promotes as a tensor (the standard) or, beside one with axes, like a number (PyTorch).

    ``weak_here`` : what holds in this thread and task; None: what holds in the whole process, ``weak``.
    """

    weak = False
    weak_here: ContextVar[bool | None] = ContextVar("pluggrad_weak_zero_dim", default=None)

    @classmethod
    def is_weak(cls) -> bool:
        """What holds now."""
        here = cls.weak_here.get()
        return cls.weak if here is None else here


def is_operand(value: object) -> bool:
    """Whether an operator understands ``value``: a tensor, a Python scalar, an array of a known library."""
    return isinstance(value, _OPERANDS) or plugins.owner(value) is not None or is_array_scalar(value)


def is_array_scalar(value: object) -> bool:
    """A scalar of an array library, such as numpy.int64(3): it has a dtype and 0 axes."""
    return hasattr(value, "dtype") and getattr(value, "ndim", None) == 0 and hasattr(value, "item")


def wrap(value: Any) -> Tensor:
    """A Tensor over an array of a known library, sharing its memory; Tensors as they are.

    Raises
    ------
    TypeError : neither.
    """
    if isinstance(value, Tensor):
        return value
    backend = plugins.owner(value)
    if backend is None and is_array_scalar(value):
        return constant(
            plugins.backend("cpu").array_type(plugins.backend("cpu").devices[0], dtypes.by_name(value.dtype.name)),
            value.item(),
        )
    if backend is None:
        raise TypeError(f"expected a Tensor, got {type(value).__name__}")
    return make(value, backend.type_of(value))


def require_tensors(function: str, **arguments: object) -> None:
    """Refuse what is no tensor, for functions that are composed of others and look at shapes first.

    Raises
    ------
    TypeError
    """
    for name, value in arguments.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"{function}: {name}: expected a Tensor, got {type(value).__name__}")


def constant(array_type: ArrayType, scalar: bool | int | float | complex) -> Tensor:
    """A 0-D tensor of that type with the value of a Python scalar; the same one again for the same scalar."""
    constants = array_type.constants
    # A floating type takes 2 and 2.0 for the same number; others must tell 2 from 2.0 and True from 1.
    key = scalar if array_type.dtype.kind in dtypes.FLOATING else (scalar.__class__, scalar)
    found = constants.get(key)
    if found is None:
        if array_type.dtype.kind in dtypes.INTEGRAL:
            _check_range(array_type.dtype, scalar)
        array = array_type.kernels.namespace.asarray(scalar, dtype=array_type.native, device=array_type.native_device)
        found = make(array, array_type)
        found._buffer = None  # it serves everywhere, also where it is first made in inference mode
        # Zero is not kept: 0.0 == -0.0, yet they differ. Neither is NaN, which is never found again.
        if scalar and scalar == scalar:
            if len(constants) >= _MOST_CONSTANTS:
                constants.clear()
            constants[key] = found
    return found


def _check_range(dtype: DType, scalar: Any) -> None:
    """Refuse an integer that a type does not hold: libraries differ, some wrap it around.

    Raises
    ------
    ArgumentError
    """
    limits = dtypes.iinfo(dtype)
    if not limits.min <= scalar <= limits.max:
        raise ArgumentError(
            f"{scalar} is out of range for {dtype.name}, which holds {limits.min} to {limits.max}; convert the tensor, "
            "as in x.to(pluggrad.int64)"
        )


def unify(function: Function, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Bring the promoted arguments of a call to Tensors of one dtype, all on one device.

    Raises
    ------
    TypeError : an argument that is not a tensor, an array or (beside a tensor) a Python scalar
    DeviceError : two devices
    DTypeError : dtypes that do not promote
    """
    if len(args) == 2 and len(function.promoted) == 2:
        # The commonest cases, x * 2.0 and 2.0 * x, in few steps.
        x1, x2 = args
        if isinstance(x1, Tensor) and x1._type.dtype.kind in _WEAK.get(x2.__class__, ()):
            return x1, constant(x1._type, x2)
        if isinstance(x2, Tensor) and x2._type.dtype.kind in _WEAK.get(x1.__class__, ()):
            return constant(x2._type, x1), x2
    promoted = function.promoted
    places = [function.variadic or name in promoted for name in (function.arrays * len(args))[: len(args)]]
    out: list[Any] = list(args)
    if function.optional:  # what is None stays None
        places = [place and value is not None for place, value in zip(places, args, strict=True)]
    for i, value in enumerate(out):
        if value is None and function.optional and function.arrays[i] in function.optional:
            continue
        if not isinstance(value, Tensor) and not (places[i] and isinstance(value, SCALARS)):
            try:
                out[i] = wrap(value)
            except TypeError as error:
                name = function.arrays[0] if function.variadic else function.arrays[i]
                raise TypeError(f"{function.name}: {name}: {error}") from None
    tensors = [v for v in out if isinstance(v, Tensor)]
    if not tensors:
        raise TypeError(f"{function.name}: at least one argument must be a Tensor, got {_describe(args)}")
    device = tensors[0]._type.device
    for other in tensors[1:]:
        if other._type.device is not device:
            if other._type.device == device:  # the same device at another level of a transform
                from .transforms.levels import lift_all  # it is built on this module

                return unify(function, tuple(lift_all(out)))
            raise DeviceError(
                f"{function.name}: arguments on two devices, {str(device)!r} and {str(other.device)!r}; "
                f"move one, as in x.to({str(device)!r})"
            )
    operands = [v for v, place in zip(out, places, strict=True) if place and isinstance(v, Tensor)]
    if not operands:  # only scalars where a tensor was expected: their own dtype, on the device of the others
        dtype = dtypes.promote(*(dtypes.of_scalar(v) for v, place in zip(out, places, strict=True) if place))
        array_type = tensors[0]._type.with_dtype(dtype)
    else:
        scalars = [v for v, place in zip(out, places, strict=True) if place and not isinstance(v, Tensor)]
        dtype = _promoted(operands, scalars)
        array_type = operands[0]._type if operands[0]._type.dtype is dtype else operands[0]._type.with_dtype(dtype)
    return tuple(_bring(v, array_type) if place else v for v, place in zip(out, places, strict=True))


def _promoted(operands: list[Tensor], scalars: list[Any]) -> DType:
    """The dtype that tensors, at least one, and Python scalars are brought to."""
    if len(operands) > 1 and ZeroDim.is_weak():
        ranks: tuple[list[DType], list[DType]] = ([], [])
        for x in operands:
            ranks[not x._array.ndim].append(x._type.dtype)
        return dtypes.promote_by_rank(*ranks, scalars)
    dtype = operands[0]._type.dtype if len(operands) == 1 else dtypes.promote(*(t._type.dtype for t in operands))
    for scalar in scalars:
        dtype = dtypes.promote_scalar(dtype, scalar)
    return dtype


def _bring(value: Any, array_type: ArrayType) -> Tensor:
    if not isinstance(value, Tensor):
        return constant(array_type, value)
    return value if value._type is array_type else cast(value, array_type.dtype)


def cast(x: Tensor, dtype: DType) -> Tensor:
    """``x`` in another dtype, on record. The function itself is declared with the others, in ops."""
    return _ASTYPE().call(x, dtype=dtype)


def _ASTYPE() -> Function:
    return all_functions()["astype"]


def admit(function: Function, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Choose the kernel of a call on arguments of a dtype not seen before; promote integers where only floats will do.

    Raises
    ------
    DTypeError : a dtype that the function does not accept
    """
    position = 0 if function.variadic else function.arrays.index(function.promoted[0])
    array_type = args[position]._type
    kinds = function.kinds
    if array_type.dtype.kind not in kinds:
        target = _promoted_dtype(array_type.dtype, kinds)
        if target is None:
            raise DTypeError(
                f"{function.name}: dtype {array_type.dtype.name} is not supported; "
                f"supported are {', '.join(sorted(kinds))}"
            )
        promoted = set(function.arrays if function.variadic else function.promoted)
        names = function.arrays * len(args) if function.variadic else function.arrays
        args = tuple(
            cast(a, target) if n in promoted and a is not None else a for a, n in zip(args, names, strict=False)
        )
        array_type = args[position]._type
    entry = function.table.get(array_type)
    if entry is None:
        entry = function.table[array_type] = resolve(function, array_type)
    return args, entry


def _promoted_dtype(dtype: DType, kinds: frozenset[str]) -> DType | None:
    """PyTorch's promotions: integers and bools to the default float; bools to int64 where integers will do."""
    if dtype.kind == "bool" and kinds >= dtypes.INTEGRAL:
        return dtypes.int64
    if dtype.kind not in dtypes.FLOATING and kinds >= dtypes.REAL_FLOATING:
        return dtypes.get_default_dtype()
    return None


def resolve(function: Function, array_type: ArrayType) -> tuple[Any, ...]:
    """The kernel of a function for an array type, and the type of its output where that is known beforehand.

    For functions that treat each element by itself, also how many elements are few, and the kernel for these.
    """
    kernel = of_dtype(getattr(array_type.kernels, function.name), array_type.native)
    if function.is_of_elements:
        kernel_of_few = of_few(kernel)
        return kernel, array_type, 0 if kernel_of_few is kernel else array_type.few, kernel_of_few
    if function.result == "same":
        return kernel, array_type
    if function.result == "bool":
        return kernel, array_type.with_dtype(dtypes.bool_)
    if function.result == "real":
        return kernel, array_type.with_dtype(array_type.dtype.to_real())
    return kernel, None


def forget_kernels() -> None:
    """Look every kernel up again at its next use: a plugin came or went."""
    for function in all_functions().values():
        function.table.clear()


def _describe(args: tuple[Any, ...]) -> str:
    return ", ".join(type(a).__name__ for a in args)


def _drop(function: Function) -> None:
    function.table.clear()


on_change(_drop)
