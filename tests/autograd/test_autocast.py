"""Mixed precision: which functions cast which arguments, beside PyTorch; regions, threads, the cache of casts."""

from __future__ import annotations

import threading

import pytest

import pluggrad
from pluggrad.autograd.autocast import AUTOCAST, STATE

F16 = pluggrad.float16


@pytest.fixture(autouse=True)
def nothing_is_left_open():
    before = STATE.get(), len(AUTOCAST)
    yield
    assert (STATE.get(), len(AUTOCAST)) == before


def half():
    return pluggrad.autocast("cpu", dtype=F16)


A, B = (2, 3), (3, 3)
TARGET = ("classes", (2,))
#: The call, the shapes of its arguments.
CASES = {
    "matmul": (lambda lib, a, b: lib.matmul(a, b), (A, B)),
    "@": (lambda lib, a, b: a @ b, (A, B)),
    "mm": (lambda lib, a, b: lib.mm(a, b), (A, B)),
    "bmm": (lambda lib, a, b: lib.bmm(a, b), ((2, 3, 3), (2, 3, 3))),
    "vecdot": (lambda lib, a, b: lib.linalg.vecdot(a, b), (A, A)),
    "linear": (lambda lib, a, b: lib.nn.functional.linear(a, b), (A, B)),
    "linear with bias": (lambda lib, a, b, c: lib.nn.functional.linear(a, b, c), (A, B, (3,))),
    "conv2d": (lambda lib, a, b: lib.nn.functional.conv2d(a, b), ((1, 2, 4, 4), (3, 2, 2, 2))),
    "conv1d": (lambda lib, a, b: lib.nn.functional.conv1d(a, b), ((1, 2, 4), (3, 2, 2))),
    "mse_loss": (lambda lib, a, b: lib.nn.functional.mse_loss(a, b), (A, A)),
    "l1_loss": (lambda lib, a, b: lib.nn.functional.l1_loss(a, b), (A, A)),
    "cross_entropy": (lambda lib, a, b: lib.nn.functional.cross_entropy(a, b), (A, TARGET)),
    "nll_loss": (lambda lib, a, b: lib.nn.functional.nll_loss(a, b), (A, TARGET)),
    "binary_cross_entropy_with_logits": (
        lambda lib, a, b: lib.nn.functional.binary_cross_entropy_with_logits(a, b),
        (A, A),
    ),
    "prod": (lambda lib, a: lib.prod(a), (A,)),
    "cdist": (lambda lib, a, b: lib.cdist(a, b), (A, A)),
    "inv": (lambda lib, a: lib.linalg.inv(a), (B,)),
    "solve": (lambda lib, a, b: lib.linalg.solve(a, b), (B, B)),
    "qr": (lambda lib, a: lib.linalg.qr(a)[0], (B,)),
    "svd": (lambda lib, a: lib.linalg.svd(a)[1], (B,)),
    "rfft": (lambda lib, a: lib.fft.rfft(a), ((2, 4),)),
    "huber_loss": (lambda lib, a, b: lib.nn.functional.huber_loss(a, b), (A, A)),
    "smooth_l1_loss": (lambda lib, a, b: lib.nn.functional.smooth_l1_loss(a, b), (A, A)),
    "kl_div": (lambda lib, a, b: lib.nn.functional.kl_div(a, b, reduction="sum"), (A, A)),
    "poisson_nll_loss": (lambda lib, a, b: lib.nn.functional.poisson_nll_loss(a, b), (A, A)),
    "soft_margin_loss": (lambda lib, a, b: lib.nn.functional.soft_margin_loss(a, b), (A, A)),
    "hinge_embedding_loss": (lambda lib, a, b: lib.nn.functional.hinge_embedding_loss(a, b), (A, A)),
    "margin_ranking_loss": (lambda lib, a, b, c: lib.nn.functional.margin_ranking_loss(a, b, c), (A, A, A)),
    "cosine_embedding_loss": (lambda lib, a, b, c: lib.nn.functional.cosine_embedding_loss(a, b, c), (A, A, (2,))),
    "triplet_margin_loss": (lambda lib, a, b, c: lib.nn.functional.triplet_margin_loss(a, b, c), (A, A, A)),
    "prelu": (lambda lib, a, b: lib.nn.functional.prelu(a, b), (A, (3,))),
    "conv_transpose2d": (lambda lib, a, b: lib.nn.functional.conv_transpose2d(a, b), ((1, 2, 4, 4), (2, 3, 2, 2))),
    "addmm": (lambda lib, a, b, c: lib.addmm(a, b, c), (A, A, B)),
    "baddbmm": (lambda lib, a, b, c: lib.baddbmm(a, b, c), ((2, 3, 3),) * 3),
    "addbmm": (lambda lib, a, b, c: lib.addbmm(a, b, c), (B, (2, 3, 3), (2, 3, 3))),
    "einsum": (lambda lib, a, b: lib.einsum("ij,jk->ik", a, b), (A, B)),
    "quantile": (lambda lib, a: lib.quantile(a, 0.5), (A,)),
    "nanquantile": (lambda lib, a: lib.nanquantile(a, 0.5), (A,)),
    "trace": (lambda lib, a: lib.trace(a), (B,)),
    "polar": (lambda lib, a, b: lib.polar(a, b), (A, A)),
    "stft": (lambda lib, a, b: lib.stft(a, 4, window=b, return_complex=True), ((16,), (4,))),
    "binary_cross_entropy": (lambda lib, a, b: lib.nn.functional.binary_cross_entropy(a, b), (A, A)),
    "cholesky": (lambda lib, a: lib.linalg.cholesky(a @ a.mT if a.dtype == lib.float64 else a), (B,)),
    "cholesky_ex": (lambda lib, a: lib.linalg.cholesky_ex(a)[0], (B,)),
    "inv_ex": (lambda lib, a: lib.linalg.inv_ex(a)[0], (B,)),
    "svdvals": (lambda lib, a: lib.linalg.svdvals(a), (B,)),
    "eigvals": (lambda lib, a: lib.linalg.eigvals(a), (B,)),
    "eigvalsh": (lambda lib, a: lib.linalg.eigvalsh(a), (B,)),
    "eig": (lambda lib, a: lib.linalg.eig(a)[0], (B,)),
    "eigh": (lambda lib, a: lib.linalg.eigh(a)[0], (B,)),
    "cond": (lambda lib, a: lib.linalg.cond(a), (B,)),
    "lstsq": (lambda lib, a, b: lib.linalg.lstsq(a, b)[0], (B, B)),
    "pinverse": (lambda lib, a: lib.pinverse(a), (B,)),
    "tensorinv": (lambda lib, a: lib.linalg.tensorinv(a, ind=1), (B,)),
    "tensorsolve": (lambda lib, a, b: lib.linalg.tensorsolve(a, b), (B, (3,))),
    "attention": (lambda lib, a, b, c: lib.nn.functional.scaled_dot_product_attention(a, b, c), ((1, 2, 4, 4),) * 3),
    "cat": (lambda lib, a, b: lib.cat([a, b]), (A, A)),
    "stack": (lambda lib, a, b: lib.stack([a, b]), (A, A)),
    "add": (lambda lib, a, b: a + b, (A, A)),
    "relu": (lambda lib, a: lib.relu(a), (A,)),
    "softmax": (lambda lib, a: lib.softmax(a, dim=-1), (A,)),
    "layer_norm": (lambda lib, a: lib.nn.functional.layer_norm(a, (3,)), (A,)),
    "sum": (lambda lib, a: a.sum(), (A,)),
    "exp": (lambda lib, a: a.exp(), (A,)),
}


