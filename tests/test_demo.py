"""The demonstration: it learns, writes what it promises, and says clearly what it lacks."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.__main__ import main
from pluggrad.commands import demo

for _module in demo.REQUIRED:
    pytest.importorskip(_module)

WRITTEN = ["curves.png", "predictions.png", "weights.safetensors"]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """The exit status and the folder of a run of few epochs."""
    out = tmp_path_factory.mktemp("demo") / "deep" / "er"
    return main(["demo", "--epochs", "3", "--seed", "1", "--out", str(out)]), out


def test_it_writes_pictures_and_weights(short: tuple[int, Path]) -> None:
    status, out = short
    assert status == 0
    assert sorted(p.name for p in out.iterdir()) == WRITTEN  # and nothing half done beside them


@pytest.mark.parametrize("name", ["curves.png", "predictions.png"])
def test_the_pictures_show_something(short: tuple[int, Path], name: str) -> None:
    image = importlib.import_module("matplotlib.image").imread(short[1] / name)
    assert image.shape[0] > 300
    assert image.shape[1] > 300
    colours = np.unique((image[..., :3] * 255).astype(int).reshape(-1, 3), axis=0)
    assert len(colours) > 50
    assert 0.3 < image[..., :3].mean() < 0.99


def test_the_weights_are_those_of_the_network(short: tuple[int, Path]) -> None:
    weights = importlib.import_module("safetensors.numpy").load_file(short[1] / "weights.safetensors")
    network = demo.make_network()
    network.load_state_dict(weights)
    _, held_out = demo.load_digits(1, pluggrad.get_default_device())
    assert demo.accuracy(network, held_out) > 0.9  # after three epochs
    assert network.training


def test_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--epochs", "1", "--batch-size", "256", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "of 359 held-out digits correctly, after" in said.out
    assert f"wrote {WRITTEN[0]}, {WRITTEN[1]} and {WRITTEN[2]} to {tmp_path.resolve()}" in said.out
    assert "epoch 1: test accuracy" in said.err  # the progress bar


def test_a_seed_gives_the_same_run_again() -> None:
    def losses() -> list[float]:
        options = argparse.Namespace(batch_size=512, epochs=1, lr=1e-3, seed=7)
        pluggrad.manual_seed(7)
        train_set, test_set = demo.load_digits(7, pluggrad.get_default_device())
        return demo.train(demo.make_network(), train_set, test_set, options).loss

    assert losses() == losses()


def test_no_digit_is_in_both_sets() -> None:
    train_set, test_set = demo.load_digits(0, pluggrad.get_default_device())
    assert len(train_set) + len(test_set) == 1797
    seen = {tuple(image) for image in train_set.tensors[0].flatten(1).tolist()}
    shared = [tuple(image) in seen for image in test_set.tensors[0].flatten(1).tolist()]
    assert sum(shared) <= 1  # the data set itself has next to no image twice
    other, _ = demo.load_digits(1, pluggrad.get_default_device())
    assert other.tensors[1].tolist() != train_set.tensors[1].tolist()


@pytest.mark.slow
def test_it_reads_98_percent(tmp_path: Path) -> None:
    options = argparse.Namespace(batch_size=64, epochs=15, lr=2e-3, seed=0)
    pluggrad.manual_seed(0)
    train_set, test_set = demo.load_digits(0, pluggrad.get_default_device())
    history = demo.train(demo.make_network(), train_set, test_set, options)
    assert history.test_accuracy[-1] >= 0.98
    assert len(history.loss) == 15 * 23


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs and --batch-size must be at least 1, got 0 and 64"),
        (["--lr", "-1"], "--lr must be above 0, got -1.0"),
        (["--device", "abacus"], "--device: no backend has the device 'abacus'"),
        (["--device", "a:b:c"], "--device: a device is named 'type' or 'type:index'"),
    ],
)
def test_mistakes(arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", str(tmp_path / "out"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert "--out: no folder can be made at" in capsys.readouterr().err


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def without(name: str, *rest: Any) -> Any:
        if name in ("tqdm", "sklearn"):
            raise ImportError(name)
        return importlib.__dict__["import_module"](name, *rest)

    monkeypatch.setattr(demo, "importlib", argparse.Namespace(import_module=without))
    assert main(["demo"]) == 2
    assert 'the demo needs scikit-learn, tqdm: pip install "pluggrad[demo]"' in capsys.readouterr().err
