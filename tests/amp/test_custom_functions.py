"""A user's own functions in regions of mixed precision, beside PyTorch."""

from __future__ import annotations

import pytest

import pluggrad

torch = pytest.importorskip("torch")


def device_type_of(lib):
    """The device type of new tensors."""
    return "cpu" if lib is torch else lib.get_default_device().type


def product(lib, **options):
    seen, here = [], device_type_of(lib)

    class Product(lib.autograd.Function):
        @staticmethod
        @lib.amp.custom_fwd(device_type=here, **options)
        def forward(ctx, a, b, extra):
            ctx.save_for_backward(a, b)
            seen.append(("forward", a.dtype, extra["x"].dtype, lib.is_autocast_enabled(here), (a @ b).dtype))
            return a @ b

        @staticmethod
        @lib.amp.custom_bwd(device_type=here)
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            seen.append(("backward", a.dtype, lib.is_autocast_enabled(here), (a.T @ a).dtype))
            return g.to(b.dtype) @ b.T, a.T @ g.to(a.dtype), None

    return Product, seen


@pytest.mark.usefixtures("float16")
@pytest.mark.parametrize("cast_inputs", [None, "float32", "float16"])
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_dtypes_and_regions_are_pytorchs(cast_inputs, inside, dtype):
    both = []
    for lib in (pluggrad, torch):
        options = {} if cast_inputs is None else {"cast_inputs": getattr(lib, cast_inputs)}
        function, seen = product(lib, **options)
        a, b = (lib.ones(2, 2, dtype=getattr(lib, dtype), requires_grad=True) for _ in range(2))
        with lib.autocast(device_type_of(lib), dtype=lib.float16, enabled=inside):
            y = function.apply(a, b, {"x": lib.ones(1)})
        y.sum().backward()
        both.append([[str(s).split(".")[-1] for s in one] for one in seen] + [str(a.grad.dtype).split(".")[-1]])
    assert both[0] == both[1]


def test_the_device_type_must_be_named():
    for decorator in (pluggrad.amp.custom_fwd, pluggrad.amp.custom_bwd):
        with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
            decorator(lambda ctx: None, device_type=1)
