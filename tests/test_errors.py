"""Bad input: what a mistake says, and the class by which a user of PyTorch would catch it.

Each mistake is written once, for a module ``t`` that may be pluggrad or PyTorch. pluggrad's message is
matched; where PyTorch raises as well, pluggrad's error is an instance of PyTorch's class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import pluggrad
from pluggrad import errors


@dataclass
class Mistake:
    """``code`` makes it, in the module it is given; ``message`` is a regular expression for all of what it says."""

    name: str
    code: Callable[[Any], Any]
    message: str
    error: type[Exception]


MISTAKES: list[Mistake] = []


def mistake(message: str, error: type[Exception]) -> Callable[[Callable[[Any], Any]], None]:
    def note(code: Callable[[Any], Any]) -> None:
        MISTAKES.append(Mistake(code.__name__, code, message, error))

    return note


# -- shapes ------------------------------------------------------------------------------------------


@mistake(r"add: shapes \(2, 3\) and \(4,\) do not broadcast", errors.ShapeError)
def broadcast(t: Any) -> None:
    t.ones(2, 3) + t.ones(4)


@mistake(r"add: shapes \(2, 3\) and \(2,\) do not broadcast", errors.ShapeError)
def broadcast_recorded(t: Any) -> None:
    t.ones(2, 3, requires_grad=True) + t.ones(2)


@mistake(r"output with shape \[3\] doesn't match the broadcast shape \[2, 3\]", errors.ShapeError)
def in_place_enlarges(t: Any) -> None:
    x = t.ones(3)
    x += t.ones(2, 3)


@mistake(r"matmul: .*\(2, 3\).*\(4, 5\).* 3 and 4", errors.ShapeError)
def matmul_inner(t: Any) -> None:
    t.ones(2, 3) @ t.ones(4, 5)


@mistake(
    r"matmul: both arguments need at least one axis, but x1 has shape \(\) and x2 has shape \(2,\)", errors.ShapeError
)
def matmul_scalar(t: Any) -> None:
    t.ones(()) @ t.ones(2)


@mistake(r"view: shape \[5\] is invalid for input of shape \[2, 3\] with 6 elements", errors.ShapeError)
def view_size(t: Any) -> None:
    t.ones(2, 3).view(5)


# The standard has no strides: a backend that does not tell its own is shown those of a contiguous array.
@mistake(r"view size .* compatible .*shape \[3, 2\] with strides \[(1, 3|2, 1)\] .*Use \.?reshape", errors.ShapeError)
def view_of_transposed(t: Any) -> None:
    t.ones(2, 3).T.view(6)


@mistake(r"reshape: shape \[4, -1\] is invalid for input of shape \[2, 3\] with 6 elements", errors.ShapeError)
def reshape_size(t: Any) -> None:
    t.ones(2, 3).reshape(4, -1)


@mistake("reshape: only one size can be inferred", errors.ShapeError)
def reshape_two_unknown(t: Any) -> None:
    t.ones(2, 3).reshape(-1, -1)


@mistake(r"expand|broadcast_to", errors.ShapeError)
def expand_size(t: Any) -> None:
    t.ones(2, 3).expand(4, 3)


@mistake(
    "concat: sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 in dimension 1",
    errors.ShapeError,
)
def cat_shapes(t: Any) -> None:
    t.cat([t.ones(2, 3), t.ones(2, 4)], 0)


@mistake(
    r"stack expects each tensor to be equal size, but got \[2\] at entry 0 and \[3\] at entry 1", errors.ShapeError
)
def stack_shapes(t: Any) -> None:
    t.stack([t.ones(2), t.ones(3)])


@mistake("stack: expected a non-empty list of Tensors", errors.ShapeError)
def stack_nothing(t: Any) -> None:
    t.stack([])


@mistake("negative", ValueError)
def negative_size(t: Any) -> None:
    t.zeros(-1)


# -- axes and indices --------------------------------------------------------------------------------


@mistake(r"sum: axis 2 is out of range: the tensor has 2 axes, so it is in \[-2, 1\]", errors.AxisError)
def sum_axis(t: Any) -> None:
    t.ones(2, 3).sum(2)


@mistake(r"max: axis -3 is out of range: the tensor has 2 axes, so it is in \[-2, 1\]", errors.AxisError)
def max_axis(t: Any) -> None:
    t.ones(2, 3).max(-3)


@mistake("axis 5 is out of range", errors.AxisError)
def transpose_axis(t: Any) -> None:
    t.ones(2, 3).transpose(0, 5)


@mistake("sum: axes .* name one axis twice", RuntimeError)
def sum_axis_twice(t: Any) -> None:
    t.ones(2, 3).sum((0, 0))


@mistake(r"index 2 is out of (bounds|range) .*axis 0 .*size 2", IndexError)
def index_out_of_range(t: Any) -> None:
    t.ones(2, 3)[2]


@mistake(r"index -4 is out of (bounds|range) .*axis 1 .*size 3", IndexError)
def index_out_of_range_second(t: Any) -> None:
    t.ones(2, 3)[0, -4]


@mistake("too many indices", IndexError)
def too_many_indices(t: Any) -> None:
    t.ones(2, 3)[0, 0, 0]


@mistake("out of (bounds|range)", IndexError)
def tensor_index_out_of_range(t: Any) -> None:
    t.ones(2, 3)[t.tensor([0, 5])]


@mistake(r"mask|boolean", IndexError)
def mask_of_wrong_shape(t: Any) -> None:
    t.ones(2, 3)[t.ones(3, dtype=t.bool)]


@mistake("gather: index 3 is out of bounds for (axis|dimension) 1 with size 3", errors.BoundsError)
def gather_out_of_range(t: Any) -> None:
    t.ones(2, 3).gather(1, t.tensor([[3]]))


@mistake("out of (bounds|range)", IndexError)
def assign_out_of_range(t: Any) -> None:
    t.ones(2, 3)[4] = 1.0


@mistake(r"\(4,\)|\[4\]", (ValueError, RuntimeError))  # type: ignore[arg-type]
def assign_shape(t: Any) -> None:
    t.ones(2, 3)[0] = t.ones(4)


@mistake("indices|index", IndexError)
def index_by_float(t: Any) -> None:
    t.ones(2, 3)[1.5]


@mistake(r"len\(\) of a 0-d tensor", TypeError)
def length_of_scalar(t: Any) -> None:
    len(t.ones(()))


@mistake("iteration over a 0-d tensor", TypeError)
def iterate_scalar(t: Any) -> None:
    iter(t.ones(()))


# -- dtypes and values -------------------------------------------------------------------------------


@mistake("only Tensors of floating point and complex dtype can require gradients", errors.GradientError)
def gradient_of_integers(t: Any) -> None:
    t.tensor([1, 2], requires_grad=True)


@mistake("result type float32 can't be cast to the desired output type int64", errors.DTypeError)
def in_place_float_into_int(t: Any) -> None:
    x = t.tensor([1, 2])
    x += 0.5


@mistake("bitwise_and: dtype float32 is not supported", errors.DTypeError)
def bitwise_of_floats(t: Any) -> None:
    t.ones(2) & t.ones(2)


@mistake("a Tensor with 2 elements cannot be converted to Scalar", RuntimeError)
def item_of_many(t: Any) -> None:
    t.ones(2).item()


@mistake("ambiguous", RuntimeError)
def truth_of_many(t: Any) -> None:
    bool(t.ones(2))


@mistake("dtype", TypeError)
def dtype_by_name(t: Any) -> None:
    t.zeros(2, dtype="float")


@mistake(r"expected|could not|must|cannot", (TypeError, ValueError))  # type: ignore[arg-type]
def tensor_of_strings(t: Any) -> None:
    t.tensor(["a", "b"])


@mistake(r"length|ragged|expected|inhomogeneous|shape", ValueError)
def tensor_of_ragged_lists(t: Any) -> None:
    t.tensor([[1, 2], [3]])


@mistake("unsupported operand", TypeError)
def add_a_string(t: Any) -> None:
    t.ones(2) + "one"


@mistake("requires.grad", RuntimeError)
def numpy_of_a_graph_tensor(t: Any) -> None:
    t.ones(2, requires_grad=True).numpy()


# -- gradients ---------------------------------------------------------------------------------------


@mistake("grad can be implicitly created only for scalar outputs", errors.GradientError)
def backward_of_a_non_scalar(t: Any) -> None:
    (t.ones(2, requires_grad=True) * 2.0).backward()


@mistake(
    r"Trying to backward through the graph a second time \(at MulBackward0\).*Specify retain_graph=True",
    errors.GradientError,
)
def second_backward(t: Any) -> None:
    x = t.ones((), requires_grad=True)
    y = x * x
    y.backward()
    y.backward()


@mistake("does not require grad", errors.GradientError)
def backward_of_a_constant(t: Any) -> None:
    t.ones(()).backward()


@mistake(r"grad_output\[0\] has a shape of \(3,\) and output\[0\] has a shape of \(2,\)", RuntimeError)
def backward_with_a_wrong_shape(t: Any) -> None:
    (t.ones(2, requires_grad=True) * 2.0).backward(t.ones(3))


@mistake("appears to not have been used in the graph.*allow_unused=True", errors.GradientError)
def unused_input(t: Any) -> None:
    x, w = t.ones((), requires_grad=True), t.ones((), requires_grad=True)
    t.autograd.grad(x * 2.0, w)


@mistake("One of the differentiated Tensors does not require grad", errors.GradientError)
def grad_of_a_constant(t: Any) -> None:
    x = t.ones((), requires_grad=True)
    t.autograd.grad(x * 2.0, t.ones(()))


@mistake("a leaf Variable that requires grad is being used in an in-place operation", errors.GradientError)
def in_place_on_a_leaf(t: Any) -> None:
    x = t.ones(2, requires_grad=True)
    x += 1.0


@mistake("a leaf Variable that requires grad", errors.GradientError)
def assign_to_a_leaf(t: Any) -> None:
    x = t.ones(2, requires_grad=True)
    x[0] = 1.0


@mistake("a view of a leaf Variable that requires grad", errors.GradientError)
def in_place_on_a_view_of_a_leaf(t: Any) -> None:
    x = t.ones(2, requires_grad=True)
    x[0].add_(1.0)


@mistake("you can only change requires_grad flags of leaf variables", errors.GradientError)
def no_gradient_for_a_computed_tensor(t: Any) -> None:
    (t.ones(2, requires_grad=True) * 2.0).requires_grad = False


@mistake(r"assigned grad has (shape|data of a different size)", RuntimeError)
def gradient_of_another_shape(t: Any) -> None:
    t.ones(2, requires_grad=True).grad = t.ones(3)


@mistake("doesn't require gradient", errors.GradientError)
def hook_on_a_constant(t: Any) -> None:
    t.ones(2).register_hook(print)


# -- devices -----------------------------------------------------------------------------------------


@mistake("no backend has the device 'warp'; known devices are ", errors.DeviceError)
def unknown_device(t: Any) -> None:
    t.ones(2, device="warp")


@mistake(r"a device is named 'type' or 'type:index', such as 'cpu' or 'cuda:1', got 'cpu::1'", RuntimeError)
def malformed_device(t: Any) -> None:
    t.ones(2, device="cpu::1")


@mistake("no device 'cpu:3': backend 'numpy' has cpu", RuntimeError)
def device_out_of_range(t: Any) -> None:
    t.ones(2, device="cpu:3") if t is pluggrad else t.ones(2, device="cuda:99").device


#: Where PyTorch's class is an accident of how it is built, or says less.
OTHER_CLASSES: dict[str, type[Exception]] = {
    "bitwise_of_floats": RuntimeError,  # NotImplementedError, which is one
    "device_out_of_range": RuntimeError,  # AssertionError where PyTorch was compiled without CUDA
    "tensor_of_strings": TypeError,  # ValueError: too many dimensions 'str'
}

IDS = [m.name for m in MISTAKES]


@pytest.mark.parametrize("case", MISTAKES, ids=IDS)
def test_a_mistake_says_what_is_wrong(case: Mistake) -> None:
    with pytest.raises(case.error, match=f"(?s){case.message}"):
        case.code(pluggrad)


@pytest.mark.parametrize("case", MISTAKES, ids=IDS)
def test_a_mistake_is_caught_as_in_pytorch(case: Mistake) -> None:
    torch = pytest.importorskip("torch")
    try:
        case.code(torch)
    except Exception as error:
        expected = type(error)
    else:
        pytest.skip("PyTorch accepts it, or answers in another way")
    expected = OTHER_CLASSES.get(case.name, expected)
    with pytest.raises(expected):
        case.code(pluggrad)


@pytest.mark.parametrize(
    ("error", "classes"),
    [
        (errors.ShapeError, (ValueError, RuntimeError)),
        (errors.AxisError, (IndexError, ValueError)),
        (errors.BoundsError, (IndexError, RuntimeError)),
        (errors.DTypeError, (TypeError, RuntimeError)),
        (errors.DeviceError, (RuntimeError, ValueError)),
        (errors.GradientError, (RuntimeError,)),
        (errors.BackendUnavailable, (ImportError, RuntimeError)),
    ],
)
def test_errors_are_what_users_catch_already(error: type[Exception], classes: tuple[type[Exception], ...]) -> None:
    assert issubclass(error, classes) and all(issubclass(error, c) for c in classes)
