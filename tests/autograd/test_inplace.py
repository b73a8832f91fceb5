"""In-place operations as part of the graph, beside PyTorch; random ones are in test_random_programs.py."""

from __future__ import annotations

import numpy as np
import pytest

import pluggrad

torch = pytest.importorskip("torch")


@pytest.fixture(params=[pluggrad, torch], ids=["pluggrad", "torch"])
def lib(request):
    return request.param


def leaf(lib, *values):
    return lib.tensor(list(values), dtype=lib.float64, requires_grad=True)


@pytest.mark.parametrize(
    "write",
    [
        lambda lib, y: y.zero_(),
        lambda lib, y: y.fill_(3.0),
        lambda lib, y: y.fill_(lib.tensor(2.0)),
        lambda lib, y: y.copy_(lib.ones(2)),
        lambda lib, y: y.normal_(),
        lambda lib, y: y[...].fill_(3.0),
        lambda lib, y: y.__setitem__(slice(None), 1.0),
    ],
)
def test_what_is_written_over_has_gradient_zero(lib, write):
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    write(lib, y)
    assert y.requires_grad and y.grad_fn is not None
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_copying_passes_the_gradient_on(lib):
    x, w = leaf(lib, 1.0, 2.0), leaf(lib, 5.0)
    y = x * 2
    y.copy_(w * 3)
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0] and w.grad.tolist() == [6.0]
    assert type(y.grad_fn).__name__ == "CopyBackwards" if lib is torch else y.grad_fn.name() == "CopyBackwards"


def test_writing_over_a_base_is_seen_in_its_views(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 2
    view = y[1:]
    y.zero_()
    view.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0] and view.tolist() == [0.0]


def test_filling_outside_of_graphs_makes_none(lib):
    y = lib.ones(2)
    assert y.fill_(3.0) is y and not y.requires_grad
    with lib.no_grad():
        w = leaf(lib, 1.0)
        assert w.zero_().requires_grad and w.is_leaf


def test_second_derivatives_through_an_overwritten_part(lib):
    x = leaf(lib, 1.0, 2.0, 3.0)
    y = x * x
    y[1] = (x[0] ** 3).sum()
    (g,) = lib.autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = lib.autograd.grad(g.sum(), x)
    # y = (x0², x0³, x2²): (y²).sum() = x0⁴ + x0⁶ + x2⁴
    assert g.tolist() == pytest.approx([4 + 6, 0.0, 4 * 27]) and h.tolist() == pytest.approx([12 + 30, 0.0, 12 * 9])


@pytest.mark.cpu  # the parts are views there
def test_a_write_through_a_complex_part_and_its_second_derivative(lib):
    x = leaf(lib, 1.0, 2.0)
    z = lib.complex(x, x * 2)
    z.imag.copy_((x * x).detach() if lib is torch else x * x)
    (g,) = lib.autograd.grad(lib.real(z * z.conj()).sum(), x, create_graph=True)
    assert g.tolist() == pytest.approx([2.0, 4.0] if lib is torch else [2.0 + 4.0, 4.0 + 4 * 8.0])


def test_memory_shared_with_numpy():
    a = np.array([1.0, 2.0])
    x = pluggrad.from_numpy(a).requires_grad_()
    y = x * x
    with pluggrad.no_grad():
        x.mul_(10.0)  # keeps what the graph has saved, and is seen by NumPy
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0] and a.tolist() == [10.0, 20.0]
    b = (x.detach() + 0.0).numpy()
    z = pluggrad.from_numpy(b)
    w = z.requires_grad_() * z
    z.detach().numpy()[0] = 0.0  # behind pluggrad's back: documented, and seen
    w.sum().backward()
    assert z.grad.tolist() == [0.0, 40.0]


def test_optimizer_like_updates_between_graphs_copy_nothing(monkeypatch):
    x = leaf(pluggrad, 1.0, 2.0)
    copies = []
    kernels = x._type.kernels
    copy = kernels.copy
    for _ in range(3):
        (x * x).sum().backward()
        monkeypatch.setattr(kernels, "copy", lambda a: copies.append(a) or copy(a))
        with pluggrad.no_grad():
            x.sub_(x.grad * 0.1)
        monkeypatch.setattr(kernels, "copy", copy)
        x.grad = None
    assert copies == []


def test_a_retained_gradient_follows_an_in_place_operation_of_a_view(lib):
    x = leaf(lib, 1.0, 2.0)
    y = x * 1
    y.retain_grad()
    y[0].mul_(5.0)
    y.sum().backward()
    assert y.grad.tolist() == [1.0, 1.0] and x.grad.tolist() == [5.0, 1.0]
