"""Anomaly mode names the forward line."""

from __future__ import annotations

import traceback

import pytest

import pluggrad
from pluggrad.autograd import detect_anomaly, set_detect_anomaly
from pluggrad.autograd.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled


def negative_root(x):
    return pluggrad.sqrt(x - 5.0)  # the guilty line


def error_of(run) -> str:
    with pytest.raises(RuntimeError) as caught:
        run()
    return "".join(traceback.format_exception(caught.value))


def test_nan_is_traced_to_the_forward_line():
    x = pluggrad.tensor([1.0, 2.0], requires_grad=True)
    with detect_anomaly():
        loss = (negative_root(x) * 2.0).sum()
        text = error_of(loss.backward)
    assert "Function 'SqrtBackward0' returned nan values in its 0th output" in text
    assert "test_anomaly.py" in text and "# the guilty line" in text and "in negative_root" in text
    assert text.count("# the guilty line") == 2  # in the message itself, and in the traceback
    x.grad = None
    (negative_root(x) * 2.0).sum().backward()  # outside: silent, as ever
    assert x.grad.isnan().all()


def test_nan_may_be_let_pass():
    x = pluggrad.tensor([1.0], requires_grad=True)
    with detect_anomaly(check_nan=False):
        assert is_anomaly_enabled() and not is_anomaly_check_nan_enabled()
        negative_root(x).backward()
    assert x.grad.isnan().all() and not is_anomaly_enabled()


def test_any_exception_in_backward_gets_the_traceback():
    class Fails(pluggrad.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2.0

        @staticmethod
        def backward(ctx, g):
            raise RuntimeError("my backward failed")

    x = pluggrad.tensor([1.0], requires_grad=True)
    with detect_anomaly():
        y = Fails.apply(x)  # applied here
        text = error_of(y.backward)
    assert "my backward failed" in text and "# applied here" in text and "Error detected in FailsBackward" in text


def test_second_order_names_both_lines():
    x = pluggrad.tensor([0.0], dtype=pluggrad.float64, requires_grad=True)
    with detect_anomaly():
        y = pluggrad.sqrt(x)  # the root
        with detect_anomaly(check_nan=False):
            (g,) = pluggrad.autograd.grad(y.sum(), x, create_graph=True)
        text = error_of((g * 0.0).sum().backward)
    assert "It was recorded by the backward of SqrtBackward0, whose forward call is" in text and "# the root" in text


def test_a_graph_recorded_outside_has_no_traceback():
    x = pluggrad.tensor([1.0], requires_grad=True)
    y = negative_root(x)
    with detect_anomaly():
        assert "No forward pass information available" in error_of(y.backward)


def test_switched_on_for_good_and_off_again():
    set_detect_anomaly(True)
    try:
        assert is_anomaly_enabled() and is_anomaly_check_nan_enabled()
        with set_detect_anomaly(False):
            assert not is_anomaly_enabled()
        assert is_anomaly_enabled()
    finally:
        set_detect_anomaly(False)
    assert not is_anomaly_enabled()


def test_several_outputs_and_hooks_on_saved_values_together():
    x = pluggrad.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=pluggrad.float64, requires_grad=True)
    with detect_anomaly(), pluggrad.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        values, vectors = pluggrad.linalg.eigh(x)
        (values.sum() + vectors.abs().sum()).backward()
    assert not x.grad.isnan().any()
