"""What a user writes, as a type checker sees it: mypy checks this file, and tests/test_typing.py runs it."""

from __future__ import annotations

from typing import assert_type

import pluggrad as pg

x = pg.tensor([1.0, 2.0], requires_grad=True)
assert_type(x, pg.Tensor)
assert_type(x * 2.0 + 1, pg.Tensor)
assert_type(2.0 / x, pg.Tensor)
assert_type(x[0], pg.Tensor)
assert_type(x > 0, pg.Tensor)
assert_type(pg.sum(x, axis=0), pg.Tensor)
assert_type(pg.zeros(2, 3, dtype=pg.float64), pg.Tensor)
assert_type(x.requires_grad, bool)
assert_type(x.shape, pg.Size)
assert_type(x.dtype, pg.dtype)
assert_type(x.device, pg.device)
assert_type(x.grad, pg.Tensor | None)
with pg.no_grad(), pg.device("cpu"):
    y = pg.multiply(x, 2)
pg.sum(x * y).backward()
