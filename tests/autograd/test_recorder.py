"""The code that is written for a function: to read, at its first call, and with names that do not clash."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import pluggrad
from pluggrad.autograd import source
from pluggrad.errors import PluginError
from pluggrad.function import functions
from pluggrad.ops.declare import composite


def test_the_code_of_a_function_can_be_read():
    text = source("multiply")
    assert text.startswith("def multiply(x1, x2, /):")
    assert "kernel(x1._array, x2._array)" in text and "def multiply_backward(xp, g, parents, node):" in text
    with pytest.raises(KeyError, match="no function named 'nonsense' is registered"):
        source("nonsense")


def test_add_saves_nothing_and_exp_its_output():
    x = pluggrad.ones(3, requires_grad=True)
    assert (x + x).grad_fn.saved == ()
    y = pluggrad.exp(x)
    (saved,) = y.grad_fn.saved
    assert saved.array is y._array


def test_only_what_a_needed_rule_names_is_saved():
    x, c = pluggrad.ones(3, requires_grad=True), pluggrad.full((3,), 2.0)
    of_x2, of_x1 = (x * c).grad_fn.saved
    assert of_x2.array is c._array and of_x1 is None  # x1 is named by the rule of x2, which needs no gradient


def test_code_is_written_at_the_first_call():
    code = (
        "import pluggrad\nfrom pluggrad.function import get\n"
        "f = get('atan2')\nbefore = f.call.__code__\nassert f.call is pluggrad.atan2\n"
        "step = f.pass_on.__code__\nx = pluggrad.ones(1, requires_grad=True)\ny = pluggrad.atan2(x, x)\n"
        "assert f.call is pluggrad.atan2 and f.call.__code__ is not before\n"
        "assert f.pass_on.__code__ is step\n"  # nothing of backward yet
        "y.backward()\nassert f.pass_on.__code__ is not step\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_signatures_are_those_of_the_declarations():
    assert str(inspect.signature(pluggrad.multiply)).startswith("(x1")
    for name, function in functions().items():
        signature = inspect.signature(function.call)
        assert set(function.parameters) <= set(signature.parameters), name


def test_an_argument_named_like_a_variable_of_the_code_is_refused():
    def forward(xp, x, /, *, node, axis, n1):
        return x

    with pytest.raises(PluginError, match=r"planted_name: an argument may not be named n1, node; choose another name"):
        composite(name="planted_name")(forward)
    assert "planted_name" not in functions()
