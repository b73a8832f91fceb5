"""Distributions beside PyTorch's: densities, moments, gradients, divergences; samples by their moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pluggrad
import pluggrad.distributions as ours

torch = pytest.importorskip("torch")
theirs = torch.distributions
pytest.importorskip("scipy")

MATRIX = [[2.0, 0.3, 0.1], [0.3, 1.5, -0.2], [0.1, -0.2, 1.0]]
FACTOR = np.linalg.cholesky(np.asarray(MATRIX)).tolist()

CORRELATION = np.linalg.cholesky([[1.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 1.0]]).tolist()

#: Name, parameters (lists become float64 tensors), and values at which to compare.
CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("Normal", {"loc": [0.0, 1.0], "scale": [1.0, 0.5]}, [0.3, -0.7]),
    ("Laplace", {"loc": [0.0, 1.0], "scale": [1.0, 0.5]}, [0.3, -0.7]),
    ("Cauchy", {"loc": [0.0, 1.0], "scale": [1.0, 0.5]}, [0.3, -0.7]),
    ("Gumbel", {"loc": [0.0, 1.0], "scale": [1.0, 0.5]}, [0.3, -0.7]),
    ("Uniform", {"low": [0.0, -1.0], "high": [1.0, 0.5]}, [0.3, -0.7]),
    ("Exponential", {"rate": [0.5, 2.0]}, [0.3, 1.7]),
    ("Gamma", {"concentration": [0.5, 3.0], "rate": [2.0, 0.7]}, [0.3, 1.7]),
    ("Chi2", {"df": [0.5, 3.0]}, [0.3, 1.7]),
    ("Beta", {"concentration1": [0.5, 3.0], "concentration0": [2.0, 0.7]}, [0.3, 0.7]),
    ("Dirichlet", {"concentration": [[0.5, 3.0, 1.0], [2.0, 2.0, 2.0]]}, [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]),
    ("StudentT", {"df": [0.7, 5.0], "loc": [0.0, 1.0], "scale": [1.0, 0.5]}, [0.3, -0.7]),
    ("FisherSnedecor", {"df1": [3.0, 5.0], "df2": [5.0, 7.0]}, [0.3, 1.7]),
    ("LogNormal", {"loc": [0.0, 1.0], "scale": [1.0, 0.5]}, [0.3, 1.7]),
    ("HalfNormal", {"scale": [1.0, 0.5]}, [0.3, 1.7]),
    ("HalfCauchy", {"scale": [1.0, 0.5]}, [0.3, 1.7]),
    ("Pareto", {"scale": [1.0, 0.5], "alpha": [3.0, 2.5]}, [1.3, 1.7]),
    ("Weibull", {"scale": [1.0, 0.5], "concentration": [3.0, 0.8]}, [0.3, 1.7]),
    ("InverseGamma", {"concentration": [3.0, 2.5], "rate": [1.0, 0.5]}, [0.3, 1.7]),
    ("Bernoulli", {"probs": [0.2, 0.9]}, [0.0, 1.0]),
    ("Bernoulli", {"logits": [0.2, -0.9]}, [0.0, 1.0]),
    ("Geometric", {"probs": [0.2, 0.9]}, [0.0, 3.0]),
    ("Geometric", {"logits": [0.2, -0.9]}, [0.0, 3.0]),
    ("Binomial", {"total_count": 4, "probs": [0.2, 0.9]}, [0.0, 3.0]),
    ("NegativeBinomial", {"total_count": [3.0, 1.5], "probs": [0.2, 0.7]}, [0.0, 3.0]),
    ("Poisson", {"rate": [0.2, 4.0]}, [0.0, 3.0]),
    ("Categorical", {"probs": [[0.2, 0.3, 0.5], [1.0, 1.0, 3.0]]}, [0.0, 2.0]),
    ("Categorical", {"logits": [[0.2, 0.3, 0.5], [1.0, 1.0, 3.0]]}, [0.0, 2.0]),
    ("OneHotCategorical", {"probs": [[0.2, 0.3, 0.5]]}, [[0.0, 1.0, 0.0]]),
    ("Multinomial", {"total_count": 3, "probs": [[0.2, 0.3, 0.5]]}, [[1.0, 0.0, 2.0]]),
    ("MultivariateNormal", {"loc": [0.0, 1.0, 2.0], "covariance_matrix": MATRIX}, [0.3, 0.2, 1.0]),
    ("MultivariateNormal", {"loc": [[0.0, 1.0, 2.0]], "precision_matrix": MATRIX}, [[0.3, 0.2, 1.0]]),
    ("MultivariateNormal", {"loc": [0.0, 1.0, 2.0], "scale_tril": FACTOR}, [0.3, 0.2, 1.0]),
    ("ContinuousBernoulli", {"probs": [0.2, 0.9]}, [0.3, 0.7]),
    ("ContinuousBernoulli", {"logits": [0.001, -0.9]}, [0.3, 0.7]),
    ("Kumaraswamy", {"concentration1": [2.0, 3.0], "concentration0": [2.0, 1.7]}, [0.3, 0.7]),
    ("LKJCholesky", {"dim": 3, "concentration": [0.7, 2.0]}, CORRELATION),
    ("LogisticNormal", {"loc": [0.0, 1.0], "scale": [1.0, 0.5]}, [0.3, 0.2, 0.5]),
    (
        "LowRankMultivariateNormal",
        {"loc": [0.0, 1.0, 2.0], "cov_factor": [[1.0, 0.2], [0.5, -0.3], [0.1, 0.4]], "cov_diag": [0.5, 1.0, 2.0]},
        [0.3, 0.2, 1.0],
    ),
    ("VonMises", {"loc": [0.0, 1.0], "concentration": [1.0, 5.0]}, [0.3, -0.7]),
    ("Wishart", {"df": 4.5, "covariance_matrix": MATRIX}, MATRIX),
    ("Wishart", {"df": [4.5], "precision_matrix": MATRIX}, MATRIX),
    ("RelaxedBernoulli", {"temperature": 0.7, "probs": [0.2, 0.9]}, [0.3, 0.6]),
    ("RelaxedOneHotCategorical", {"temperature": 0.7, "probs": [[0.2, 0.3, 0.5]]}, [[0.2, 0.7, 0.1]]),
]
#: PyTorch computes Bessel functions by polynomials of single precision.
APPROXIMATE = {"VonMises"}
IDS = [f"{name}-{'-'.join(parameters)}" for name, parameters, _ in CASES]


def pair(name: str, parameters: dict[str, Any], grad: bool = False) -> tuple[Any, Any, list[Any], list[Any]]:
    """A distribution in both libraries, and the parameters that require gradients."""
    mine, yours = {}, {}
    for key, value in parameters.items():
        if isinstance(value, list):
            wants = grad and key != "total_count"
            mine[key] = pluggrad.tensor(value, dtype=pluggrad.float64, requires_grad=wants)
            yours[key] = torch.tensor(value, dtype=torch.float64, requires_grad=wants)
        else:
            mine[key] = value
            yours[key] = torch.tensor(value, dtype=torch.float64) if isinstance(value, float) else value
    leaves = [k for k in mine if grad and isinstance(mine[k], pluggrad.Tensor) and mine[k].requires_grad]
    p, q = getattr(ours, name)(**mine), getattr(theirs, name)(**yours)
    return p, q, [mine[k] for k in leaves], [yours[k] for k in leaves]


def both(value: Any) -> tuple[Any, Any]:
    return pluggrad.tensor(value, dtype=pluggrad.float64), torch.tensor(value, dtype=torch.float64)


def close(a: Any, b: Any, rtol: float = 1e-9) -> None:
    assert tuple(a.shape) == tuple(b.shape)
    np.testing.assert_allclose(a.tolist(), b.tolist(), rtol=rtol, atol=1e-12)


def same(mine: Callable[[], Any], yours: Callable[[], Any]) -> bool:
    """Compare two results; False where PyTorch has none, and neither have we or we have one more."""
    try:
        wanted = yours()
    except NotImplementedError:
        return False
    close(mine(), wanted, rtol=2e-7)  # PyTorch computes some constants in single precision
    return True


@pytest.mark.parametrize(("name", "parameters", "values"), CASES, ids=IDS)
def test_shapes_densities_and_gradients(name: str, parameters: dict[str, Any], values: Any) -> None:
    p, q, leaves, their_leaves = pair(name, parameters, grad=True)
    x, y = both(values)
    assert p.batch_shape == tuple(q.batch_shape) and p.event_shape == tuple(q.event_shape)
    assert p.has_rsample == q.has_rsample
    rtol = 1e-6 if name in APPROXIMATE else 1e-9
    close(p.log_prob(x), q.log_prob(y), rtol)
    p.log_prob(x).sum().backward()
    q.log_prob(y).sum().backward()
    for a, b in zip(leaves, their_leaves, strict=True):
        close(a.grad, b.grad, rtol)
    if hasattr(q, "has_enumerate_support") and q.has_enumerate_support:
        close(p.enumerate_support().to(pluggrad.float64), q.enumerate_support().double())


@pytest.mark.parametrize(("name", "parameters", "values"), CASES, ids=IDS)
def test_moments_entropy_and_quantiles(name: str, parameters: dict[str, Any], values: Any) -> None:
    p, q, _, _ = pair(name, parameters)
    x, y = both(values)
    # The mode of Weibull's distribution is 0 for a concentration below 1, where PyTorch has NaN, as it has for
    # Kumaraswamy's in most cases.
    attributes = ("mean", "variance") if name in ("Weibull", "Kumaraswamy") else ("mean", "variance", "mode")
    compared = [same(lambda a=a: getattr(p, a), lambda a=a: getattr(q, a)) for a in attributes]
    compared.append(same(p.entropy, q.entropy))
    compared.append(same(lambda: p.cdf(x), lambda: q.cdf(y)))
    u, v = both(np.linspace(0.2, 0.7, 2).tolist())
    compared.append(same(lambda: p.icdf(u), lambda: q.icdf(v)))
    # The relaxed ones, LKJ's and the logistic normal have neither moments nor an entropy in closed form.
    assert any(compared) or name.startswith(("Relaxed", "LKJ", "Logistic"))
    wider = (3, *p.batch_shape)
    close(p.expand(wider).log_prob(x), q.expand(wider).log_prob(y), 1e-6 if name in APPROXIMATE else 1e-9)


@pytest.mark.filterwarnings("ignore:Singular sample detected")  # of PyTorch's own samples
@pytest.mark.parametrize(("name", "parameters", "values"), CASES, ids=IDS)
def test_samples_have_the_moments(name: str, parameters: dict[str, Any], values: Any) -> None:
    p, q, _, _ = pair(name, parameters)
    pluggrad.manual_seed(0)
    count = 20_000
    x = p.sample((count,))
    assert x.shape == (count, *p.batch_shape, *p.event_shape) and not x.requires_grad
    assert bool(p.support.check(x).all())
    try:
        mean, deviation = np.asarray(q.mean.tolist()), np.asarray(q.stddev.tolist())
    except NotImplementedError:
        return  # the relaxed ones
    drawn = np.asarray(x.tolist())
    known = np.isfinite(mean) & np.isfinite(deviation)
    error = np.abs(drawn.mean(0) - mean)[known]
    assert (error <= 5 * deviation[known] / np.sqrt(count)).all()
    # Spread: half of the values lie between the quartiles of PyTorch's own samples.
    torch.manual_seed(0)
    reference = np.asarray(q.sample((count,)).tolist())
    for level in (0.1, 0.5, 0.9):
        a, b = np.quantile(drawn, level, axis=0), np.quantile(reference, level, axis=0)
        inside = np.mean(reference < a - 1e-12, axis=0), np.mean(reference <= a + 1e-12, axis=0)
        assert ((inside[0] - 0.02 <= level) & (level <= inside[1] + 0.02)).all(), (level, a, b)


REPARAMETERIZED = [c for c in CASES if getattr(ours, c[0]).has_rsample is True or c[0] in ("LogNormal", "Weibull")]


@pytest.mark.parametrize(("name", "parameters", "values"), REPARAMETERIZED, ids=[c[0] for c in REPARAMETERIZED])
def test_samples_carry_gradients(name: str, parameters: dict[str, Any], values: Any) -> None:
    """The gradient of the mean of samples is that of the mean, where that is known and the variance is finite."""
    p, q, leaves, their_leaves = pair(name, parameters, grad=True)
    pluggrad.manual_seed(1)
    count = 4000
    x = p.rsample((count,))
    x.mean(0).sum().backward()
    assert all(leaf.grad is not None and bool(leaf.grad.isfinite().all()) for leaf in leaves)
    mean = q.mean
    if name in ("Cauchy", "StudentT") or not mean.requires_grad:
        return
    mean.sum().backward()
    for a, b in zip(leaves, their_leaves, strict=True):
        if b.grad is not None:
            np.testing.assert_allclose(a.grad.tolist(), b.grad.tolist(), rtol=0.2, atol=0.1)


DIVERGENCES = [
    *[(n, n, a, b) for n, a, b in (
        ("Normal", {"loc": [0.0], "scale": [1.0]}, {"loc": [1.0], "scale": [2.0]}),
        ("LogNormal", {"loc": [0.0], "scale": [1.0]}, {"loc": [1.0], "scale": [2.0]}),
        ("HalfNormal", {"scale": [1.0]}, {"scale": [2.0]}),
        ("Laplace", {"loc": [0.0], "scale": [1.0]}, {"loc": [1.0], "scale": [2.0]}),
        ("Cauchy", {"loc": [0.0], "scale": [1.0]}, {"loc": [1.0], "scale": [2.0]}),
        ("Gumbel", {"loc": [0.0], "scale": [1.0]}, {"loc": [1.0], "scale": [2.0]}),
        ("Uniform", {"low": [0.0], "high": [1.0]}, {"low": [-1.0], "high": [2.0]}),
        ("Uniform", {"low": [0.0], "high": [1.0]}, {"low": [0.5], "high": [2.0]}),
        ("Exponential", {"rate": [0.5]}, {"rate": [2.0]}),
        ("Gamma", {"concentration": [0.5], "rate": [1.0]}, {"concentration": [2.0], "rate": [3.0]}),
        ("Beta", {"concentration1": [0.5], "concentration0": [1.0]},
         {"concentration1": [2.0], "concentration0": [3.0]}),
        ("Dirichlet", {"concentration": [0.5, 1.0]}, {"concentration": [2.0, 3.0]}),
        ("Bernoulli", {"probs": [0.2]}, {"probs": [0.7]}),
        ("Geometric", {"probs": [0.2]}, {"probs": [0.7]}),
        ("Binomial", {"total_count": 3, "probs": [0.2]}, {"total_count": 3, "probs": [0.7]}),
        ("Poisson", {"rate": [0.2]}, {"rate": [4.0]}),
        ("Categorical", {"probs": [0.2, 0.8]}, {"probs": [0.5, 0.5]}),
        ("OneHotCategorical", {"probs": [0.2, 0.8]}, {"probs": [0.5, 0.5]}),
        ("MultivariateNormal", {"loc": [0.0, 1.0, 2.0], "covariance_matrix": MATRIX},
         {"loc": [1.0, 1.0, 0.0], "scale_tril": FACTOR}),
    )],
    ("Bernoulli", "Poisson", {"probs": [0.2]}, {"rate": [2.0]}),
    ("Exponential", "Gamma", {"rate": [0.5]}, {"concentration": [2.0], "rate": [3.0]}),
    ("Uniform", "Normal", {"low": [0.0], "high": [1.0]}, {"loc": [1.0], "scale": [2.0]}),
    ("Normal", "Laplace", {"loc": [0.0], "scale": [1.0]}, {"loc": [1.0], "scale": [2.0]}),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "a", "b"), DIVERGENCES)
def test_divergences(one: str, other: str, a: dict[str, Any], b: dict[str, Any]) -> None:
    p, tp, _, _ = pair(one, a)
    q, tq, _, _ = pair(other, b)
    close(ours.kl_divergence(p, q), theirs.kl_divergence(tp, tq))


def test_independent_and_mixtures() -> None:
    x, y = both([[0.3, -0.7], [0.1, 0.2]])
    loc, t_loc = both([[0.0, 1.0], [2.0, 3.0]])
    p, q = ours.Independent(ours.Normal(loc, 1.0), 1), theirs.Independent(theirs.Normal(t_loc, 1.0), 1)
    assert (p.batch_shape, p.event_shape) == ((2,), (2,))
    close(p.log_prob(x), q.log_prob(y))
    close(p.entropy(), q.entropy())
    other, t_other = both([[1.0, 1.0], [1.0, 1.0]])
    close(
        ours.kl_divergence(p, ours.Independent(ours.Normal(other, 2.0), 1)),
        theirs.kl_divergence(q, theirs.Independent(theirs.Normal(t_other, 2.0), 1)),
    )
    w, t_w = both([0.3, 0.7])
    p = ours.MixtureSameFamily(ours.Categorical(w), ours.Normal(loc[0], 1.0))
    q = theirs.MixtureSameFamily(theirs.Categorical(t_w), theirs.Normal(t_loc[0], 1.0))
    v, t_v = both([0.3, -0.7, 2.0])
    close(p.log_prob(v), q.log_prob(t_v))
    close(p.cdf(v), q.cdf(t_v))
    close(p.mean, q.mean)
    close(p.variance, q.variance)
    pluggrad.manual_seed(0)
    drawn = p.sample((20_000,))
    assert abs(drawn.mean().item() - q.mean.item()) < 0.05


@pytest.mark.parametrize(
    "name",
    ["ExpTransform", "SigmoidTransform", "SoftplusTransform", "TanhTransform", "StickBreakingTransform"],
)
def test_transforms(name: str) -> None:
    mine, yours = getattr(ours.transforms, name)(), getattr(theirs.transforms, name)()
    x, t_x = both([[0.3, -0.7, 1.1]])
    y, t_y = mine(x), yours(t_x)
    close(y, t_y)
    close(mine.inv(y), yours.inv(t_y))
    close(mine.log_abs_det_jacobian(x, y), yours.log_abs_det_jacobian(t_x, t_y))
    close(mine.inv.log_abs_det_jacobian(y, x), yours.inv.log_abs_det_jacobian(t_y, t_x))


def test_transformed_distribution() -> None:
    loc, t_loc = both([0.3, -0.7])

    def chain(t: Any) -> Any:
        return [t.AffineTransform(0.5, -2.0), t.SigmoidTransform(), t.PowerTransform(2.0)]  # fmt: skip

    p = ours.TransformedDistribution(ours.Normal(loc, 1.0), chain(ours.transforms))
    q = theirs.TransformedDistribution(theirs.Normal(t_loc, 1.0), chain(theirs.transforms))
    x, y = both([0.3, 0.9])
    close(p.log_prob(x), q.log_prob(y))
    close(p.cdf(x), q.cdf(y))
    close(p.icdf(x), q.icdf(y))
    close(p.expand((3, 2)).log_prob(x), q.expand((3, 2)).log_prob(y))
    # Of vectors: the elements of the base become one event.
    p = ours.TransformedDistribution(ours.Normal(loc, 1.0), ours.transforms.StickBreakingTransform())
    q = theirs.TransformedDistribution(theirs.Normal(t_loc, 1.0), theirs.transforms.StickBreakingTransform())
    assert (p.batch_shape, p.event_shape) == (tuple(q.batch_shape), tuple(q.event_shape))
    x, y = both([0.2, 0.3, 0.5])
    close(p.log_prob(x), q.log_prob(y))


BAD: list[tuple[str, Callable[[Any, Any], Any], str]] = [
    ("scale", lambda d, t: d.Normal(t.tensor([0.0]), t.tensor([-1.0])), "Expected parameter scale"),
    ("probs", lambda d, t: d.Bernoulli(t.tensor([1.5])), "Expected parameter probs"),
    ("both", lambda d, t: d.Bernoulli(), "Either `probs` or `logits` must be specified, but not both"),
    ("value", lambda d, t: d.Bernoulli(t.tensor([0.5])).log_prob(t.tensor([0.5])), "Expected value argument"),
    ("shape", lambda d, t: d.Normal(t.zeros(3), 1.0).log_prob(t.zeros(2)), "not broadcastable"),
    ("event", lambda d, t: d.Dirichlet(t.ones(3)).log_prob(t.ones(2) / 2), "right-most size"),
    ("uniform", lambda d, t: d.Uniform(t.ones(2), t.zeros(2)), "low"),
    ("matrices", lambda d, t: d.MultivariateNormal(t.zeros(2)), "Exactly one of"),
    ("independent", lambda d, t: d.Independent(d.Normal(0.0, 1.0), 1), "reinterpreted_batch_ndims"),
]


@pytest.mark.parametrize(("call", "message"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_mistakes(call: Callable[[Any, Any], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(theirs, torch)
    with pytest.raises(ValueError, match=message):
        call(ours, pluggrad)


def test_what_has_no_formula_says_so() -> None:
    with pytest.raises(NotImplementedError, match=r"No KL\(p \|\| q\) .* for p type Laplace and q type Cauchy"):
        ours.kl_divergence(ours.Laplace(0.0, 1.0), ours.Cauchy(1.0, 1.0))
    with pytest.raises(NotImplementedError, match="Poisson has no rsample"):
        ours.Poisson(1.0).rsample()


def test_registered_divergences_prefer_the_more_special() -> None:
    class Special(ours.Normal):
        pass

    @ours.register_kl(Special, ours.Normal)
    def _special(p: Any, q: Any) -> Any:
        return p.loc * 0 + 7.0

    assert ours.kl_divergence(Special(0.0, 1.0), ours.Normal(0.0, 1.0)).item() == 7.0
    assert ours.kl_divergence(ours.Normal(0.0, 1.0), Special(0.0, 1.0)).item() == 0.0


def test_policy_gradient() -> None:
    """What the courses do with Categorical: a surrogate whose gradient raises the probability of good actions."""
    logits = pluggrad.zeros(2, requires_grad=True)
    policy = ours.Categorical(logits=logits)
    action = pluggrad.tensor([0, 1])
    loss = -(policy.log_prob(action) * pluggrad.tensor([1.0, -1.0])).sum()
    loss.backward()
    assert logits.grad.tolist() == pytest.approx([-1.0, 1.0])


def test_generalized_pareto() -> None:
    """In single precision: in double PyTorch's own compares with a number of single precision, and fails."""
    for c in (0.3, -0.2, 0.0):
        found = []
        for d, t in ((ours, pluggrad), (theirs, torch)):
            loc, scale, shape = (t.tensor([v], requires_grad=True) for v in (0.5, 2.0, c))
            p = d.GeneralizedPareto(loc, scale, shape)
            x = t.tensor([1.5])
            p.log_prob(x).sum().backward()
            u = t.tensor([0.3])
            found.append([
                p.log_prob(x), p.cdf(x), p.icdf(u), p.mean, p.variance, p.entropy(), loc.grad, scale.grad, shape.grad,
                p.expand((3, 1)).log_prob(x),
            ])  # fmt: skip
        for a, b in zip(*found, strict=True):
            close(a, b, 1e-5)
    pluggrad.manual_seed(0)
    drawn = ours.GeneralizedPareto(0.0, 1.0, 0.2).sample((20_000,))
    assert drawn.mean().item() == pytest.approx(1.25, abs=0.05)


