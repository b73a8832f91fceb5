"""``autograd.functional`` and batched ``grad`` beside PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad

torch = pytest.importorskip("torch")

X = [[0.3, -1.2], [0.8, 0.5]]
Y = [1.5, -0.4]


def both(call: Any) -> None:
    results = []
    for lib in (pluggrad, torch):
        out = call(lib, lib.tensor(X, dtype=lib.float64), lib.tensor(Y, dtype=lib.float64))
        flat: list[Any] = []

        def walk(value: Any, flat: list[Any] = flat) -> None:
            if isinstance(value, tuple):
                for v in value:
                    walk(v)
            else:
                flat.append(value.tolist())

        walk(out)
        results.append(flat)
    assert len(results[0]) == len(results[1])
    for got, want in zip(*results, strict=True):
        torch.testing.assert_close(torch.tensor(got), torch.tensor(want))


def vector(lib: Any) -> Any:
    return lambda x, y: (x.sin() @ y).exp() * y


def scalar(lib: Any) -> Any:
    return lambda x, y: ((x.sin() @ y).exp() * y).sum()


@pytest.mark.parametrize("name", ["vjp", "jvp"])
def test_products(name: str) -> None:
    both(lambda lib, x, y: getattr(lib.autograd.functional, name)(vector(lib), (x, y), y if name == "vjp" else (x, y)))


@pytest.mark.parametrize("name", ["vhp", "hvp"])
def test_hessian_products(name: str) -> None:
    both(lambda lib, x, y: getattr(lib.autograd.functional, name)(scalar(lib), (x, y), (x, y)))


@pytest.mark.parametrize(
    "options", [{}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}, {"create_graph": True}]
)
def test_jacobian(options: dict[str, Any]) -> None:
    def call(lib: Any, x: Any, y: Any) -> Any:
        # PyTorch's forward mode warns of a deprecated part of its own; its Jacobian is the same by reverse.
        given = options if lib is pluggrad else {k: v for k, v in options.items() if k != "strategy"}
        return lib.autograd.functional.jacobian(vector(lib), (x, y), **given)

    both(call)


@pytest.mark.parametrize("options", [{}, {"vectorize": True}])
def test_hessian(options: dict[str, Any]) -> None:
    both(lambda lib, x, y: lib.autograd.functional.hessian(scalar(lib), (x, y), **options))


def test_grads_batched() -> None:
    def call(lib: Any, x: Any, y: Any) -> Any:
        x = x.requires_grad_()
        return lib.autograd.grad(x.sin() @ y, x, lib.eye(2, dtype=lib.float64), is_grads_batched=True)

    both(call)


def test_strict_refuses_an_input_that_does_not_matter() -> None:
    x, y = pluggrad.tensor(1.0), pluggrad.tensor(2.0)
    with pytest.raises(RuntimeError, match="independent of an input"):
        pluggrad.autograd.functional.jacobian(lambda a, b: a * 2, (x, y), strict=True)
