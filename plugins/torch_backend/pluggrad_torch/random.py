"""Random numbers: pluggrad's own stream, in PyTorch's int64, since most of its kernels lack uint64.

See ``pluggrad.backends.philox`` for the generator; the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Tensor = torch.Tensor

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_KEY_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_LOW = 0xFFFFFFFF
_MASK = 0xFFFFFFFFFFFFFFFF


def _as_int64(number: int) -> int:
    """The number with the bits of a uint64."""
    return number - (1 << 64) if number >> 63 else number


def _high(x: Tensor) -> Tensor:
    """The upper 32 bits of each uint64."""
    return (x >> 32) & _LOW


def _product(a: Tensor, constant: int) -> tuple[Tensor, Tensor]:
    """High and low 64 bits of the product with a constant, of uint64s whose bits int64s hold."""
    a_low, a_high = a & _LOW, _high(a)
    c_low, c_high = constant & _LOW, constant >> 32
    low, cross, other = a_low * c_low, a_high * c_low, a_low * c_high
    middle = _high(low) + (cross & _LOW) + (other & _LOW)
    high = a_high * c_high + _high(cross) + _high(other) + _high(middle)
    return high, a * _as_int64(constant)


def _words(seed: int, block: int, count: int, device: torch.device) -> Tensor:
    """Random words, as int64s of the same bits."""
    blocks = -(-count // 4)
    a = torch.arange(blocks, dtype=torch.int64, device=device) + _as_int64((block + 1) & _MASK)
    b = c = d = torch.zeros(blocks, dtype=torch.int64, device=device)
    key = (seed & _MASK, 0)
    for _ in range(_ROUNDS):
        high0, low0 = _product(a, _MULTIPLIERS[0])
        high1, low1 = _product(c, _MULTIPLIERS[1])
        a, b, c, d = high1 ^ b ^ _as_int64(key[0]), low1, high0 ^ d ^ _as_int64(key[1]), low0
        key = ((key[0] + _KEY_STEPS[0]) & _MASK, (key[1] + _KEY_STEPS[1]) & _MASK)
    return torch.stack((a, b, c, d), -1).reshape(-1)[:count]


def random_bits(*, seed: int, block: int, count: int, device: torch.device) -> Tensor:
    return _words(seed, block, count, device).view(torch.uint64)


def random_uniform(*, seed: int, block: int, count: int, bits: int, device: torch.device) -> Tensor:
    if bits == 64:
        return ((_words(seed, block, count, device) >> 11) & ((1 << 53) - 1)).to(torch.float64) * 2.0**-53
    words = _words(seed, block, -(-count // 2), device)
    halves = torch.stack((words & _LOW, _high(words)), -1).reshape(-1)[:count]
    return (halves >> 8).to(torch.float32) * 2.0**-24


def apply_where(condition: Tensor, x: Tensor, function: Callable[[Tensor], Tensor], otherwise: Tensor) -> Tensor:
    """Computes the function where it is wanted only."""
    otherwise[condition] = function(x[condition])
    return otherwise


KERNELS = {f.__name__: f for f in (random_bits, random_uniform, apply_where)}