def arguments(lib, shapes, dtypes):
    out = []
    for shape, dtype in zip(shapes, dtypes, strict=True):
        if shape[0] == "classes":
            out.append(lib.zeros(*shape[1], dtype=lib.int64))
            continue
        x = lib.reshape(lib.arange(1, 1 + pluggrad.Size(shape).numel(), dtype=lib.float32), shape) / 16
        if shape == B:
            x = x + lib.eye(3)
        out.append(lib.clip(x, 0.0, 1.0).to(getattr(lib, dtype)))
    return out


@pytest.mark.cpu
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtypes", ["float32", "float16", "mixed", "float64"])
def test_dtypes_are_pytorchs(name, dtypes):
    torch = pytest.importorskip("torch")
    call, shapes = CASES[name]
    names = (["float16", "float32", "float32"] if dtypes == "mixed" else [dtypes] * 3)[: len(shapes)]
    with half():
        ours = call(pluggrad, *arguments(pluggrad, shapes, names)).dtype
    with torch.autocast("cpu", dtype=torch.float16):
        theirs = call(torch, *arguments(torch, shapes, names)).dtype
    assert ours.name == str(theirs).removeprefix("torch.")


@pytest.mark.cpu
def test_gradients_have_the_dtype_of_the_weights():
    w, x = pluggrad.ones(3, 2, requires_grad=True), pluggrad.ones(4, 2)
    with half():
        y = pluggrad.nn.functional.linear(x, w)
        loss = pluggrad.nn.functional.mse_loss(y, pluggrad.zeros(4, 3))
    assert (y.dtype, loss.dtype) == (F16, pluggrad.float32)
    loss.backward()
    assert w.grad.dtype is pluggrad.float32
    assert w.grad.flatten().tolist() == pytest.approx([4 * 2 * 2 / 12] * 6, rel=1e-3)


