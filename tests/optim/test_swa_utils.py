"""Averages of weights, and the statistics of their batch norms, beside PyTorch."""

from __future__ import annotations

import pytest

import pluggrad

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

AVERAGES = {
    "equal": lambda u: {},
    "swa": lambda u: {"multi_avg_fn": u.get_swa_multi_avg_fn()},
    "swa one by one": lambda u: {"avg_fn": u.get_swa_avg_fn()},
    "ema": lambda u: {"multi_avg_fn": u.get_ema_multi_avg_fn(0.9)},
    "ema one by one": lambda u: {"avg_fn": u.get_ema_avg_fn(0.8)},
    "own": lambda u: {"avg_fn": lambda a, b, n: 0.5 * a + 0.5 * b},
}


def network(lib):
    net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 2))
    rng = np.random.default_rng(0)
    for p in net.parameters():
        p.data.copy_(lib.tensor(rng.standard_normal(tuple(p.shape))))
    return net


def batches(lib):
    rng = np.random.default_rng(1)
    return [(lib.tensor(rng.standard_normal((5, 3)), dtype=lib.float32), 0) for _ in range(4)]


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("name", AVERAGES)
def test_averages_are_pytorchs(name, use_buffers):
    states = []
    for lib in (pluggrad, torch):
        net = network(lib)
        if lib is torch and name == "swa" and use_buffers:
            name = "equal"  # the same average; PyTorch's function for lists fails on integer buffers
        average = lib.optim.swa_utils.AveragedModel(net, use_buffers=use_buffers, **AVERAGES[name](lib.optim.swa_utils))
        optimizer = lib.optim.SGD(net.parameters(), lr=0.1)
        for x, _ in batches(lib):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
            average.update_parameters(net)
        lib.optim.swa_utils.update_bn(batches(lib), average)
        assert average.module[1].momentum == 0.1 and average.training
        states.append({k: v.tolist() for k, v in average.state_dict().items()})
        x = batches(lib)[0][0]
        assert average(x).shape == (5, 2)
    assert list(states[0]) == list(states[1])
    for key, value in states[0].items():
        np.testing.assert_allclose(value, states[1][key], rtol=1e-4, atol=1e-6)


def test_the_average_is_its_own_model_and_is_saved():
    net = network(pluggrad)
    average = pluggrad.optim.swa_utils.AveragedModel(net)
    average.update_parameters(net)
    net[0].weight.data.zero_()
    assert average.module[0].weight.abs().sum().item() > 0
    other = pluggrad.optim.swa_utils.AveragedModel(net)
    other.load_state_dict(average.state_dict())
    assert other.n_averaged.item() == 1
    assert other.module[0].weight.tolist() == average.module[0].weight.tolist()


def test_statistics_of_bare_batches_and_a_model_in_evaluation():
    net = network(pluggrad).eval()
    pluggrad.optim.swa_utils.update_bn((x for x, _ in batches(pluggrad)), net, device=net[0].weight.device)
    assert not net.training and net[1].num_batches_tracked.item() == 4
    plain = pluggrad.nn.Linear(2, 2)
    pluggrad.optim.swa_utils.update_bn(None, plain)  # nothing to do: the batches are not looked at


def test_a_failing_batch_leaves_the_model_as_it_was():
    net = network(pluggrad).eval()
    with pytest.raises(RuntimeError):
        pluggrad.optim.swa_utils.update_bn([pluggrad.ones(2, 7)], net)
    assert not net.training and net[1].momentum == 0.1


def test_mistakes():
    swa_utils = pluggrad.optim.swa_utils
    for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match="Invalid decay value 1.5"):
            make(1.5)
    with pytest.raises(ValueError, match="Only one of avg_fn and multi_avg_fn"):
        swa_utils.AveragedModel(
            network(pluggrad), avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn()
        )
