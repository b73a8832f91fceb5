"""Attention in tiles: the weights are never all there, forward or backward. ``csrc/attention.cu``."""

from __future__ import annotations

import functools
import math
from typing import Any

import cupy
import numpy
from cupy import ndarray as Array

from . import devices
from .launch import launch

_TILE, _THREADS, _COLUMNS = 32, 256, 128  # as in the kernels


@functools.lru_cache(maxsize=64)
def _starts(device: int, lead: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Where the mask of each item of a batch begins, in a contiguous mask that broadcasts."""
    at = numpy.arange(math.prod(shape[:-2]), dtype=numpy.int64) * math.prod(shape[-2:])
    return cupy.asarray(numpy.ascontiguousarray(numpy.broadcast_to(at.reshape(shape[:-2]), lead)).reshape(-1))


class _Problem:
    """The sizes, and what the kernels are told of the mask."""

    def __init__(self, query: Array, key: Array, value: Array, masks: Any, scale: float, causal: bool) -> None:
        self.lead = query.shape[:-2]
        self.queries, self.keys = query.shape[-2], key.shape[-2]
        self.width, self.values = query.shape[-1], value.shape[-1]
        self.batch = math.prod(self.lead)
        number = devices.current()
        if masks:
            mask = cupy.ascontiguousarray(masks[0])
            shape = (1,) * (query.ndim - mask.ndim) + mask.shape
            rows, columns = shape[-2:]
            # An axis of size 1 is the same for all: its step is 0.
            self.mask = (mask, _starts(number, self.lead, shape))
            steps = (columns if rows > 1 else 0, int(columns > 1))
        else:
            self.mask = (cupy.empty(0, query.dtype), _starts(number, (), (1, 1)))
            steps = (0, 0)
        sizes = (self.batch, self.queries, self.keys, self.width, self.values)
        self.options = (*sizes, *steps, scale, causal, bool(masks))

    def run(self, name: str, dtype: Any, rows: int, columns: int, args: tuple[Any, ...]) -> None:
        blocks = self.batch * -(-rows // _TILE) * max(-(-columns // _COLUMNS), 1)
        launch("attention", name, dtype, blocks, (*args, *self.options), threads=_THREADS)


def tiled_attention(*arrays: Array, scale: float, causal: bool = False) -> tuple[Array, Array]:
    query, key, value = (cupy.ascontiguousarray(a) for a in arrays[:3])
    p = _Problem(query, key, value, arrays[3:], scale, causal)
    out = cupy.empty((*p.lead, p.queries, p.values), query.dtype)
    log_total = cupy.empty((*p.lead, p.queries, 1), query.dtype)
    p.run("attention", query.dtype, p.queries, p.values, (query, key, value, *p.mask, out, log_total))
    return out, log_total


def tiled_attention_gradients(*arrays: Array, scale: float, causal: bool = False) -> tuple[Array, Array, Array]:
    given = tuple(cupy.ascontiguousarray(a) for a in arrays[:6])
    query, key, value = given[2:5]
    p = _Problem(query, key, value, arrays[6:], scale, causal)
    found = tuple(cupy.empty(a.shape, a.dtype) for a in (query, key, value))
    for name, out in zip(("attention_query", "attention_key", "attention_value"), found, strict=True):
        p.run(name, query.dtype, out.shape[-2], out.shape[-1], (*given, *p.mask, out))
    return found


KERNELS = {f.__name__: f for f in (tiled_attention, tiled_attention_gradients)}
