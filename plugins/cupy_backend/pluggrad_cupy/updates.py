"""Steps of optimisers: all parameters of a dtype in one launch. ``pluggrad.backends.updates`` defines them.

A step that is not here, or not with these options, is composed: ``update_each`` goes through the list.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import cupy
import numpy
from cupy import ndarray as Array

from .launch import launch

#: As in csrc/optimisers.cu.
CHUNK = 4096

Lists = Sequence[Sequence[Array]]


@functools.lru_cache(maxsize=64)
def _chunks(device: int, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """The sizes, and for each chunk its parameter and its first element."""
    pairs = [(which, first) for which, size in enumerate(sizes) for first in range(0, size, CHUNK)]
    return cupy.asarray(numpy.array(sizes, numpy.int64)), cupy.asarray(numpy.array(pairs, numpy.int64).reshape(-1, 2))


@functools.lru_cache(maxsize=64)
def _table(device: int, addresses: tuple[int, ...]) -> Array:
    """Addresses on the device. The pool gives gradients the memory that they had in the step before: mostly known."""
    return cupy.asarray(numpy.array(addresses, numpy.int64))


def _flat(x: Array) -> Array:
    """Its numbers side by side, complex ones as pairs of real ones; over the same memory if that is contiguous."""
    flat = cupy.ascontiguousarray(x).reshape(-1)
    return flat.view(cupy.float32 if x.dtype == cupy.complex64 else cupy.float64) if x.dtype.kind == "c" else flat


def over(kernel: str, lists: Lists, options: Sequence[Any]) -> None:
    """A step of parameters of one dtype and one device; what is not contiguous goes by way of a copy."""
    rows = [row for row in zip(*lists, strict=True) if row[0].size]
    if not rows:
        return
    flat = [[_flat(a) for a in row] for row in rows]
    device = rows[0][0].device.id
    sizes, chunks = _chunks(device, tuple([row[0].size for row in flat]))
    addresses = _table(device, tuple([a.data.ptr for row in flat for a in row]))
    count = chunks.shape[0]
    launch("optimisers", kernel, flat[0][0].dtype, count, (addresses, sizes, chunks, count, *options))
    for row, copies in zip(rows, flat, strict=True):
        for k, (target, values) in enumerate(zip(row, copies, strict=True)):
            if k != 1 and target.data.ptr != values.data.ptr:
                target[...] = values.view(target.dtype).reshape(target.shape)


def sgd_step(
    params: Sequence[Array], grads: Sequence[Array], buffers: Sequence[Array] | None = None, *, lr: float,
    momentum: float, dampening: float, weight_decay: float, nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    if momentum and buffers is not None:
        more = (momentum, dampening, nesterov, first)
        over("sgd_momentum", (params, grads, buffers), (lr, weight_decay, maximize, *more))
    else:
        over("sgd", (params, grads), (lr, weight_decay, maximize))


def adam_step(
    params: Sequence[Array], grads: Sequence[Array], exp_avg: Sequence[Array], exp_avg_sq: Sequence[Array],
    max_exp_avg_sq: Sequence[Array] | None, *, step: float, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float, decoupled: bool, maximize: bool,
) -> None:  # fmt: skip
    corrections = (1 - beta1**step, math.sqrt(1 - beta2**step))
    options = (lr, beta1, beta2, eps, weight_decay, *corrections, decoupled, maximize)
    lists = (params, grads, exp_avg, exp_avg_sq)
    if max_exp_avg_sq is None:
        over("adam", lists, options)
    else:
        over("adam_amsgrad", (*lists, max_exp_avg_sq), options)


def nadam_step(
    params: Sequence[Array], grads: Sequence[Array], exp_avg: Sequence[Array], exp_avg_sq: Sequence[Array], *,
    step: float, mu: float, mu_next: float, mu_product: float, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float, decoupled: bool, maximize: bool,
) -> None:  # fmt: skip
    corrections = (1 - beta1**step, math.sqrt(1 - beta2**step))
    ahead = (lr * (1 - mu) / (1 - mu_product), lr * mu_next / (1 - mu_product * mu_next))
    options = (lr, beta1, beta2, eps, weight_decay, *corrections, decoupled, maximize, *ahead)
    over("nadam", (params, grads, exp_avg, exp_avg_sq), options)


def radam_step(
    params: Sequence[Array], grads: Sequence[Array], exp_avg: Sequence[Array], exp_avg_sq: Sequence[Array], *,
    step: float, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool,
    maximize: bool,
) -> None:  # fmt: skip
    correction, longest = 1 - beta2**step, 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / correction
    rectify = 0.0
    if length > 5:
        rectify = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    corrections = (1 - beta1**step, math.sqrt(correction))
    options = (lr, beta1, beta2, eps, weight_decay, *corrections, decoupled, maximize, rectify)
    over("radam", (params, grads, exp_avg, exp_avg_sq), options)


def adamax_step(
    params: Sequence[Array], grads: Sequence[Array], exp_avg: Sequence[Array], exp_inf: Sequence[Array], *,
    step: float, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, maximize: bool,
) -> None:  # fmt: skip
    options = (lr, beta1, beta2, eps, weight_decay, 1 - beta1**step, maximize)
    over("adamax", (params, grads, exp_avg, exp_inf), options)


def adadelta_step(
    params: Sequence[Array], grads: Sequence[Array], square_avg: Sequence[Array], acc_delta: Sequence[Array], *,
    lr: float, rho: float, eps: float, weight_decay: float, maximize: bool,
) -> None:  # fmt: skip
    over("adadelta", (params, grads, square_avg, acc_delta), (lr, rho, eps, weight_decay, maximize))


def adagrad_step(
    params: Sequence[Array], grads: Sequence[Array], sums: Sequence[Array], *, step: float, lr: float, lr_decay: float,
    eps: float, weight_decay: float, maximize: bool,
) -> None:  # fmt: skip
    over("adagrad", (params, grads, sums), (lr / (1 + (step - 1) * lr_decay), eps, weight_decay, maximize))


def rmsprop_step(
    params: Sequence[Array], grads: Sequence[Array], square_avg: Sequence[Array],
    momentum_buffer: Sequence[Array] | None, grad_avg: Sequence[Array] | None, *, lr: float, alpha: float, eps: float,
    weight_decay: float, momentum: float, maximize: bool,
) -> None:  # fmt: skip
    more = [m for m in (momentum_buffer, grad_avg) if m is not None]
    name = {(False, False): "rmsprop", (True, False): "rmsprop_momentum", (False, True): "rmsprop_centered"}.get(
        (momentum_buffer is not None, grad_avg is not None), "rmsprop_both"
    )
    over(name, (params, grads, square_avg, *more), (lr, alpha, eps, weight_decay, momentum, maximize))


KERNELS: dict[str, Callable[..., None]] = {f.__name__: f for f in (
    sgd_step, adam_step, nadam_step, radam_step, adamax_step, adadelta_step, adagrad_step, rmsprop_step,
)}  # fmt: skip
