"""Data types, and the one table by which they promote.

A :class:`DType` is neutral: it names a data type without any array library, and compares
equal to itself alone. Promotion is decided here for every backend alike. It follows the
array API standard where the standard speaks, and PyTorch where it leaves the result open
(mixed kinds: an integer with a float gives the float's data type).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from .errors import DTypeError

Kind = Literal["bool", "signed integer", "unsigned integer", "real floating", "complex floating"]

_KIND_ORDER: Final = ("bool", "unsigned integer", "signed integer", "real floating", "complex floating")


class Printed:
    """How types print: with the name of the namespace that a program knows them by.

    ``namespace`` : "pluggrad", or "torch" once :func:`pluggrad.torch.install` has been called
    """

    namespace = "pluggrad"


class DType:
    """A data type: ``pluggrad.float32`` and the like. Immutable, one object per type.

    Attributes
    ----------
    name : str, the standard's name ("float32")
    kind : str, one of the standard's kinds ("bool", "signed integer", "unsigned integer",
        "real floating", "complex floating")
    bits : int, the size of one element in bits (8 for bool)
    """

    __slots__ = ("bits", "kind", "name")

    name: str
    kind: Kind
    bits: int

    def __init__(self, name: str, kind: Kind, bits: int) -> None:
        self.name, self.kind, self.bits = name, kind, bits

    def __repr__(self) -> str:
        return f"{Printed.namespace}.{self.name}"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return by_name, (self.name,)

    @property
    def itemsize(self) -> int:
        """Size of one element in bytes."""
        return self.bits // 8

    @property
    def is_floating_point(self) -> bool:
        """Whether this is a real floating-point type (complex is not, as in PyTorch)."""
        return self.kind == "real floating"

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex type."""
        return self.kind == "complex floating"

    @property
    def is_signed(self) -> bool:
        """Whether this type has negative values."""
        return self.kind not in ("bool", "unsigned integer")

    @property
    def is_differentiable(self) -> bool:
        """Whether a tensor of this type can require a gradient: the floating types, real and complex."""
        return self.kind in FLOATING

    def to_real(self) -> DType:
        """The real type of the same precision: complex64 gives float32; real types give themselves."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    def to_complex(self) -> DType:
        """The complex type of the same precision: float32 gives complex64.

        float16 and bfloat16 give complex64, the smallest complex type there is.
        """
        if self.is_complex:
            return self
        return complex128 if self is float64 else complex64


bool_: Final = DType("bool", "bool", 8)
int8: Final = DType("int8", "signed integer", 8)
int16: Final = DType("int16", "signed integer", 16)
int32: Final = DType("int32", "signed integer", 32)
int64: Final = DType("int64", "signed integer", 64)
uint8: Final = DType("uint8", "unsigned integer", 8)
uint16: Final = DType("uint16", "unsigned integer", 16)
uint32: Final = DType("uint32", "unsigned integer", 32)
uint64: Final = DType("uint64", "unsigned integer", 64)
float16: Final = DType("float16", "real floating", 16)
bfloat16: Final = DType("bfloat16", "real floating", 16)
float32: Final = DType("float32", "real floating", 32)
float64: Final = DType("float64", "real floating", 64)
complex64: Final = DType("complex64", "complex floating", 64)
complex128: Final = DType("complex128", "complex floating", 128)

#: The data types of the standard, which every backend must have.
STANDARD: Final = (
    bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128,
)  # fmt: skip
#: What a backend may offer besides.
OPTIONAL: Final = (float16, bfloat16)
ALL: Final = STANDARD + OPTIONAL

BOOL: Final = frozenset({"bool"})
INTEGRAL: Final = frozenset({"signed integer", "unsigned integer"})
REAL_FLOATING: Final = frozenset({"real floating"})
COMPLEX: Final = frozenset({"complex floating"})
FLOATING: Final = REAL_FLOATING | COMPLEX
REAL: Final = INTEGRAL | REAL_FLOATING
NUMERIC: Final = INTEGRAL | FLOATING
ANY: Final = BOOL | NUMERIC

_KINDS: Final = {
    "bool": BOOL,
    "signed integer": frozenset({"signed integer"}),
    "unsigned integer": frozenset({"unsigned integer"}),
    "integral": INTEGRAL,
    "real floating": REAL_FLOATING,
    "complex floating": COMPLEX,
    "numeric": NUMERIC,
}


def is_kind(dtype: DType, kind: str | DType | tuple[str | DType, ...]) -> bool:
    """Whether a dtype is of one of the standard's kinds, or is that dtype; a tuple means any of them.

    Raises
    ------
    ValueError : an unknown kind.

    >>> is_kind(int8, "integral"), is_kind(float32, ("bool", float64))
    (True, False)
    """
    if isinstance(kind, tuple):
        return any(is_kind(dtype, k) for k in kind)
    if isinstance(kind, DType):
        return dtype is kind
    if kind not in _KINDS:
        raise ValueError(f"isdtype: unknown kind {kind!r}; known are {', '.join(map(repr, _KINDS))}")
    return dtype.kind in _KINDS[kind]


_BY_NAME: Final = {d.name: d for d in ALL}


def by_name(name: str) -> DType:
    """The data type of that name.

    >>> by_name("float32")
    pluggrad.float32
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        raise DTypeError(f"unknown data type {name!r}; known are {', '.join(_BY_NAME)}") from None


