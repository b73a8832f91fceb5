"""The examples reach what they promise: fixed seeds, bounds that are stated, scikit-learn's models beside them."""

from __future__ import annotations

import collections
import importlib.util
import itertools
import math
import subprocess
import sys
from pathlib import Path

import pytest

import pluggrad

pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

EXAMPLES = Path(__file__).parents[2] / "examples"
SEEDS = (0, 1, 2, 3)


def load(name):
    specification = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(specification)  # where dataclasses look it up
    specification.loader.exec_module(module)
    return module


def device():
    return str(pluggrad.get_default_device())


@pytest.mark.cpu
def test_diabetes_is_as_good_as_least_squares():
    """Four splits: R² on patients that were not seen above 0.40 on average, and not below least squares."""
    example = load("diabetes")
    networks = [example.train(seed, device=device(), progress=False) for seed in SEEDS]
    linear = [example.linear_model(seed) for seed in SEEDS]
    r2, baseline = (sum(r.r2 for r in results) / len(SEEDS) for results in (networks, linear))
    assert r2 > 0.40 and r2 > baseline
    assert max(r.mse for r in networks) < 3300  # the variance of the targets is 5930


@pytest.mark.cpu
def test_breast_cancer_is_as_good_as_logistic_regression():
    """Four splits: 96 % right on average, a ROC AUC above 0.99, and within a hundredth of logistic regression."""
    example = load("breast_cancer")
    networks = [example.train(seed, device=device(), progress=False) for seed in SEEDS]
    logistic = [example.logistic_regression(seed) for seed in SEEDS]
    for name, least in (("accuracy", 0.96), ("F1", 0.965), ("ROC AUC", 0.99)):
        reached, baseline = (sum(r[name] for r in results) / len(SEEDS) for results in (networks, logistic))
        assert reached > least and reached > baseline - 0.01, name


@pytest.mark.cpu
@pytest.mark.parametrize("kind", ["lstm", "transformer"])
def test_characters_learns_the_text_by_heart(kind):
    """400 steps: below 0.3 nats per character, where the last character alone leaves 2.0; 97 % known by heart."""
    example = load("characters")
    text, counts = example.text(), collections.Counter
    pairs, firsts = counts(itertools.pairwise(text)), counts(text[:-1])
    by_pairs = -sum(n * math.log(n / firsts[a]) for (a, _), n in pairs.items()) / (len(text) - 1)
    assert 1.9 < by_pairs < 2.1
    model, losses = example.train(kind, seed=0, device=device(), progress=False)
    assert losses[0] > 3 and sum(losses[-20:]) / 20 < 0.3
    assert example.recall(model, device()) > 0.97
    assert example.write(model, text[: example.LENGTH], 20, device()) == text[: example.LENGTH + 20]


@pytest.mark.cpu
def test_the_same_seed_gives_the_same_numbers():
    example = load("diabetes")
    first, second = (example.train(3, epochs=2, progress=False) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["diabetes", "breast_cancer"])
def test_a_program_runs_from_the_command_line(name):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), "--epochs", "2"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "pluggrad's network" in done.stdout and "100%" in done.stderr


@pytest.mark.parametrize("kind", ["lstm", "transformer"])
def test_characters_runs_from_the_command_line(kind):
    command = [sys.executable, "-W", "error", str(EXAMPLES / "characters.py"), "--model", kind, "--steps", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The Zen of Python") and "of the text by heart" in done.stdout


@pytest.mark.cpu
def test_the_training_loop_goes_on_where_it_was(tmp_path):
    pytest.importorskip("safetensors")
    pytest.importorskip("tensorboard")

    def run(out, *options):
        command = [sys.executable, EXAMPLES / "training_loop.py", "--out", tmp_path / out, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stderr.rpartition("F1 ")[2][:5]

    whole = run("whole", "--epochs", "6")
    assert float(whole) > 0.93
    last = "checkpoints/step-000000090.safetensors"
    weights = [pluggrad.load(tmp_path / "whole" / last)["parts"]["model"]]
    (tmp_path / "whole" / last).unlink()  # as if it had been killed before: it goes on from step 75
    assert run("whole", "--epochs", "6") == whole
    weights.append(pluggrad.load(tmp_path / "whole" / last)["parts"]["model"])
    assert all(bool((weights[0][name] == weights[1][name]).all()) for name in weights[0])
