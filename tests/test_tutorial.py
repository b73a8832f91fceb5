"""The tutorial that this project was asked to fulfil: with ``import pluggrad as torch``, what a PyTorch user expects.

Each program is run with pluggrad and with PyTorch, and both must print the text that stands here. Then the
page ``docs/tutorial.md`` is run, with pluggrad and with PyTorch.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import textwrap
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cpu
PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
LIBRARIES = pytest.mark.parametrize("library", ["pluggrad", "torch"])


def load(library: str) -> Any:
    return importlib.import_module(library) if library == "pluggrad" else pytest.importorskip("torch")


def run(program: str, library: str) -> str:
    """What a program prints, in which ``torch`` is that library. Its name is left out of the text."""
    import numpy

    printed = io.StringIO()
    namespace = {"torch": load(library), "np": numpy}
    with contextlib.redirect_stdout(printed):
        exec(textwrap.dedent(program), namespace)
    return printed.getvalue().replace(f"{library}.", "torch.").strip("\n")


#: Programs, each with what it prints.
PROGRAMS: dict[str, tuple[str, str]] = {
    "a shape": (
        "for x in (torch.empty(5, 3), torch.rand(5, 3), torch.randn(5, 3)): print(x.shape, x.dtype)",
        "torch.Size([5, 3]) torch.float32\n" * 3,
    ),
    "zeros of integers": (
        "print(torch.zeros(2, 3, dtype=torch.long))",
        "tensor([[0, 0, 0],\n        [0, 0, 0]])",
    ),
    "normal numbers of given deviations": (
        """
        torch.manual_seed(0)
        x = torch.normal(mean=0.5, std=torch.arange(1., 6.))
        print(x.shape, x.dtype, x.requires_grad)
        many = torch.normal(mean=0.5, std=torch.arange(1., 6.).expand(100000, 5))
        print((many.mean(0) - 0.5).abs().max() < 0.1, (many.std(0) - torch.arange(1., 6.)).abs().max() < 0.1)
        """,
        "torch.Size([5]) torch.float32 False\ntensor(True) tensor(True)",
    ),
    "uniform numbers": (
        """
        torch.manual_seed(0)
        x = torch.rand(100000)
        print(x.min() >= 0, x.max() < 1, (x.mean() - 0.5).abs() < 0.01)
        """,
        "tensor(True) tensor(True) tensor(True)",
    ),
    "a seed repeats": (
        """
        torch.manual_seed(1)
        x = torch.randn(3)
        torch.manual_seed(1)
        print(bool((torch.randn(3) == x).all()))
        """,
        "True",
    ),
    "data": (
        """
        print(torch.tensor([5.5, 3]))
        print(torch.tensor([[1, 2], [3, 4]]))
        print(torch.tensor(np.array([1.5, 2.5])))
        print(torch.tensor(3.14159), torch.tensor([]), torch.tensor([True, False]))
        """,
        (
            "tensor([5.5000, 3.0000])\n"
            "tensor([[1, 2],\n        [3, 4]])\n"
            "tensor([1.5000, 2.5000], dtype=torch.float64)\n"
            "tensor(3.1416) tensor([]) tensor([ True, False])"
        ),
    ),
    "like another tensor": (
        """
        x = torch.tensor([5.5, 3])
        x = x.new_ones(2, 3, dtype=torch.float64)
        print(x)
        y = torch.randn_like(x, dtype=torch.float, device=torch.device("cpu"))
        print(y.shape, y.dtype, y.size(), y.size(0))
        """,
        (
            "tensor([[1., 1., 1.],\n        [1., 1., 1.]], dtype=torch.float64)\n"
            "torch.Size([2, 3]) torch.float32 torch.Size([2, 3]) 2"
        ),
    ),
    "three ways to add": (
        """
        x, y = torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([[10., 20.], [30., 40.]])
        print(x + y)
        print(torch.add(x, y))
        print(y.add_(x) is y)
        print(y)
        """,
        "tensor([[11., 22.],\n        [33., 44.]])\n" * 2 + "True\n" + "tensor([[11., 22.],\n        [33., 44.]])",
    ),
    "an index shares memory": (
        """
        x = torch.arange(12.).view(3, 4)
        y = x[0, :]
        y += 1
        print(y)
        print(x[0, :])
        """,
        "tensor([1., 2., 3., 4.])\n" * 2,
    ),
    "index_select copies": (
        """
        x = torch.arange(12).view(3, 4)
        y = torch.index_select(x, 0, torch.LongTensor([0, 2]))
        print(y)
        y += 100
        print(x)
        """,
        (
            "tensor([[ 0,  1,  2,  3],\n        [ 8,  9, 10, 11]])\n"
            "tensor([[ 0,  1,  2,  3],\n        [ 4,  5,  6,  7],\n        [ 8,  9, 10, 11]])"
        ),
    ),
    "views": (
        """
        x = torch.zeros(2, 4)
        y, z = x.view(8), x.view(-1, 8)
        print(x.size(), y.size(), z.size())
        c = x.clone().view(8)
        x += 1
        print(y)
        print(c)
        """,
        (
            "torch.Size([2, 4]) torch.Size([8]) torch.Size([1, 8])\n"
            "tensor([1., 1., 1., 1., 1., 1., 1., 1.])\ntensor([0., 0., 0., 0., 0., 0., 0., 0.])"
        ),
    ),
    "gather": (
        """
        x = torch.arange(12.).view(3, 4)
        index = torch.tensor([0, 3, 1])
        print(x.gather(dim=1, index=index.view(-1, 1)))
        """,
        "tensor([[0.],\n        [7.],\n        [9.]])",
    ),
    "broadcasting": (
        "print(torch.arange(1, 3).view(1, 2) + torch.arange(1, 4).view(3, 1))",
        "tensor([[2, 3],\n        [3, 4],\n        [4, 5]])",
    ),
    "memory of results": (
        """
        x, y = torch.tensor([1, 2]), torch.tensor([3, 4])
        place = y.data_ptr()
        y = y + x
        print(y.data_ptr() == place)
        place = y.data_ptr()
        y[:] = y + x
        y += x
        print(y.data_ptr() == place, y)
        """,
        "False\nTrue tensor([ 6, 10])",
    ),
    "NumPy shares memory": (
        """
        a = torch.ones(5)
        b = a.numpy()
        a += 1
        print(a, b)
        b += 1
        print(a, b)
        a = np.ones(5)
        b = torch.from_numpy(a)
        a += 1
        print(b)
        b += 1
        print(a)
        """,
        (
            "tensor([2., 2., 2., 2., 2.]) [2. 2. 2. 2. 2.]\ntensor([3., 3., 3., 3., 3.]) [3. 3. 3. 3. 3.]\n"
            "tensor([2., 2., 2., 2., 2.], dtype=torch.float64)\n[3. 3. 3. 3. 3.]"
        ),
    ),
    "tensor copies": (
        """
        a = np.ones(2)
        c = torch.tensor(a)
        a += 1
        print(a, c)
        """,
        "[2. 2.] tensor([1., 1.], dtype=torch.float64)",
    ),
    "sums": (
        """
        A = torch.arange(6.).view(2, 3)
        print(A.sum(), A.sum(axis=[0, 1]), A.sum(axis=0), A.sum(dim=0), A.sum(1))
        print(A.sum(axis=1, keepdim=True), A.sum(dim=0, keepdim=True).shape)
        print(A / A.sum(dim=1, keepdim=True))
        """,
        (
            "tensor(15.) tensor(15.) tensor([3., 5., 7.]) tensor([3., 5., 7.]) tensor([ 3., 12.])\n"
            "tensor([[ 3.],\n        [12.]]) torch.Size([1, 3])\n"
            "tensor([[0.0000, 0.3333, 0.6667],\n        [0.2500, 0.3333, 0.4167]])"
        ),
    ),
    "item": ("print(torch.tensor([2.5]).item(), torch.tensor(3).item())", "2.5 3"),
    "the graph": (
        """
        w = torch.tensor([1.], requires_grad=True)
        x = torch.tensor([2.], requires_grad=True)
        a = torch.add(x, w)
        b = torch.add(w, 1)
        y = torch.mul(a, b)
        print(y)
        print(x.is_leaf, w.is_leaf, a.is_leaf, b.is_leaf, y.is_leaf)
        print(x.grad_fn, w.grad_fn)
        for grad_fn in (a.grad_fn, b.grad_fn, y.grad_fn): print(grad_fn.name(), str(grad_fn).split()[0])
        y.backward()
        print(w.grad, x.grad, a.requires_grad)
        """,
        (
            "tensor([6.], grad_fn=<MulBackward0>)\nTrue True False False False\nNone None\n"
            "AddBackward0 <AddBackward0\nAddBackward0 <AddBackward0\nMulBackward0 <MulBackward0\n"
            "tensor([5.]) tensor([2.]) True"
        ),
    ),
    "the graph with operators": (
        """
        x, w = torch.tensor(2., requires_grad=True), torch.tensor(1., requires_grad=True)
        y = (x + w) * (w + 1)
        y.backward()
        print(y, w.grad, x.grad)
        """,
        "tensor(6., grad_fn=<MulBackward0>) tensor(5.) tensor(2.)",
    ),
    "a chain": (
        """
        x = torch.ones(2, 2, requires_grad=True)
        print(x, x.grad_fn)
        y = x + 2
        print(y)
        z = y * y * 3
        out = z.mean()
        print(z, out)
        out.backward()
        print(x.grad)
        """,
        (
            "tensor([[1., 1.],\n        [1., 1.]], requires_grad=True) None\n"
            "tensor([[3., 3.],\n        [3., 3.]], grad_fn=<AddBackward0>)\n"
            "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>) tensor(27., grad_fn=<MeanBackward0>)\n"
            "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])"
        ),
    ),
    "requires_grad_": (
        """
        a = torch.tensor([2., 3.])
        a = (a * 3) / (a - 1)
        print(a.requires_grad)
        a.requires_grad_(True)
        print(a.requires_grad, (a * a).sum().grad_fn.name())
        """,
        "False\nTrue SumBackward0",
    ),
    "accumulation": (
        """
        x = torch.ones(2, 2, requires_grad=True)
        (3 * x).sum().backward()
        print(x.grad)
        (3 * x).sum().backward()
        print(x.grad)
        print(x.grad.data.zero_().sum())
        x.sum().backward()
        print(x.grad)
        """,
        (
            "tensor([[3., 3.],\n        [3., 3.]])\ntensor([[6., 6.],\n        [6., 6.]])\ntensor(0.)\n"
            "tensor([[1., 1.],\n        [1., 1.]])"
        ),
    ),
    "zeroed through w.grad.data": (
        """
        w = torch.tensor([1.], requires_grad=True)
        grad = None
        for _ in range(2):
            y = 3 * w
            y.backward()
        print(w.grad)
        w.grad.data.zero_()
        (w * 1).backward()
        print(w.grad)
        """,
        "tensor([6.])\ntensor([1.])",
    ),
    "a gradient for a non-scalar": (
        """
        x = torch.tensor([1., 2., 3., 4.], requires_grad=True)
        y = 2 * x
        z = y.view(2, 2)
        print(z)
        z.backward(torch.tensor([[1.0, 0.1], [0.01, 0.001]]))
        print(x.grad)
        """,
        ("tensor([[2., 4.],\n        [6., 8.]], grad_fn=<ViewBackward0>)\ntensor([2.0000, 0.2000, 0.0200, 0.0020])"),
    ),
    "no_grad": (
        """
        x = torch.tensor(1., requires_grad=True)
        y1 = x ** 2
        with torch.no_grad():
            y2 = x ** 3
        y3 = y1 + y2
        print(x.requires_grad, y1.requires_grad, y2.requires_grad, y3.requires_grad)
        print(y1, y2)
        y3.backward()
        print(x.grad)
        """,
        "True True False True\ntensor(1., grad_fn=<PowBackward0>) tensor(1.)\ntensor(2.)",
    ),
    "a leaf changed through data": (
        """
        x = torch.ones(1, requires_grad=True)
        print(x.data, x.data.requires_grad)
        y = 2 * x
        x.data *= 100
        y.backward()
        print(x, x.grad)
        """,
        "tensor([1.]) False\ntensor([100.], requires_grad=True) tensor([2.])",
    ),
    "a function of one's own": (
        """
        class Exp(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                result = x.exp()
                ctx.save_for_backward(result)
                return result

            @staticmethod
            def backward(ctx, grad_output):
                result, = ctx.saved_tensors
                return grad_output * result

        x = torch.tensor([1.], requires_grad=True)
        y = Exp.apply(x)
        print(y)
        y.backward()
        print(x.grad)
        """,
        "tensor([2.7183], grad_fn=<ExpBackward>)\ntensor([2.7183])",
    ),
}


@LIBRARIES
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str, library: str) -> None:
    program, expected = PROGRAMS[name]
    assert run(program, library) == expected.strip("\n")


def test_nothing_is_special_about_the_name() -> None:
    """The programs call the module ``torch``; it is pluggrad, and PyTorch is not imported for it."""
    assert run("print(torch.__name__)", "pluggrad") == "pluggrad"


@LIBRARIES
def test_page(library: str) -> None:
    load(library)
    text = PAGE.read_text(encoding="utf-8")
    if library == "torch":
        text = text.replace("import pluggrad as torch", "import torch").replace("pluggrad.", "torch.")
    test = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    assert len(test.examples) > 80
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert not runner.run(test, out=report.write).failed, report.getvalue()


@pytest.mark.parametrize(
    ("program", "error", "message"),
    [
        ("torch.arange(12.).view(3, 4).t().view(12)", RuntimeError, "view size is not compatible"),
        ("torch.ones(2, 2, requires_grad=True).mul(2).backward()", RuntimeError, "only for scalar outputs"),
        ("x = torch.ones(1, requires_grad=True); x += 1", RuntimeError, "a leaf Variable that requires grad"),
        ("x = torch.ones(1, requires_grad=True); x.numpy()", RuntimeError, r"Can't call numpy\(\) on Tensor"),
        ("x = torch.ones(1, requires_grad=True); y = x * x; y.backward(); y.backward()", RuntimeError, "second time"),
        ("torch.ones(2, 3) + torch.ones(4, 3)", RuntimeError, "."),
        ("torch.ones(3)[5]", IndexError, "."),
        ("torch.ones(2, 3).view(4)", RuntimeError, "is invalid for input of"),
        ("torch.ones(2, 3).sum(dim=2)", IndexError, "."),
    ],
)
@LIBRARIES
def test_mistakes(program: str, error: type[Exception], message: str, library: str) -> None:
    with pytest.raises(error, match=message):
        run(program, library)
