"""Random bits from a counter: Philox4x64-10, composed from the array API standard.

Philox is a cipher of few rounds: block number ``i`` of a stream is a function of ``i`` and of the seed alone, so
any part of a stream can be computed by itself, in parallel, and the same on every device. The numbers are those
of ``numpy.random.Philox(key=seed)``, whose first block has the number 1.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC '11, 2011.
"""

from __future__ import annotations

from typing import Any

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_KEY_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_LOW = 0xFFFFFFFF
_MASK = 0xFFFFFFFFFFFFFFFF


def _product(a: Any, constant: int) -> tuple[Any, Any]:
    """High and low 64 bits of the product of uint64 ``a`` and a constant.

    In halves of 32 bits, so that nothing overflows: the standard leaves open what an overflow gives.
    """
    a_low, a_high = a & _LOW, a >> 32
    c_low, c_high = constant & _LOW, constant >> 32
    low, cross, other = a_low * c_low, a_high * c_low, a_low * c_high
    middle = (low >> 32) + (cross & _LOW) + (other & _LOW)
    high = a_high * c_high + (cross >> 32) + (other >> 32) + (middle >> 32)
    return high, (low & _LOW) | ((middle & _LOW) << 32)


def words(xp: Any, *, seed: int, block: int, count: int, device: Any) -> Any:
    """``count`` random 64-bit words, from the beginning of a block on.

    Parameters
    ----------
    seed : the key, 0 <= seed < 2**64
    block : number of the first block, each of 4 words
    count : how many words
    device : the library's own device

    Returns
    -------
    array of the library, uint64, shape (count,)
    """
    ns = xp.namespace
    blocks = -(-count // 4)
    a = ns.arange(blocks, dtype=ns.uint64, device=device) + (block + 1)
    b = c = d = ns.zeros(blocks, dtype=ns.uint64, device=device)
    key = (seed, 0)
    for _ in range(_ROUNDS):
        high0, low0 = _product(a, _MULTIPLIERS[0])
        high1, low1 = _product(c, _MULTIPLIERS[1])
        a, b, c, d = high1 ^ b ^ key[0], low1, high0 ^ d ^ key[1], low0
        key = ((key[0] + _KEY_STEPS[0]) & _MASK, (key[1] + _KEY_STEPS[1]) & _MASK)
    return ns.reshape(ns.stack((a, b, c, d), axis=-1), (-1,))[:count]
