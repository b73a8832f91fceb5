"""``python -m pluggrad demo``: a small convolutional network learns the handwritten digits that scikit-learn ships."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggrad

from ..errors import BackendError, DeviceError, PluginError

#: What the demonstration needs beside pluggrad, all in the extra "demo": module -> distribution.
REQUIRED = {
    "threadpoolctl": "threadpoolctl",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "tqdm": "tqdm",
    "safetensors": "safetensors",
}
TEST_SHARE = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--device", help="where to train; default: the default device")
    parser.add_argument(
        "--epochs", type=int, default=15, help="how often to go through the training images (default 15)"
    )
    parser.add_argument("--batch-size", type=int, default=64, help="images to a step (default 64)")
    parser.add_argument("--lr", type=float, default=2e-3, help="Adam's learning rate (default 0.002)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the split, the initial weights and the order (default 0)"
    )
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="folder for pictures and weights")


@dataclass
class History:
    """What was measured: the loss of every step, and after every epoch the share of digits read correctly."""

    loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)


def missing() -> list[str]:
    """The distributions that are needed and not installed."""
    absent = []
    for module, distribution in REQUIRED.items():
        try:
            importlib.import_module(module)
        except ImportError:
            absent.append(distribution)
    return absent


def load_digits(seed: int, device: Any) -> tuple[Any, Any]:
    """The 1,797 images of 8×8 pixels in a random split: datasets of images (1, 8, 8) in [0, 1] and labels."""
    from sklearn.datasets import load_digits as load

    digits = load()
    images = pluggrad.tensor(digits.images / 16.0, dtype=pluggrad.float32).unsqueeze(1).to(device)
    labels = pluggrad.tensor(digits.target, dtype=pluggrad.int64).to(device)
    order = pluggrad.randperm(len(labels), generator=pluggrad.Generator().manual_seed(seed)).to(device)
    held_out = int(len(labels) * TEST_SHARE)
    dataset = pluggrad.utils.data.TensorDataset
    return dataset(images[order[held_out:]], labels[order[held_out:]]), dataset(
        images[order[:held_out]], labels[order[:held_out]]
    )


def make_network() -> Any:
    """Three convolutions with batch normalisation, two poolings and a linear layer: some 31,000 weights."""
    nn = pluggrad.nn

    def convolution(channels: int, out_channels: int) -> list[Any]:
        return [nn.Conv2d(channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]

    return nn.Sequential(
        *convolution(1, 32), *convolution(32, 32), nn.MaxPool2d(2), *convolution(32, 64), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 10),
    )  # fmt: skip


def accuracy(network: Any, dataset: Any) -> float:
    """The share of a dataset's digits that the network reads correctly."""
    images, labels = dataset.tensors
    network.eval()
    with pluggrad.no_grad():
        correct = (network(images).argmax(1) == labels).sum().item()
    network.train()
    return float(correct) / len(labels)


