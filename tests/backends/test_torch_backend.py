"""PyTorch's arrays as a backend: what is particular about the library, and that pluggrad's semantics hold over it."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import pluggrad
from pluggrad.errors import DeviceError, DTypeError, LinAlgError

torch = pytest.importorskip("torch")
pytest.importorskip("pluggrad_torch")

UNSIGNED = ("uint16", "uint32", "uint64")


def on_torch(values: Any, dtype: Any = None, **options: Any) -> pluggrad.Tensor:
    return pluggrad.tensor(values, dtype=dtype, device="torch", **options)


def doubles(values: Any) -> pluggrad.Tensor:
    return on_torch(values, pluggrad.float64)


def same(ours: pluggrad.Tensor, expected: Any) -> None:
    """Assert equal dtypes and values, to the last bit."""
    expected = np.asarray(expected)
    assert (str(ours.device), ours.dtype.name, tuple(ours.shape)) == ("torch", expected.dtype.name, expected.shape)
    np.testing.assert_array_equal(ours.cpu().numpy(), expected)


# -- discovery ----------------------------------------------------------------------------------------


def test_it_is_listed_without_importing_the_library() -> None:
    program = (
        "import sys, pluggrad; print(*[s for s in pluggrad.backends.status() if s.name == 'torch']); "
        "print('torch' in sys.modules); pluggrad.zeros(1, device='torch'); print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert out.splitlines() == ["torch (device 'torch') from plugin 'torch': usable", "False", "True"]


def test_devices_that_pytorch_finds_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    from pluggrad_torch.backend import TorchBackend

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.xpu, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    backend = TorchBackend()
    assert backend.device_labels == ("", "cuda0", "cuda1", "xpu0", "mps")
    assert list(map(str, backend.devices)) == ["cpu", "cuda:0", "cuda:1", "xpu:0", "mps:0"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is such a device")
def test_devices_that_do_not_exist_are_not() -> None:
    assert list(map(str, pluggrad.backends.plugins.backend("torch").devices)) == ["torch"]
    with pytest.raises(DeviceError, match="no device 'torch:cuda0': backend 'torch' has torch"):
        pluggrad.zeros(1, device="torch:cuda0")


def test_every_kernel_overrides_something() -> None:
    """A misspelt name would never be called."""
    from pluggrad_torch.kernels import KERNELS

    from pluggrad.backends import defaults, updates
    from pluggrad.function import functions

    assert [n for n in KERNELS if n not in functions() and not hasattr(defaults, n) and not hasattr(updates, n)] == []


# -- memory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("take", [pluggrad.asarray, pluggrad.as_tensor, pluggrad.from_dlpack], ids=lambda f: f.__name__)
def test_a_tensor_shares_the_memory_of_the_librarys_array(take: Any) -> None:
    theirs = torch.zeros(2, 3)
    ours = take(theirs)
    assert ours.device == "torch"
    assert ours.dtype is pluggrad.float32
    assert ours.data_ptr() == theirs.data_ptr()
    ours[0, 0] = 5.0
    theirs[1, 1] = 7.0
    assert ours.tolist() == theirs.tolist() == [[5.0, 0.0, 0.0], [0.0, 7.0, 0.0]]


def test_tensor_copies() -> None:
    theirs = torch.zeros(2)
    ours = pluggrad.tensor(theirs)
    theirs += 1
    assert ours.tolist() == [0.0, 0.0]


def test_its_memory_goes_to_pytorch_by_dlpack() -> None:
    ours = on_torch([1.0, 2.0])
    theirs = torch.from_dlpack(ours)
    assert theirs.data_ptr() == ours.data_ptr()
    with pytest.raises((RuntimeError, BufferError), match="requires? grad"):
        torch.from_dlpack(on_torch([1.0], requires_grad=True))


def test_operands_of_the_library_are_taken() -> None:
    x = on_torch([1.0, 2.0])
    assert (x + torch.tensor([1.0, 1.0])).tolist() == [2.0, 3.0]
    assert (torch.tensor([1.0, 1.0]) + x).tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: torch.ones(2, requires_grad=True), "requires grad is in PyTorch's graph.*use tensor.detach()"),
        (lambda: torch.nn.Parameter(torch.ones(2)), "requires grad"),
        (lambda: torch.ones(2, dtype=torch.complex64).conj(), "conjugate .*resolve_conj"),
        (lambda: torch.ones(2, dtype=torch.complex64).conj().imag, "negative.* bit set"),
        (lambda: torch.eye(2).to_sparse(), "must be dense"),
        (lambda: torch.ones(2, device="meta"), "must be dense for pluggrad, got layout torch.strided, device meta"),
        (lambda: torch.ones(2, dtype=torch.float8_e4m3fn), "arrays of dtype torch.float8_e4m3fn are not supported"),
    ],
)
def test_arrays_on_which_the_kernels_would_go_wrong_are_refused(make: Any, message: str) -> None:
    with pytest.raises((RuntimeError, DTypeError), match=message):
        pluggrad.asarray(make())
    with pytest.raises((RuntimeError, TypeError), match=message):
        on_torch([1.0, 2.0]) * make()


def test_raw_arrays_never_enter_pytorchs_graph() -> None:
    x = on_torch([1.0, 2.0], requires_grad=True)
    y = pluggrad.tanh(x * x)
    y.sum().backward()
    assert x.grad is not None
    assert not any(t._array.requires_grad for t in (x, y, x.grad))


def test_strides_and_contiguity() -> None:
    x = on_torch([[1, 2, 3], [4, 5, 6]])
    assert (x.stride(), x.T.stride(), x[:, ::2].stride()) == ((3, 1), (1, 3), (3, 2))
    assert not x.T.is_contiguous()
    assert x.T.clone().stride() == (2, 1)
    assert x[1].data_ptr() == x.data_ptr() + 3 * 8


def test_a_gradient_has_memory_of_its_own() -> None:
    x = on_torch([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x.T.reshape(4).unsqueeze(0)
    seed = pluggrad.ones_like(y)
    y.backward(seed)
    seed[...] = 9.0
    assert x.grad is not None
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("key", ["1:, :-1", "::2, 1::2", "..., "])
def test_reading_what_is_being_written(key: str) -> None:
    """PyTorch refuses to copy between places that overlap."""
    numpy = np.arange(16.0).reshape(4, 4)
    ours = doubles(numpy.tolist())
    if key == "..., ":
        ours[...] = ours.T
        numpy[...] = numpy.T.copy()
    elif key == "1:, :-1":
        ours[1:] = ours[:-1]
        numpy[1:] = numpy[:-1].copy()
    else:
        ours[[0, 1]] = ours[:2].flip(0)
        numpy[[0, 1]] = numpy[:2][::-1].copy()
    same(ours, numpy)


# -- transfer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [d.name for d in pluggrad.dtypes.STANDARD] + ["float16"])
def test_values_go_to_numpy_and_back(dtype: str) -> None:
    x = pluggrad.tensor([0, 1, 1], dtype=getattr(pluggrad, dtype), device="cpu")
    there = x.to("torch")
    assert (str(there.device), there.dtype) == ("torch", x.dtype)
    back = there.to("cpu")
    there[0] = 1
    assert back.tolist() == x.tolist() != there.tolist()
    x[0] = 1
    assert back.tolist() != x.tolist()


def _readonly(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0)[::-1], np.arange(6.0).reshape(2, 3)[::-1, ::-2], np.arange(6.0).reshape(2, 3).T,
     np.array(3.0), np.zeros((0, 2)),
     _readonly(np.arange(3.0)), np.broadcast_to(np.arange(3.0), (2, 3))],
)  # fmt: skip
def test_any_layout_of_numpy_arrives(array: np.ndarray) -> None:
    """Negative strides take the process down if PyTorch is handed them over DLPack."""
    moved = pluggrad.asarray(array).to("torch")
    same(moved, array)
    moved[...] = 1.0
    assert pluggrad.asarray(array, device="torch").tolist() == array.tolist()


def test_negative_strides_of_a_library_that_does_not_tell_them() -> None:
    strict = pytest.importorskip("array_api_strict")
    pytest.importorskip("pluggrad_strict")
    x = pluggrad.arange(4.0, device="strict")[::-1]
    assert x.to("torch").tolist() == [3.0, 2.0, 1.0, 0.0]
    from pluggrad_torch import namespace

    assert namespace.from_dlpack(strict.arange(4)[::-1]).tolist() == [3, 2, 1, 0]


def test_devices_do_not_mix() -> None:
    with pytest.raises(
        DeviceError, match=r"add: arguments on two devices, 'torch' and 'cpu'; move one, as in x\.to\('torch'\)"
    ):
        on_torch([1.0]) + pluggrad.ones(1, device="cpu")


def test_the_gradient_takes_the_way_back() -> None:
    x = pluggrad.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    (x.to("torch") ** 3).sum().backward()
    assert x.grad is not None
    assert (str(x.grad.device), x.grad.tolist()) == ("cpu", [3.0, 12.0])


# -- no negative strides --------------------------------------------------------------------------------

BACKWARDS = [
    ((6,), (slice(None, None, -1),)), ((6,), (slice(4, 0, -2),)), ((6,), (slice(0, 3, -1),)),
    ((2, 3), (0, slice(None, None, -2))),
    ((2, 3), (slice(None, None, -1), None, slice(None, None, -1))), ((2, 3, 2), (..., slice(None, None, -1))),
    ((2, 3, 2), (slice(None, None, -1), ..., 1)), ((2, 3), (slice(None, None, -1), slice(1, 3))),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "key"), BACKWARDS)
def test_a_negative_step_reads_a_copy_with_the_right_gradient(shape: tuple[int, ...], key: Any) -> None:
    array = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    x = doubles(array.tolist())
    part = x[key]
    same(part, array[key])
    assert not part.is_view or not part.size
    part[...] = -1.0  # a copy: x does not change
    same(x, array)
    x.requires_grad_()
    part = x[key]
    weights = doubles(np.arange(part.size, dtype=np.float64).reshape(part.shape).tolist()) + 1.0
    (g,) = pluggrad.autograd.grad((part * part * weights).sum(), x, create_graph=True)
    expected = np.zeros(shape)
    expected[key] = 2 * array[key] * weights.cpu().numpy()
    same(g.detach(), expected)
    (h,) = pluggrad.autograd.grad(g.sum(), x)
    expected[key] = 2 * weights.cpu().numpy()
    same(h, expected)


@pytest.mark.parametrize(("shape", "key"), BACKWARDS)
@pytest.mark.parametrize("broadcast", [False, True])
@pytest.mark.parametrize("records", [False, True])
def test_a_negative_step_writes_where_it_should(
    shape: tuple[int, ...], key: Any, broadcast: bool, records: bool
) -> None:
    array = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    value = np.arange(100.0, 100.0 + array[key].size).reshape(array[key].shape)
    if broadcast:
        value = value[-1:].reshape(value.shape[1:]) if value.shape[:1] == (1,) else value[..., :1]
    x, v = doubles(array.tolist()), doubles(value.tolist()).reshape(value.shape)
    v.requires_grad_(records)
    x[key] = v
    array[key] = value
    same(x.detach(), array)
    if records:
        weights = np.arange(1.0, 1.0 + array.size).reshape(shape)
        (x * doubles(weights.tolist())).sum().backward()
        ones = torch.ones(value.shape, dtype=torch.float64, requires_grad=True)
        torch.broadcast_to(ones, weights[key].shape).backward(torch.from_numpy(weights[key].copy()))
        assert v.grad is not None
        same(v.grad, ones.grad.numpy())


def test_a_negative_step_beside_index_tensors() -> None:
    x = on_torch([[1, 2, 3], [4, 5, 6]])
    assert x[::-1, [0, 2]].tolist() == [[4, 6], [1, 3]]
    with pytest.raises(IndexError, match="needs negative strides, which backend 'torch' does not have"):
        x[::-1, [0, 2]] = 0
    assert x.tolist() == [[1, 2, 3], [4, 5, 6]]


# -- unsigned integers ------------------------------------------------------------------------------------


def pairs(dtype: str) -> Any:
    """Two arrays of shape (5,), with the extremes."""
    top = int(np.iinfo(dtype).max)
    elements = st.sampled_from([0, 1, 2, 3, 7, top // 2, top // 2 + 1, top - 1, top]) | st.integers(0, top)
    return st.tuples(*[hnp.arrays(dtype, 5, elements=elements)] * 2)


BINARY = (
    "add subtract multiply bitwise_and bitwise_or bitwise_xor less less_equal greater greater_equal equal not_equal "
    "maximum minimum floor_divide remainder bitwise_left_shift bitwise_right_shift logical_and logical_or logical_xor"
).split()
UNARY = "negative square bitwise_invert abs sign signbit floor ceil trunc logical_not isfinite isnan positive".split()


@pytest.mark.parametrize("dtype", UNSIGNED)
@pytest.mark.parametrize("name", BINARY)
def test_unsigned_binary_functions_are_numpys(dtype: str, name: str) -> None:
    numpy = {"bitwise_left_shift": np.left_shift, "bitwise_right_shift": np.right_shift}.get(name) or getattr(np, name)

    @given(pairs(dtype))
    def run(drawn: tuple[np.ndarray, np.ndarray]) -> None:
        a, b = drawn
        if name in ("floor_divide", "remainder"):
            b = np.maximum(b, 1).astype(dtype)
        if "shift" in name:
            b = (b % np.array(np.iinfo(dtype).bits, dtype)).astype(dtype)
        x, y = (pluggrad.asarray(v).to("torch") for v in (a, b))
        same(getattr(pluggrad, name)(x, y), numpy(a, b))

    run()


@pytest.mark.parametrize("dtype", UNSIGNED)
@pytest.mark.parametrize("name", UNARY)
def test_unsigned_unary_functions_are_numpys(dtype: str, name: str) -> None:
    top = int(np.iinfo(dtype).max)
    a = np.array([[0, 1, 2], [top // 2 + 1, top - 1, top]], dtype)
    same(
        getattr(pluggrad, name)(pluggrad.asarray(a).to("torch")),
        {"bitwise_invert": np.invert, "abs": np.abs}.get(name, getattr(np, name, None))(a),
    )


REST = {
    "sum": (lambda x: pluggrad.sum(x, axis=0), lambda a: np.sum(a, axis=0, dtype=np.uint64)),
    "prod": (lambda x: pluggrad.prod(x), lambda a: np.prod(a, dtype=np.uint64)),
    "cumulative_sum": (lambda x: pluggrad.cumulative_sum(x, axis=1), lambda a: np.cumsum(a, axis=1, dtype=np.uint64)),
    "max": (lambda x: pluggrad.max(x), np.max),
    "min": (lambda x: pluggrad.min(x, axis=1), lambda a: np.min(a, axis=1)),
    "argmax": (lambda x: pluggrad.argmax(x), np.argmax),
    "argmin": (lambda x: pluggrad.argmin(x, axis=0), lambda a: np.argmin(a, axis=0)),
    "sort": (lambda x: pluggrad.sort(x), np.sort),
    "argsort": (lambda x: pluggrad.argsort(x), lambda a: np.argsort(a, stable=True)),
    "descending": (lambda x: pluggrad.sort(x, descending=True), lambda a: np.sort(a)[:, ::-1]),
    "unique": (lambda x: pluggrad.unique_values(x), np.unique),
    "searchsorted": (
        lambda x: pluggrad.searchsorted(pluggrad.sort(x[0]), x[1]),
        lambda a: np.searchsorted(np.sort(a[0]), a[1]),
    ),
    "isin": (lambda x: pluggrad.isin(x, x[0]), lambda a: np.isin(a, a[0])),
    "clip": (lambda x: pluggrad.clip(x, 1, 7), lambda a: np.clip(a, 1, 7)),
    "where": (lambda x: pluggrad.where(x > 2, x, x * 2), lambda a: np.where(a > 2, a, a * 2)),
    "matmul": (lambda x: x @ x.T, lambda a: a @ a.T),
    "tril": (lambda x: pluggrad.tril(x), np.tril),
    "flip": (lambda x: pluggrad.flip(x), np.flip),
    "take": (lambda x: pluggrad.take(x, pluggrad.asarray([2, 0], device="torch"), axis=1), lambda a: a[:, [2, 0]]),
    "index": (lambda x: x[[1, 0], [0, 2]], lambda a: a[[1, 0], [0, 2]]),
    "mask": (lambda x: x[x > 2], lambda a: a[a > 2]),
    "nonzero": (lambda x: pluggrad.nonzero(x)[1], lambda a: np.nonzero(a)[1]),
    "median": (lambda x: x.median(), lambda a: np.sort(a.reshape(-1))[2]),
    "astype": (lambda x: x.to(pluggrad.float64), lambda a: a.astype(np.float64)),
    "tile": (lambda x: pluggrad.tile(x, (2, 1)), lambda a: np.tile(a, (2, 1))),
    "pad": (lambda x: pluggrad.pad(x, (1, 1), value=3), lambda a: np.pad(a, ((0, 0), (1, 1)), constant_values=3)),
    "iadd": (lambda x: x.clone().add_(x), lambda a: a + a),
    "scalar": (lambda x: x * 3 + 1, lambda a: a * np.array(3, a.dtype) + np.array(1, a.dtype)),
    "arange": (lambda x: pluggrad.arange(5, dtype=x.dtype, device="torch"), lambda a: np.arange(5, dtype=a.dtype)),
    "eye": (lambda x: pluggrad.eye(3, dtype=x.dtype, device="torch"), lambda a: np.eye(3, dtype=a.dtype)),
}


@pytest.mark.parametrize("dtype", UNSIGNED)
@pytest.mark.parametrize("name", REST)
def test_other_functions_of_unsigned_integers_are_numpys(dtype: str, name: str) -> None:
    ours, numpy = REST[name]
    top = int(np.iinfo(dtype).max)
    for array in (
        np.array([[3, 0, 7], [1, 3, 2]], dtype),
        np.array([[top, 0, top // 2 + 1], [top // 2, top - 1, 5]], dtype),
    ):
        with np.errstate(over="ignore"):
            expected = numpy(array)
        same(ours(pluggrad.asarray(array).to("torch")), expected)


@pytest.mark.parametrize("dtype", UNSIGNED)
def test_writing_and_adding_at_indices_of_unsigned_integers(dtype: str) -> None:
    array = np.array([1, 2, 3], dtype)
    x = pluggrad.asarray(array).to("torch")
    x[[0, 2]] = 9
    x[x == 9] = 4
    same(x, np.array([4, 2, 4], dtype))
    at = pluggrad.asarray([0, 0, 1], device="torch")
    same(x.index_add(0, at, pluggrad.asarray(array).to("torch")), np.array([7, 5, 4], dtype))
    same(x.scatter(0, at[1:], 8), np.array([8, 8, 4], dtype))
    same(x.gather(0, at), np.array([4, 4, 2], dtype))


# -- the standard's semantics, where PyTorch has others -----------------------------------------------------

CONVENTIONS = {
    "a 0-d tensor keeps its dtype": (lambda: on_torch([1.0]) + doubles(1.0), np.array([2.0])),
    "no axes: nothing is summed": (lambda: pluggrad.sum(doubles([1.0, 2.0]), axis=()), np.array([1.0, 2.0])),
    "no axes: nothing is compared": (lambda: pluggrad.max(doubles([1.0, 2.0]), axis=()), np.array([1.0, 2.0])),
    "sign of NaN": (lambda: pluggrad.sign(doubles([math.nan, -0.5])), np.array([math.nan, -1.0])),
    "remainders of 0": (
        lambda: pluggrad.copysign(doubles(1.0), pluggrad.remainder(doubles([0.0, -0.0]), doubles([-1.0, 1.0]))),
        np.array([-1.0, 1.0]),
    ),
    "any of integers is bool": (lambda: pluggrad.any(on_torch([0, 2], pluggrad.uint8)), np.array(True)),
    "indices of uint8 are no mask": (lambda: on_torch([5, 6])[on_torch([1, 0], pluggrad.uint8)], np.array([6, 5])),
    "half a power": (lambda: doubles([-math.inf, 4.0]) ** 0.5, np.array([math.inf, 2.0])),
    "variance of nothing": (lambda: pluggrad.var(doubles([1.0]), correction=1), np.array(math.nan)),
    "conjugates are in memory": (lambda: pluggrad.conj(on_torch([1j], pluggrad.complex128)), np.array([-1j])),
    "prod over two axes": (lambda: pluggrad.prod(doubles([[1.0, 2.0], [3.0, 4.0]]), axis=(0, 1)), np.array(24.0)),
    "a linspace without its end": (
        lambda: pluggrad.linspace(0, 1, 4, endpoint=False, dtype=pluggrad.float64, device="torch"),
        np.array([0, 0.25, 0.5, 0.75]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_standards_conventions_hold(name: str) -> None:
    ours, expected = CONVENTIONS[name]
    same(ours(), expected)


def test_a_conjugate_has_memory_of_its_own() -> None:
    x = on_torch([1 + 1j])
    y = pluggrad.conj(x)
    y[0] = 0
    assert x.tolist() == [1 + 1j]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["rand", "randn"])
def test_random_numbers_are_those_of_the_cpu_to_the_last_bit(dtype: str, name: str) -> None:
    drawn = []
    for device in ("cpu", "torch"):
        pluggrad.manual_seed(3)
        drawn.append(getattr(pluggrad, name)(10_000, dtype=getattr(pluggrad, dtype), device=device))
    same(drawn[1], drawn[0].numpy())


def test_random_integers_are_those_of_the_cpu() -> None:
    drawn = []
    for device in ("cpu", "torch"):
        pluggrad.manual_seed(3)
        drawn.append(pluggrad.randint(-(2**62), 2**62, (1000,), device=device))
    same(drawn[1], drawn[0].numpy())


# -- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: on_torch([[1.0, 2.0]]) @ on_torch([[1.0, 2.0]]), ValueError, r"matmul"),
        (lambda: pluggrad.concat([on_torch([[1.0]]), on_torch([[1.0, 2.0]])]), ValueError, "sizes of tensors must"),
        (lambda: on_torch([1.0, 2.0]) + on_torch([1.0, 2.0, 3.0]), ValueError, "add"),
        (lambda: on_torch([1.0, 2.0])[[5]], IndexError, "index 5 is out of bounds for axis 0 with size 2"),
        (lambda: pluggrad.take(on_torch([1.0]), on_torch([-3]), axis=0), IndexError, "index -3 is out of bounds"),
        (lambda: pluggrad.gather(on_torch([1.0]), 0, on_torch([2])), IndexError, "index 2 is out of bounds for dim"),
        (lambda: on_torch([[1.0, 2.0]] * 2).T.view(4), RuntimeError, r"without a copy. Use .reshape"),
        (lambda: pluggrad.linalg.inv(on_torch([[0.0]])), LinAlgError, "singular"),
        (
            lambda: pluggrad.linalg.solve_triangular(doubles([[0.0]]), doubles([[1.0]]), upper=True),
            LinAlgError,
            "diagonal",
        ),
    ],
)  # fmt: skip
def test_errors_are_pluggrads(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# -- all together --------------------------------------------------------------------------------------------


def test_training_takes_the_same_course_as_on_the_cpu() -> None:
    def losses(device: str) -> list[float]:
        pluggrad.manual_seed(0)
        nn, F = pluggrad.nn, pluggrad.nn.functional
        with pluggrad.device(device):
            model = nn.Sequential(
                nn.Conv2d(1, 4, 3, padding=1),
                nn.BatchNorm2d(4),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(64, 3),
            )
            x, target = pluggrad.randn(8, 1, 8, 8), pluggrad.randint(0, 3, (8,))
            optimizer = pluggrad.optim.Adam(model.parameters(), lr=0.01)
            out = []
            for _ in range(5):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), target)
                loss.backward()
                optimizer.step()
                out.append(loss.item())
        return out

    on_cpu, here = losses("cpu"), losses("torch")
    assert here == pytest.approx(on_cpu, rel=1e-4)
    assert here[-1] < 0.8 * here[0]


def test_batch_norm_of_an_empty_batch() -> None:
    layer = pluggrad.nn.BatchNorm1d(3, device="torch")
    x = pluggrad.ones(0, 3, device="torch", requires_grad=True)
    layer(x).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (0, 3)
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [0.0] * 3
    assert layer.running_mean is not None
    assert layer.running_mean.tolist() == [0.0] * 3