def _promote(a: DType, b: DType) -> DType | None:
    if a is b:
        return a
    low, high = sorted((a, b), key=lambda d: (_KIND_ORDER.index(d.kind), d.bits))
    if low.kind == high.kind:
        # float16 and bfloat16: each holds numbers that the other does not.
        return float32 if low.bits == high.bits else high
    if low.kind == "bool":
        return high
    if high.kind == "signed integer":  # low is unsigned
        if low.bits < high.bits:
            return high
        return {8: int16, 16: int32, 32: int64}.get(low.bits)
    if high.kind == "complex floating" and low is float64:
        return complex128
    return high


_PROMOTIONS: Final = {(a, b): _promote(a, b) for a in ALL for b in ALL}


def promote(*dtypes: DType) -> DType:
    """The data type that values of all these types are brought to.

    Raises
    ------
    DTypeError : uint64 with a signed integer, which no integer type holds.

    >>> promote(uint8, int8), promote(int64, float32), promote(float64, complex64)
    (pluggrad.int16, pluggrad.float32, pluggrad.complex128)
    """
    result = dtypes[0]
    for dtype in dtypes[1:]:
        promoted = _PROMOTIONS[result, dtype]
        if promoted is None:
            raise DTypeError(
                f"{result} and {dtype} do not promote: no integer type holds both; cast one, as in x.to({result})"
            )
        result = promoted
    return result


def promote_scalar(dtype: DType, scalar: bool | int | float | complex) -> DType:
    """The data type of an operation on a tensor of ``dtype`` and a Python scalar.

    The scalar is weak: it changes the kind at most, never the precision.

    >>> promote_scalar(float64, 2), promote_scalar(int8, 0.5), promote_scalar(float32, 1j)
    (pluggrad.float64, pluggrad.float32, pluggrad.complex64)
    """
    if isinstance(scalar, bool):
        return dtype
    if isinstance(scalar, int):
        return int64 if dtype.kind == "bool" else dtype
    if isinstance(scalar, float):
        return dtype if dtype.kind in FLOATING else get_default_dtype()
    return dtype.to_complex() if dtype.kind in FLOATING else get_default_dtype().to_complex()


def promote_by_rank(with_axes: Sequence[DType], without: Sequence[DType], scalars: Sequence[Any]) -> DType:
    """The data type that PyTorch promotes to, for which a 0-D tensor is weak beside one that has axes.

    Tensors with axes, 0-D tensors and Python scalars each promote among themselves; what is weaker changes the
    kind of what is stronger, if its own is higher, but not its precision.

    Parameters
    ----------
    with_axes, without : dtypes of the tensors that have axes, and of the 0-D ones
    scalars : Python scalars

    >>> promote_by_rank([float32], [float64], []), promote_by_rank([int8], [float64], [])
    (pluggrad.float32, pluggrad.float64)
    """
    numbers = [of_scalar(s) for s in scalars]
    groups = [promote(*group) for group in (with_axes, without, numbers) if group]
    result = groups[-1]
    for stronger in reversed(groups[:-1]):
        result = _over(stronger, result)
    return result