def test_the_mode_of_kumaraswamy() -> None:
    p = ours.Kumaraswamy(pluggrad.tensor([2.0, 0.5], dtype=pluggrad.float64), 3.0)
    assert p.mode[0].item() == pytest.approx((1 / 5) ** 0.5) and bool(p.mode[1].isnan())
    inside = pluggrad.tensor([0.2, 0.4, 0.6], dtype=pluggrad.float64)
    top = ours.Kumaraswamy(2.0, 3.0)
    assert bool((top.log_prob(p.mode[:1]) > top.log_prob(inside)).all())


CONSTRAINTS = {
    "real": lambda c: c.real,
    "positive": lambda c: c.positive,
    "above": lambda c: c.greater_than(2.0),
    "below": lambda c: c.less_than(2.0),
    "unit": lambda c: c.unit_interval,
    "between": lambda c: c.interval(-1.0, 3.0),
    "simplex": lambda c: c.simplex,
    "vector": lambda c: c.independent(c.positive, 1),
    "cholesky": lambda c: c.lower_cholesky,
    "definite": lambda c: c.positive_definite,
    "correlation": lambda c: c.corr_cholesky,
}


@pytest.mark.parametrize(
    ("name", "registry"),
    [
        *((name, "transform_to") for name in CONSTRAINTS),
        # To these two many matrices lead, so there is no bijection.
        *((name, "biject_to") for name in CONSTRAINTS if name not in ("cholesky", "definite")),
    ],
)
def test_free_numbers_are_brought_into_constraints(name: str, registry: str) -> None:
    constraint, theirs_too = CONSTRAINTS[name](ours.constraints), CONSTRAINTS[name](theirs.constraints)
    values: Any = [[0.3, -0.7, 1.1], [0.2, 0.4, -0.5], [0.1, 0.0, 0.6]]
    x, y = both(values)
    mine, yours = getattr(ours, registry)(constraint), getattr(theirs, registry)(theirs_too)
    close(mine(x), yours(y))
    assert bool(constraint.check(mine(x)).all())
    close(mine.inv(mine(x)), yours.inv(yours(y)))
    if name not in ("cholesky", "definite") and not (name == "simplex" and registry == "transform_to"):
        close(mine.log_abs_det_jacobian(x, mine(x)), yours.log_abs_det_jacobian(y, yours(y)), 1e-7)


def test_unknown_constraints_are_told() -> None:
    for d in (ours, theirs):
        with pytest.raises(NotImplementedError, match="Cannot transform"):
            d.biject_to(d.constraints.boolean)
    special = ours.constraint_registry.ConstraintRegistry()
    special.register(ours.constraints.boolean, lambda c: ours.SigmoidTransform())
    assert isinstance(special(ours.constraints.boolean), ours.SigmoidTransform)
