"""pluggrad: PyTorch's programming model for any array library.

>>> import pluggrad
>>> x = pluggrad.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> (x**2).sum().backward()
>>> x.grad
tensor([2., 4., 6.])
"""

from __future__ import annotations

import typing as _typing
from importlib import import_module as _import_module

from . import autograd, backends, fft, linalg, ops, random
from . import methods as _methods  # attaches Tensor's methods
from .autograd.autocast import (
    autocast, clear_autocast_cache, get_autocast_dtype, is_autocast_available, is_autocast_cache_enabled,
    is_autocast_enabled, set_autocast_cache_enabled, set_autocast_dtype, set_autocast_enabled,
)  # fmt: skip
from .autograd.transforms import vmap
from .autograd import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled
from .device import Device as device
from .device import get_default_device, set_default_device
from .dtypes import (
    DType as dtype,
    bfloat16, bool_ as bool, complex64, complex128, finfo, float16, float32, float64, get_default_dtype, iinfo, int8,
    int16, int32, int64, set_default_dtype, uint8, uint16, uint32, uint64,
)  # fmt: skip
from .function import declared_late as _declared_late
from .info import __array_api_version__, __array_namespace_info__
from .linalg import det, matrix_exp, matrix_power, slogdet
from .linalg import inv as inverse
from .linalg import pinv as pinverse
from .methods.basics import numel
from .methods.conversion import is_complex, is_floating_point, is_tensor
from .methods.linalg import cholesky, lu, lu_solve, qr, svd, triangular_solve
from .ops import *  # noqa: F403
from .ops import register_function, return_types
from .ops.householder import geqrf, ormqr
from .ops.householder import householder_product as orgqr
from .ops.linear_systems import cholesky_inverse, cholesky_solve, logdet
from .ops.lu import lu_unpack
from .random import (
    Generator, bernoulli, binomial, default_generator, get_rng_state, initial_seed, manual_seed, multinomial, normal,
    poisson, rand, rand_like, randint, randint_like, randn, randn_like, randperm, seed, set_rng_state,
)  # fmt: skip
from .tensor import Size, Tensor, get_printoptions, printoptions, set_printoptions
from .tensor.inference import is_inference
from .threads import get_num_threads, set_num_threads
from .typed import (
    BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, DoubleTensor, FloatTensor, HalfTensor, IntTensor, LongTensor,
    ShortTensor,
)  # fmt: skip

if _typing.TYPE_CHECKING:
    from . import accelerator, amp, cuda, distributions, func, nn, optim, profiler, special, torch, utils
    from .utils.serialization import load, save

__version__ = "0.1.0"

float, double, half = float32, float64, float16
int, long, short = int32, int64, int16
cfloat, cdouble = complex64, complex128
e, pi, inf, nan, newaxis = 2.718281828459045, 3.141592653589793, 1e309, 1e309 - 1e309, None

#: Parts that are imported when they are first asked for: who only differentiates does not wait for them.
_PARTS = ("accelerator", "amp", "cuda", "distributions", "func", "nn", "optim", "profiler", "special", "torch", "utils")
_LATE = {"load": ".utils.serialization", "save": ".utils.serialization"}
_declared_late("pluggrad.special")


def __getattr__(name: str) -> object:
    if name in _PARTS:
        return _import_module(f".{name}", __name__)
    if name in _LATE:
        return getattr(_import_module(_LATE[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
