"""What random masks and slopes are like: their statistics, beside PyTorch's where these are not plain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pluggrad
import pluggrad.nn.functional as F

torch = pytest.importorskip("torch")
TF = torch.nn.functional


def host(x: Any) -> np.ndarray:
    return np.asarray(x.detach().tolist())


@pytest.fixture(autouse=True)
def seed() -> None:
    pluggrad.manual_seed(0)
    torch.manual_seed(0)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_sets_the_fraction_p_to_zero_and_scales_the_rest(p: float) -> None:
    out = host(F.dropout(pluggrad.ones(20_000), p))
    assert set(out.round(5)) == {0.0, round(1 / (1 - p), 5)}
    assert (out == 0).mean() == pytest.approx(p, abs=0.02)


def test_the_gradient_has_the_mask_of_the_value() -> None:
    x = pluggrad.ones(1000, requires_grad=True)
    y = F.dropout(x, 0.3)
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("dropout1d", (400, 20, 3)), ("dropout1d", (8000, 3)), ("dropout2d", (400, 20, 3, 2)),
        ("dropout3d", (400, 20, 2, 1, 2)), ("dropout3d", (8000, 2, 1, 2)), ("feature_alpha_dropout", (400, 20, 3)),
    ],
)  # fmt: skip
def test_whole_channels_are_dropped(name: str, shape: tuple[int, ...]) -> None:
    whole = len(shape) - len([n for n in shape if n < 10])  # the axes of samples and channels
    out = host(getattr(F, name)(pluggrad.ones(shape), 0.25, training=True))
    channels = out.reshape(int(np.prod(shape[:whole])), -1)
    assert (channels == channels[:, :1]).all()
    values, counts = np.unique(channels[:, 0].round(5), return_counts=True)
    assert len(values) == 2
    assert counts.min() / counts.sum() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(p: float) -> None:
    x = np.random.default_rng(0).normal(size=50_000)
    mine = host(F.alpha_dropout(pluggrad.tensor(x), p, training=True))
    yours = TF.alpha_dropout(torch.tensor(x), p, training=True).numpy()
    assert mine.mean() == pytest.approx(0, abs=0.03)
    assert mine.std() == pytest.approx(1, abs=0.03)
    # What is dropped has one value, the same in both.
    assert _most_frequent(mine) == pytest.approx(_most_frequent(yours), abs=1e-6)


def _most_frequent(x: np.ndarray) -> float:
    found, counts = np.unique(x.round(9), return_counts=True)
    return float(found[counts.argmax()])


def test_random_slopes() -> None:
    x = -pluggrad.ones(20_000, dtype=pluggrad.float64)
    x.requires_grad_()
    y = F.rrelu(x, 0.2, 0.4, training=True)
    slopes = -host(y)
    assert slopes.min() >= 0.2
    assert slopes.max() <= 0.4
    assert slopes.mean() == pytest.approx(0.3, abs=0.005)
    assert slopes.std() == pytest.approx(0.2 / 12**0.5, rel=0.03)
    y.sum().backward()
    assert x.grad.tolist() == slopes.tolist()


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_chooses_by_the_logits(hard: bool) -> None:
    p = np.array([0.2, 0.5, 0.3])
    logits = pluggrad.tensor(np.log(p)).expand(20_000, 3)
    drawn = host(F.gumbel_softmax(logits, tau=0.7, hard=hard))
    np.testing.assert_allclose(drawn.sum(1), 1.0)
    if hard:
        assert set(drawn.reshape(-1).round(9)) == {0.0, 1.0}
    chosen = np.bincount(drawn.argmax(1), minlength=3) / len(drawn)
    np.testing.assert_allclose(chosen, p, atol=0.02)


def test_hard_samples_have_the_gradient_of_soft_ones() -> None:
    weights = pluggrad.tensor([1.0, 2.0, 3.0])
    grads = []
    for hard in (False, True):
        pluggrad.manual_seed(3)
        x = pluggrad.tensor([0.1, 0.2, 0.3], requires_grad=True)
        (F.gumbel_softmax(x, hard=hard) * weights).sum().backward()
        grads.append(x.grad.tolist())
    assert grads[1] == pytest.approx(grads[0], rel=1e-6)


@pytest.mark.parametrize(("name", "shape"), [("dropout2d", (2, 3, 4)), ("dropout2d", (2, 3)), ("dropout3d", (2, 3, 4))])
def test_unexpected_axes_warn_as_in_pytorch(name: str, shape: tuple[int, ...]) -> None:
    for call, ones in ((getattr(TF, name), torch.ones), (getattr(F, name), pluggrad.ones)):
        with pytest.warns(UserWarning, match=f"{name}: Received a {len(shape)}-?D input"):
            call(ones(shape))