@pytest.mark.cpu
def test_regions_nest_and_can_be_switched_off():
    x = pluggrad.ones(2, 2)
    with half():
        assert pluggrad.is_autocast_enabled("cpu") and not pluggrad.is_autocast_enabled("cuda")
        with pluggrad.autocast("cpu", enabled=False):
            assert (x @ x).dtype is pluggrad.float32
            assert not pluggrad.is_autocast_enabled("cpu")
        assert (x @ x).dtype is F16
        assert pluggrad.get_autocast_dtype("cpu") is F16
    assert (x @ x).dtype is pluggrad.float32
    assert pluggrad.get_autocast_dtype("cpu") is pluggrad.bfloat16
    assert pluggrad.get_autocast_dtype("cuda") is F16


@pytest.mark.cpu
def test_as_a_decorator_and_after_an_exception():
    x = pluggrad.ones(2, 2)

    @half()
    def product():
        return x @ x

    @half()
    def broken():
        raise KeyError("x")

    assert product().dtype is F16
    with pytest.raises(KeyError):
        broken()
    assert (x @ x).dtype is pluggrad.float32


@pytest.mark.cpu
def test_a_region_belongs_to_its_thread():
    x, seen = pluggrad.ones(2, 2), []
    with half():
        thread = threading.Thread(target=lambda: seen.append((x @ x).dtype))
        thread.start()
        thread.join()
    assert seen == [pluggrad.float32]


@pytest.mark.cpu
def test_a_weight_is_cast_once_until_it_is_written():
    w, x = pluggrad.ones(2, 2, requires_grad=True), pluggrad.ones(2, 2)
    with half():
        first, second = (x @ w).grad_fn, (x @ w).grad_fn
        assert first.parents[1] is second.parents[1]
        with pluggrad.no_grad():
            w.mul_(3)
        y = x @ w
        assert y.tolist() == [[6, 6], [6, 6]]
        pluggrad.clear_autocast_cache()
        assert (x @ w).grad_fn.parents[1] is not y.grad_fn.parents[1]
    with pluggrad.autocast("cpu", dtype=F16, cache_enabled=False):
        assert (x @ w).grad_fn.parents[1] is not (x @ w).grad_fn.parents[1]


@pytest.mark.cpu
def test_a_cast_without_gradients_is_not_used_where_they_are_wanted():
    w, x = pluggrad.ones(2, 2, requires_grad=True), pluggrad.ones(2, 2)
    with half():
        with pluggrad.no_grad():
            x @ w
        assert (x @ w).requires_grad


@pytest.mark.cpu
def test_switches():
    x = pluggrad.ones(2, 2)

    def in_a_thread():
        pluggrad.set_autocast_dtype("cpu", F16)
        pluggrad.set_autocast_enabled("cpu", True)
        seen.append((x @ x).dtype)
        pluggrad.set_autocast_enabled("cpu", False)
        seen.append((x @ x).dtype)
        pluggrad.set_autocast_cache_enabled(False)
        seen.append(pluggrad.is_autocast_cache_enabled())

    seen, left = [], len(AUTOCAST)
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    del AUTOCAST[left:]
    assert seen == [F16, pluggrad.float32, False]
    assert pluggrad.is_autocast_cache_enabled()


@pytest.mark.cpu
@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: pluggrad.autocast(1), ValueError, "device_type must be a str"),
        (lambda: pluggrad.autocast("nowhere"), RuntimeError, "no backend here has devices of type 'nowhere'"),
        (lambda: pluggrad.autocast("cpu", dtype=3), TypeError, "must be pluggrad.float16 or"),
        (lambda: half()(3), TypeError, "requires a callable, got int"),
    ],
)
def test_mistakes(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("name", ["float32", "float64", "int64"])
def test_another_dtype_switches_it_off_as_in_pytorch(name):
    torch = pytest.importorskip("torch")
    for lib in (pluggrad, torch):
        with pytest.warns(UserWarning, match="the target dtype .*is not supported. Disabling autocast"):
            region = lib.autocast("cpu", dtype=getattr(lib, name))
        with region:
            assert not lib.is_autocast_enabled("cpu")
            assert (lib.ones(2, 2) @ lib.ones(2, 2)).dtype == lib.float32


def test_a_backend_without_half_precision_says_so():
    pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match=r"backend 'strict' has no pluggrad.bfloat16; it has \['bool', "):
        pluggrad.autocast("strict")


def test_code_of_functions_that_are_not_listed_does_not_ask():
    assert "AUTOCAST" in pluggrad.autograd.source("linear")
    for name in ("add", "multiply", "exp", "sum", "relu", "softmax"):
        assert "AUTOCAST" not in pluggrad.autograd.source(name)
