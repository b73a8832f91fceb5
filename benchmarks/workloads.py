"""The workloads. Each is written once, in the API that pluggrad and PyTorch share, and takes the library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Step = Callable[[], Any]


@dataclass(frozen=True)
class Workload:
    """A title, the ratio to reach, how to make a step for a library, and perhaps the same in bare NumPy."""

    title: str
    goal: float
    make: Callable[[Any], Step]
    control: Callable[[], Step] | None = None


WORKLOADS: dict[str, Workload] = {}


def workload(title: str, goal: float, control: Callable[[], Step] | None = None) -> Callable[[Any], Any]:
    """Add a workload."""

    def add(make: Callable[[Any], Step]) -> Callable[[Any], Step]:
        WORKLOADS[make.__name__] = Workload(title, goal, make, control)
        return make

    return add


def _numpy_add() -> Step:
    import numpy as np

    a, b = np.ones(4, np.float32), np.ones(4, np.float32)
    return lambda: a + b


@workload("x + y on 4 elements, with a graph", 0.7, _numpy_add)
def add(lib: Any) -> Step:
    x, y = lib.ones(4, requires_grad=True), lib.ones(4, requires_grad=True)
    return lambda: x + y


@workload("20-operation chain on 4 elements, fwd + bwd", 0.4)
def chain(lib: Any) -> Step:
    x = lib.tensor([0.1, 0.2, 0.3, 0.4], requires_grad=True)
    y = lib.tensor([0.9, 0.8, 0.7, 0.6], requires_grad=True)
    g = lib.ones(4)

    def step() -> None:
        h = x
        for _ in range(5):
            h = h * y
            h = h + x
            h = lib.tanh(h)
            h = h - y
        h.backward(g)
        x.grad = y.grad = None

    return step


def _network(lib: Any, *sizes: int) -> Any:
    lib.manual_seed(0)
    layers: list[Any] = []
    for i, (n, m) in enumerate(pairwise(sizes)):
        layers += [lib.nn.Linear(n, m)] + ([lib.nn.ReLU()] if i < len(sizes) - 2 else [])
    return lib.nn.Sequential(*layers)


@workload("MLP 2-16-16-1, batch 32, SGD step", 0.4)
def small_mlp(lib: Any) -> Step:
    net = _network(lib, 2, 16, 16, 1)
    opt = lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    x, t = lib.randn(32, 2), lib.randn(32, 1)
    loss_of = lib.nn.MSELoss()

    def step() -> None:
        opt.zero_grad()
        loss_of(net(x), t).backward()
        opt.step()

    return step


@workload("MLP 2-16-16-1, inference of one input, no_grad", 0.4)
def inference(lib: Any) -> Step:
    net = _network(lib, 2, 16, 16, 1)
    x = lib.randn(1, 2)

    def step() -> Any:
        with lib.no_grad():
            return net(x)

    return step


@workload("Hessian-vector product, MLP 64-64-1, batch 128", 0.6)
def hvp(lib: Any) -> Step:
    lib.manual_seed(0)
    net = lib.nn.Sequential(lib.nn.Linear(64, 64), lib.nn.Tanh(), lib.nn.Linear(64, 1))
    params = list(net.parameters())
    x, t = lib.randn(128, 64), lib.randn(128, 1)
    direction = [lib.randn(*p.shape) for p in params]

    def step() -> None:
        loss = lib.nn.functional.mse_loss(net(x), t)
        gs = lib.autograd.grad(loss, params, create_graph=True)
        lib.autograd.grad(gs, params, direction)

    return step


@workload("MLP 784-512-512-10, batch 64, Adam step", 0.6)
def large_mlp(lib: Any) -> Step:
    net = _network(lib, 784, 512, 512, 10)
    opt = lib.optim.Adam(net.parameters())
    x, t = lib.randn(64, 784), lib.randint(0, 10, (64,))
    loss_of = lib.nn.CrossEntropyLoss()

    def step() -> None:
        opt.zero_grad()
        loss_of(net(x), t).backward()
        opt.step()

    return step


@workload("Adam over 10^7 parameters", 0.6)
def adam_step(lib: Any) -> Step:
    lib.manual_seed(0)
    params = [lib.randn(n, requires_grad=True) for n in (4_000_000, 3_000_000, 2_000_000, 1_000_000)]
    for p in params:
        p.grad = lib.randn(*p.shape)
    return lib.optim.Adam(params).step


@workload("Adam over 24 parameters of 32 x 32", 0.7)
def adam_step_of_small_ones(lib: Any) -> Step:
    lib.manual_seed(0)
    params = [lib.randn(32, 32, requires_grad=True) for _ in range(24)]
    for p in params:
        p.grad = lib.randn(*p.shape)
    return lib.optim.Adam(params).step


@workload("10 pointwise functions on 10^6 elements, fwd + bwd", 0.7)
def pointwise(lib: Any) -> Step:
    lib.manual_seed(0)
    x = lib.randn(1_000_000, requires_grad=True)
    functional = lib.nn.functional

    def step() -> None:
        h = functional.gelu(x)
        h = lib.sigmoid(h)
        h = h * 2 - 1
        h = lib.tanh(h)
        h = lib.exp(h)
        h = lib.log(h + 1)
        h = functional.silu(h)
        h = functional.relu(h)
        h.sum().backward()
        x.grad = None

    return step


def _train(lib: Any, net: Any, optimizer: Any) -> Step:
    """A step on 32 images of 32×32 pixels and 10 classes."""
    x, t = lib.randn(32, 3, 32, 32), lib.randint(0, 10, (32,))
    loss_of = lib.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        loss_of(net(x), t).backward()
        optimizer.step()

    return step


@workload("3-layer CNN on 32×3×32×32, Adam step", 0.9)
def cnn(lib: Any) -> Step:
    lib.manual_seed(0)
    nn = lib.nn
    net = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    return _train(lib, net, lib.optim.Adam(net.parameters()))


@workload("residual network with batch norm on 32×3×32×32, SGD step", 0.9)
def residual(lib: Any) -> Step:
    lib.manual_seed(0)
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, n: int, m: int, stride: int) -> None:
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(n, m, 3, stride, 1, bias=False), nn.BatchNorm2d(m), nn.ReLU())
            self.second = nn.Sequential(nn.Conv2d(m, m, 3, 1, 1, bias=False), nn.BatchNorm2d(m))
            self.short = nn.Conv2d(n, m, 1, stride, bias=False) if (n, stride) != (m, 1) else nn.Identity()

        def forward(self, x: Any) -> Any:
            return nn.functional.relu(self.second(self.first(x)) + self.short(x))

    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    return _train(lib, net, lib.optim.SGD(net.parameters(), lr=0.01, momentum=0.9))


@workload("GPT 4×128 on 12×64 tokens, AdamW step", 0.8)
def gpt(lib: Any) -> Step:
    """Four blocks with four heads each, 128 wide, that read the tokens before each."""
    lib.manual_seed(0)
    nn, width, heads, length, tokens = lib.nn, 128, 4, 64, 65

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            parts = self.qkv(self.norm1(x)).split(width, dim=2)
            q, k, v = (part.view(n, t, heads, width // heads).transpose(1, 2) for part in parts)
            mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(mixed.transpose(1, 2).reshape(n, t, width))
            return x + self.feed(self.norm2(x))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(tokens, width), nn.Embedding(length, width)
            self.blocks = nn.Sequential(*[Block() for _ in range(4)], nn.LayerNorm(width))
            self.head = nn.Linear(width, tokens, bias=False)

        def forward(self, x: Any) -> Any:
            return self.head(self.blocks(self.token(x) + self.position(positions)))

    net = Model()
    positions = lib.arange(length)
    x, t = lib.randint(0, tokens, (12, length)), lib.randint(0, tokens, (12 * length,))
    optimizer = lib.optim.AdamW(net.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x).view(-1, tokens), t).backward()
        optimizer.step()

    return step


@workload("per-sample gradients, vmap(grad), MLP 32-64-64-8, batch 64", 1.0)
def per_sample(lib: Any) -> Step:
    func = lib.func
    net = _network(lib, 32, 64, 64, 8)
    params = {name: p.detach() for name, p in net.named_parameters()}
    x, t = lib.randn(64, 32), lib.randint(0, 8, (64,))

    def loss(params: Any, x: Any, t: Any) -> Any:
        out = func.functional_call(net, params, (x.unsqueeze(0),))
        return lib.nn.functional.cross_entropy(out, t.unsqueeze(0))

    gradients = func.vmap(func.grad(loss), in_dims=(None, 0, 0))
    return lambda: gradients(params, x, t)


@workload("Jacobian of 32 outputs, MLP 64-128-32, jacrev", 1.0)
def jacobian(lib: Any) -> Step:
    net = _network(lib, 64, 128, 32)
    for p in net.parameters():
        p.requires_grad_(False)
    x = lib.randn(64)
    rows = lib.func.jacrev(net)
    return lambda: rows(x)


@workload("LSTM on 32×50×64 to 128, Adam step", 0.8)
def lstm(lib: Any) -> Step:
    lib.manual_seed(0)
    net = lib.nn.LSTM(64, 128, batch_first=True)
    head = lib.nn.Linear(128, 10)
    optimizer = lib.optim.Adam([*net.parameters(), *head.parameters()])
    x, t = lib.randn(32, 50, 64), lib.randint(0, 10, (32,))
    loss_of = lib.nn.CrossEntropyLoss()

    def step() -> None:
        optimizer.zero_grad()
        out, _ = net(x)
        loss_of(head(out[:, -1]), t).backward()
        optimizer.step()

    return step
