"""Inference mode: its tensors, and the errors that keep them out of graphs; each case beside PyTorch."""

from __future__ import annotations

import threading

import pytest

import pluggrad

torch = pytest.importorskip("torch")

LIBRARIES = [pluggrad, torch]


@pytest.fixture(params=LIBRARIES, ids=["pluggrad", "torch"])
def lib(request):
    return request.param


def made_inside(lib):
    with lib.inference_mode():
        return lib.ones(2)


@pytest.mark.parametrize(
    "make",
    [
        lambda lib, x: lib.ones(2),
        lambda lib, x: x * 2,
        lambda lib, x: lib.ones(2) + 1,
        lambda lib, x: lib.max(lib.ones(2, 2), 0)[0] if lib is torch else lib.ones(2, 2).max(0)[0],
        lambda lib, x: lib.ones(2)[:1],
        lambda lib, x: lib.ones(2).detach(),
        lambda lib, x: lib.asarray([1.0]),
        lambda lib, x: lib.randn(2),
    ],
)
def test_what_is_made_inside_is_marked(lib, make):
    x = lib.ones(2, requires_grad=True)
    with lib.inference_mode():
        y = make(lib, x)
        assert y.is_inference() and not y.requires_grad and lib.is_inference(y)
    assert y.is_inference()
    assert not make(lib, x).is_inference()


def test_views_are_what_their_base_is(lib):
    normal, inside = lib.ones(2), made_inside(lib)
    with lib.inference_mode():
        assert not normal.view(2, 1).is_inference() and not normal.detach().is_inference()
    assert inside.view(2, 1).is_inference() and inside[0].is_inference() and inside.detach().is_inference()
    assert not (inside + 1).is_inference() and not inside.clone().is_inference()


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda lib, x, z: x * z, "Inference tensors cannot be saved for backward"),
        (lambda lib, x, z: z.add_(1), "Inplace update to inference tensor outside InferenceMode"),
        (lambda lib, x, z: z.view(2, 1).mul_(2), "Inplace update to inference tensor outside InferenceMode"),
        (lambda lib, x, z: z.__setitem__(0, 1.0), "Inplace update to inference tensor outside InferenceMode"),
        (lambda lib, x, z: z.zero_(), "Inplace update to inference tensor outside InferenceMode"),
        (lambda lib, x, z: z.unsqueeze_(0), "Inplace update to inference tensor outside InferenceMode"),
        (lambda lib, x, z: z.requires_grad_(), "Setting requires_grad=True on inference tensor outside InferenceMode"),
    ],
)
def test_what_is_refused_outside(lib, use, message):
    x, z = lib.ones(2, requires_grad=True), made_inside(lib)
    with pytest.raises(RuntimeError, match=message):
        use(lib, x, z)
    with lib.no_grad(), pytest.raises(RuntimeError) if "saved" not in message else lib.no_grad():
        use(lib, x, z)


def test_what_is_allowed(lib):
    x, z = lib.ones(2, requires_grad=True), made_inside(lib)
    (x + z).sum().backward()  # saves nothing
    assert x.grad.tolist() == [1.0, 1.0]
    (x * z.clone()).sum().backward()
    with lib.inference_mode():
        z.add_(1)
        z.requires_grad_()
        normal = lib.ones(2)
    assert z.tolist() == [2.0, 2.0] and z.requires_grad
    assert normal[z.detach() > 1].tolist() == [1.0, 1.0]


def test_a_normal_tensor_may_be_written_inside(lib):
    x = lib.ones(2)
    with lib.inference_mode():
        x.mul_(3)
    assert x.tolist() == [3.0, 3.0] and not x.is_inference()
    x.add_(1)


def test_indices_may_be_inference_tensors(lib):
    x = lib.ones(3)
    with lib.inference_mode():
        mask = lib.tensor([True, False, True])
        index = lib.tensor([0, 2])
        assert x[mask].tolist() == x[index].tolist() == [1.0, 1.0]
    assert x[mask].tolist() == x[index].tolist() == [1.0, 1.0]


def test_nothing_is_recorded_even_where_grad_is_enabled(lib):
    x = lib.ones(2, requires_grad=True)
    with lib.inference_mode(), lib.enable_grad():
        y = x * 2
    assert not y.requires_grad and y.is_inference()
    with lib.inference_mode():
        with lib.inference_mode(False):
            y = x * 2
        assert lib.is_inference_mode_enabled()
    assert y.requires_grad and not y.is_inference() and not lib.is_inference_mode_enabled()


def test_it_belongs_to_a_thread():
    seen = []
    with pluggrad.inference_mode():
        t = threading.Thread(target=lambda: seen.append(pluggrad.ones(2).is_inference()))
        t.start()
        t.join()
    assert seen == [False]


def test_a_number_first_used_inside_serves_outside():
    x = pluggrad.ones(2, requires_grad=True)
    with pluggrad.inference_mode():
        x * 1234.5
    (x * 1234.5).sum().backward()
    assert x.grad.tolist() == [1234.5, 1234.5]
