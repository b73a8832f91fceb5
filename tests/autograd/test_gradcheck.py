"""The checker checks: right rules pass, planted wrong ones are named, in every mode."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad.autograd import Function, gradcheck, gradgradcheck
from pluggrad.autograd.gradcheck import GradcheckError


class WrongSquare(Function):
    """x², whose backward forgets the factor 2."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x


class WrongSecond(Function):
    """x³, whose backward is right but hides part of its own dependence on x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3.0 * x * x.detach()


def leaf(*values, dtype=pluggrad.float64):
    return pluggrad.tensor(list(values), dtype=dtype, requires_grad=True)


@pytest.mark.parametrize("fast", [False, True])
def test_right_rules_pass(fast):
    x, y = leaf(0.3, -1.2), leaf(2.0, 0.7)
    assert gradcheck(lambda a, b: (a * b, pluggrad.exp(a)), (x, y), fast_mode=fast)
    assert gradgradcheck(lambda a, b: a * b * a, (x, y), fast_mode=fast)


@pytest.mark.parametrize("fast", [False, True])
def test_complex_functions(fast):
    x = leaf(0.3 + 1j, -1.2 - 0.4j, dtype=pluggrad.complex128)
    y = leaf(1.0, 2.0)
    for f in (
        lambda a: a * a,
        pluggrad.conj,
        lambda a: pluggrad.real(a * pluggrad.conj(a)),
        lambda a: a * pluggrad.conj(a),
    ):
        assert gradcheck(f, x, fast_mode=fast)
    assert gradcheck(lambda a, b: a * b, (x, y), fast_mode=fast)
    assert gradgradcheck(lambda a: a * a * pluggrad.conj(a), x, fast_mode=fast)


def test_a_planted_wrong_rule_is_named_and_shown():
    message = (
        r"output 0 with respect to input 1.*\nnumerical:\n\[\[3, 0\],\n \[0, 4\]\]\n"
        r"analytical:\n\[\[1\.5, 0\],\n \[0, 2\]\]"
    )
    with pytest.raises(GradcheckError, match=message):
        gradcheck(lambda a, b: a + WrongSquare.apply(b), (leaf(1.0, 1.0), leaf(1.5, 2.0)))
    with pytest.raises(GradcheckError, match="fast mode.*numerical: .*analytical: "):
        gradcheck(WrongSquare.apply, leaf(1.5, 2.0), fast_mode=True)


def test_a_planted_wrong_second_derivative():
    x = leaf(1.5)
    assert gradcheck(WrongSecond.apply, x)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(WrongSecond.apply, x)


def test_returns_false_on_request():
    assert gradcheck(WrongSquare.apply, leaf(1.5), raise_exception=False) is False


def test_inputs_that_cannot_be_checked():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(pluggrad.exp, pluggrad.ones(2, dtype=pluggrad.float64))
    with pytest.raises(ValueError, match=r"input 0 is float32; central differences need float64"):
        gradcheck(pluggrad.exp, leaf(1.0, dtype=pluggrad.float32))
