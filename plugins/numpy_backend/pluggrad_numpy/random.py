"""Random numbers: NumPy's own Philox gives the bits; the rest is computed in pieces that stay in the cache."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

# Elements per piece: a few arrays of this size fit into the second-level cache.
_CHUNK = 1 << 16

# Bit patterns of sqrt(1/2), and widths of the stored significand.
_FLOATS = {np.dtype(np.float32): (np.int32, 0x3F3504F3, 23), np.dtype(np.float64): (np.int64, 0x3FE6A09E667F3BCD, 52)}


class _Stream(threading.local):
    """Where this thread stopped reading, so that what follows need not seek."""

    seed = block = -1
    generator: np.random.Generator


_stream = _Stream()


def _generator(seed: int, block: int, blocks: int) -> np.random.Generator:
    """A generator at the beginning of a block, of which that many blocks will be read."""
    if _stream.seed != seed or _stream.block != block:
        _stream.generator = np.random.Generator(np.random.Philox(key=seed, counter=block))
    _stream.seed, _stream.block = seed, block + blocks
    return _stream.generator


def random_bits(*, seed: int, block: int, count: int, device: object) -> np.ndarray:
    """Words of NumPy's Philox."""
    blocks = -(-count // 4)
    return _generator(seed, block, blocks).bit_generator.random_raw(4 * blocks)[:count]


def random_uniform(*, seed: int, block: int, count: int, bits: int, device: object) -> np.ndarray:
    """``Generator.random`` makes bits into numbers just as the default kernel does, low half of a word first."""
    per_block = 4 if bits == 64 else 8
    blocks = -(-count // per_block)
    return _generator(seed, block, blocks).random(per_block * blocks, np.float64 if bits == 64 else np.float32)[:count]


def split_power(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By the bits: the exponent counts powers of two from sqrt(1/2) once that is subtracted from the pattern."""
    integer, half, width = _FLOATS[x.dtype]
    pattern = x.view(integer) - integer(half)
    e = (pattern >> width).astype(x.dtype)
    pattern &= (1 << width) - 1
    pattern += integer(half)
    return pattern.view(x.dtype), e


def apply_where(
    condition: np.ndarray, x: np.ndarray, function: Callable[[np.ndarray], np.ndarray], otherwise: np.ndarray
) -> np.ndarray:
    """Computes the function where it is wanted only."""
    at = np.flatnonzero(condition)
    if at.size:
        otherwise[at] = function(x[at])
    return otherwise


def in_chunks(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Piece by piece."""
    if x.size <= _CHUNK:
        return function(x)
    out = np.empty_like(x)
    for i in range(0, x.size, _CHUNK):
        out[i : i + _CHUNK] = function(x[i : i + _CHUNK])
    return out


KERNELS = {f.__name__: f for f in (random_bits, random_uniform, split_power, apply_where, in_chunks)}