def train(network: Any, train_set: Any, test_set: Any, options: argparse.Namespace) -> History:
    """Train with Adam on cross entropy, with a progress bar; the learning rate falls along half a cosine."""
    from tqdm import tqdm

    loader = pluggrad.utils.data.DataLoader(
        train_set, batch_size=options.batch_size, shuffle=True, generator=pluggrad.Generator().manual_seed(options.seed)
    )
    optimizer = pluggrad.optim.Adam(network.parameters(), lr=options.lr)
    schedule = pluggrad.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=options.epochs * len(loader))
    loss_of = pluggrad.nn.CrossEntropyLoss()
    history = History()
    with tqdm(total=options.epochs * len(loader), unit="step", dynamic_ncols=True) as bar:
        for epoch in range(options.epochs):
            for images, labels in loader:
                loss = loss_of(network(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                history.loss.append(loss.item())
                bar.update()
            history.train_accuracy.append(accuracy(network, train_set))
            history.test_accuracy.append(accuracy(network, test_set))
            bar.set_description(f"epoch {epoch + 1}: test accuracy {history.test_accuracy[-1]:.2%}")
    return history


def draw_curves(history: History, path: Path) -> None:
    """Loss by step and accuracy by epoch, side by side."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(history.loss, linewidth=0.8)
    left.set(xlabel="step", ylabel="cross entropy", title="Loss on the training batches", yscale="log")
    epochs = range(1, len(history.test_accuracy) + 1)
    right.plot(epochs, history.train_accuracy, marker=".", label="training images")
    right.plot(epochs, history.test_accuracy, marker=".", label="held-out images")
    right.set(
        xlabel="epoch", ylabel="share read correctly", title=f"Accuracy (held out: {history.test_accuracy[-1]:.2%})"
    )
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.grid(alpha=0.3)
    right.legend()
    _save_figure(figure, path)


def draw_predictions(network: Any, test_set: Any, path: Path, count: int = 40) -> None:
    """Held-out images with what was read; mistakes first, in red, with the right digit."""
    from matplotlib.figure import Figure

    images, labels = test_set.tensors
    network.eval()
    with pluggrad.no_grad():
        read = network(images).argmax(1).tolist()
    right = labels.tolist()
    order = sorted(range(len(right)), key=lambda i: read[i] == right[i])[:count]
    figure = Figure(figsize=(10, 7), layout="constrained")
    mistakes = sum(r != t for r, t in zip(read, right, strict=True))
    figure.suptitle(f"{len(right)} held-out digits: {mistakes} misread (first, in red)")
    for axes, i in zip(figure.subplots(5, 8).flat, order, strict=False):
        axes.imshow(images[i, 0].tolist(), cmap="gray_r")
        axes.axis("off")
        wrong = read[i] != right[i]
        axes.set_title(
            f"{read[i]}, is {right[i]}" if wrong else str(read[i]), color="tab:red" if wrong else "black", fontsize=10
        )
    _save_figure(figure, path)


def _save_figure(figure: Any, path: Path) -> None:
    beside = path.with_name(f".{path.name}")
    figure.savefig(beside, dpi=120, format="png")
    beside.replace(path)


def problem(options: argparse.Namespace) -> str | None:
    """Why the demo cannot run with these options, found out before it starts; None if it can."""
    absent = missing()
    if absent:
        return f'the demo needs {", ".join(absent)}: pip install "pluggrad[demo]"'
    if options.epochs < 1 or options.batch_size < 1:
        return f"--epochs and --batch-size must be at least 1, got {options.epochs} and {options.batch_size}"
    if not options.lr > 0:
        return f"--lr must be above 0, got {options.lr}"
    try:
        with pluggrad.device(options.device or pluggrad.get_default_device()):
            pluggrad.zeros(1)
    except (BackendError, DeviceError, PluginError) as error:
        return f"--device: {error}"
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"--out: no folder can be made at {str(options.out)!r}: {error.strerror}"
    return None


def run(options: argparse.Namespace) -> int:
    """Train, measure, and write what came of it."""
    reason = problem(options)
    if reason is not None:
        print(reason, file=sys.stderr)  # noqa: T201
        return 2
    from threadpoolctl import threadpool_limits

    device = pluggrad.device(options.device or pluggrad.get_default_device())
    start = time.perf_counter()
    pluggrad.manual_seed(options.seed)
    # One thread for matrix products: those of 8×8 images are so small that waiting for a second one takes longer,
    # ten times as long on a machine that has other work.
    with device, threadpool_limits(1, user_api="blas"):
        train_set, test_set = load_digits(options.seed, device)
        network = make_network()
        history = train(network, train_set, test_set, options)
        draw_curves(history, options.out / "curves.png")
        draw_predictions(network, test_set, options.out / "predictions.png")
        pluggrad.save(network.state_dict(), options.out / "weights.safetensors")
    seconds = time.perf_counter() - start
    read = f"read {history.test_accuracy[-1]:.2%} of {len(test_set)} held-out digits correctly"
    print(f"{read}, after {seconds:.0f} s on {device}")  # noqa: T201
    print(f"wrote curves.png, predictions.png and weights.safetensors to {options.out.resolve()}")  # noqa: T201
    return 0