def _over(stronger: DType, weaker: DType) -> DType:
    if stronger.is_complex or stronger.is_floating_point:
        return stronger.to_complex() if weaker.is_complex and not stronger.is_complex else stronger
    if stronger is bool_ or weaker.kind in FLOATING:
        return promote(stronger, weaker)
    return stronger


def of_scalar(scalar: bool | int | float | complex) -> DType:
    """The data type of a tensor made from a Python scalar: bool, int64, or the default float or complex type."""
    return promote_scalar(bool_, scalar)


_default_dtype: DType = float32


def get_default_dtype() -> DType:
    """The floating-point type of new tensors made from Python floats: float32 unless changed.

    >>> get_default_dtype()
    pluggrad.float32
    """
    return _default_dtype


def set_default_dtype(dtype: DType, /) -> None:
    """Choose the floating-point type of new tensors made from Python floats, for the whole process.

    Raises
    ------
    DTypeError : ``dtype`` is not a real floating-point type.
    """
    global _default_dtype
    if not isinstance(dtype, DType) or dtype.kind != "real floating":
        raise DTypeError(f"set_default_dtype: need a real floating-point type such as pluggrad.float64, got {dtype!r}")
    _default_dtype = dtype


@dataclass(frozen=True, slots=True)
class FloatInfo:
    """The limits of a floating-point type; for a complex type, those of its real and imaginary parts.

    ``bits`` : size of one real number; ``eps`` : distance from 1 to the next larger number;
    ``max``, ``min`` : largest and smallest finite number; ``smallest_normal`` (and PyTorch's
    ``tiny``) : smallest positive normal number; ``resolution`` : 10**-(decimal digits).
    """

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType

    @property
    def tiny(self) -> float:
        """Another name for ``smallest_normal``."""
        return self.smallest_normal

    @property
    def resolution(self) -> float:
        """The approximate decimal resolution, 10**-digits."""
        return float(f"1e-{math.floor(-math.log10(self.eps))}")

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{n}={getattr(self, n):g}' for n in names)}, dtype={_name(self.dtype)})"


@dataclass(frozen=True, slots=True)
class IntInfo:
    """The limits of an integer type: ``bits``, ``max``, ``min``."""

    bits: int
    max: int
    min: int
    dtype: DType

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={_name(self.dtype)})"


def _name(dtype: DType | str) -> str:
    """The name of a dtype, which PyTorch's infos hold in its place."""
    return dtype.name if isinstance(dtype, DType) else dtype


# Bits of the exponent and of the stored significand, as IEEE 754 and bfloat16 define them.
_FLOAT_LAYOUT: Final = {float16: (5, 10), bfloat16: (8, 7), float32: (8, 23), float64: (11, 52)}


def finfo(type: DType, /) -> FloatInfo:
    """The limits of a floating-point type, or of the type of a tensor.

    Raises
    ------
    DTypeError : not a floating-point type.

    >>> finfo(float32).eps
    1.1920928955078125e-07
    """
    dtype = getattr(type, "dtype", type)
    if not isinstance(dtype, DType) or dtype.kind not in FLOATING:
        raise DTypeError(f"finfo: need a floating-point type, got {dtype!r}; for integers use iinfo")
    real = dtype.to_real()
    exponent, significand = _FLOAT_LAYOUT[real]
    bias = 2 ** (exponent - 1) - 1
    largest = (2.0 - 2.0**-significand) * 2.0**bias
    return FloatInfo(real.bits, 2.0**-significand, largest, -largest, 2.0 ** (1 - bias), real)


def iinfo(type: DType, /) -> IntInfo:
    """The limits of an integer type, or of the type of a tensor.

    Raises
    ------
    DTypeError : not an integer type.

    >>> iinfo(int8).max
    127
    """
    dtype = getattr(type, "dtype", type)
    if not isinstance(dtype, DType) or dtype.kind not in INTEGRAL:
        raise DTypeError(f"iinfo: need an integer type, got {dtype!r}; for floating-point types use finfo")
    if dtype.kind == "unsigned integer":
        return IntInfo(dtype.bits, 2**dtype.bits - 1, 0, dtype)
    return IntInfo(dtype.bits, 2 ** (dtype.bits - 1) - 1, -(2 ** (dtype.bits - 1)), dtype)
