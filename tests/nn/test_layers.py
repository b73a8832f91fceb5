"""What is peculiar to some layers; what all have in common with PyTorch's is in test_against_torch.py."""

from __future__ import annotations

from typing import Any

import pytest

import pluggrad
from pluggrad import nn

torch = pytest.importorskip("torch")


def build(namespace: Any, call: str) -> Any:
    return eval(f"namespace.{call}", {"namespace": namespace})


@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss", "BCEWithLogitsLoss"])
def test_weights_of_losses_are_buffers(name: str) -> None:
    loss = getattr(nn, name)(weight=pluggrad.tensor([1.0, 2.0]))
    assert list(loss.state_dict()) == list(getattr(torch.nn, name)(weight=torch.tensor([1.0, 2.0])).state_dict())
    assert loss.double().weight.dtype is pluggrad.float64


def test_embedding_with_padding_starts_at_zero() -> None:
    layer = nn.Embedding(5, 3, padding_idx=2)
    assert layer.weight[2].tolist() == [0.0, 0.0, 0.0]
    assert layer.weight.requires_grad


def test_embedding_from_pretrained() -> None:
    table = pluggrad.tensor([[1.0, 2.0], [3.0, 4.0]])
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad
    assert layer(pluggrad.tensor(1)).tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="expected to be 2-dimensional"):
        nn.Embedding.from_pretrained(pluggrad.zeros(3))


def test_dropout_follows_the_mode() -> None:
    layer, x = nn.Dropout(0.5), pluggrad.ones(1000)
    assert 350 < (layer(x) == 0).sum().item() < 650
    assert layer.eval()(x).tolist() == x.tolist()


def test_softmax_without_an_axis_warns() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        assert nn.Softmax()(pluggrad.zeros(2, 4)).tolist() == [[0.25] * 4] * 2


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("upsample", {"mode": "bilinear", "align_corners": True}), ("upsample_bilinear", {}), ("upsample_nearest", {}),
    ],
)  # fmt: skip
def test_older_names_of_interpolate_warn(name: str, options: dict[str, Any]) -> None:
    x = [[[[1.0, 2.0], [3.0, 5.0]]]]
    with pytest.warns(UserWarning, match=f"nn.functional.{name}` is deprecated"):
        mine = getattr(nn.functional, name)(pluggrad.tensor(x), scale_factor=2, **options)
    with pytest.warns(UserWarning, match="deprecated"):
        yours = getattr(torch.nn.functional, name)(torch.tensor(x), scale_factor=2, **options)
    assert mine.flatten().tolist() == pytest.approx(yours.flatten().tolist(), rel=1e-6)


def test_convert_sync_batchnorm_takes_parameters_and_statistics_over() -> None:
    net = nn.Sequential(nn.BatchNorm2d(3, momentum=0.3), nn.Sequential(nn.ReLU(), nn.BatchNorm1d(2, affine=False)))
    net[0](pluggrad.randn(4, 3, 2, 2))
    before = net.eval().state_dict()
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert converted is net
    assert [type(m).__name__ for m in net.modules()] == [
        "Sequential", "SyncBatchNorm", "Sequential", "ReLU", "SyncBatchNorm",
    ]  # fmt: skip
    assert not net[0].training
    assert net[0].momentum == 0.3
    assert list(net.state_dict()) == list(before)
    assert all((net.state_dict()[k] == v).all() for k, v in before.items())


def test_sync_batchnorm_in_one_process_is_batchnorm() -> None:
    x = pluggrad.randn(4, 3, 5)
    sync, plain = nn.SyncBatchNorm(3), nn.BatchNorm1d(3)
    assert (sync(x) == plain(x)).all()
    assert (sync.running_var == plain.running_var).all()
    with pytest.raises(ValueError, match="expected at least 2D input .got 1D input"):
        sync(pluggrad.zeros(3))


def test_instance_norm_without_weights_warns_of_another_number_of_channels() -> None:
    for lib in (pluggrad, torch):
        with pytest.warns(UserWarning, match="does not match num_features"):
            lib.nn.InstanceNorm1d(3)(lib.zeros(2, 4, 5))


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_cross_map_lrn_counts_the_first_channel_as_pytorch_does(size: int) -> None:
    x = pluggrad.randn(2, 6, 2, 3, dtype=pluggrad.float64, requires_grad=True)
    mine = nn.CrossMapLRN2d(size, alpha=0.5)
    yours = torch.nn.CrossMapLRN2d(size, alpha=0.5)(torch.tensor(x.tolist(), dtype=torch.float64))
    assert mine(x).flatten().tolist() == pytest.approx(yours.flatten().tolist(), rel=1e-12)
    assert pluggrad.autograd.gradcheck(mine, (x,))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"batch_chunk_size": 3}, 3), ({"batch_chunk_size": 30}, 10), ({"chunking_method": None}, 10),
        ({"chunking_method": "aspect_ratio"}, 4), ({"chunking_method": "aspect_ratio:2"}, 2), ({}, 4),
        ({"chunking_method": "aspect_ratio:100"}, 1),
    ],
)  # fmt: skip
def test_chunks_of_linear_cross_entropy(options: dict[str, Any], expected: int) -> None:
    assert nn.LinearCrossEntropyOptions(**options).rows(samples=10, features=4, classes=16) == expected
    yours = torch.nn.LinearCrossEntropyOptions(**options)
    if options:  # "auto" is ours
        assert yours._adjust(10, 4, 16, torch.float32).batch_chunk_size == expected


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"acc_policy": "fast"}, "invalid acc_policy"), ({"chunking_method": "aspect_ratio:0"}, "chunking_method"),
        ({"chunking_method": "halves"}, "chunking_method"), ({"batch_chunk_size": 0}, "must be positive"),
        ({"acc_dtype": 3}, "acc_dtype"),
    ],
)  # fmt: skip
def test_options_of_linear_cross_entropy_are_checked_as_in_pytorch(options: dict[str, Any], match: str) -> None:
    for lib in (pluggrad, torch):
        with pytest.raises(ValueError, match=match):
            lib.nn.LinearCrossEntropyOptions(**options)
    both = nn.LinearCrossEntropyOptions(batch_chunk_size=3, chunking_method="aspect_ratio")
    with pytest.raises(ValueError, match="pass only one"):
        both.rows(samples=10, features=4, classes=16)


def test_chunks_of_linear_cross_entropy_have_second_derivatives() -> None:
    x, w = (pluggrad.randn(*s, dtype=pluggrad.float64, requires_grad=True) for s in ((5, 2), (3, 2)))
    target = pluggrad.tensor([0, 2, -100, 1, 1])
    options = nn.LinearCrossEntropyOptions(batch_chunk_size=2)

    def loss(x: pluggrad.Tensor, w: pluggrad.Tensor) -> pluggrad.Tensor:
        return nn.functional.linear_cross_entropy(x, w, target, options=options)

    assert pluggrad.autograd.gradgradcheck(loss, (x, w))


def test_linear_cross_entropy_warns_where_chunks_are_not_possible() -> None:
    for lib in (pluggrad, torch):
        loss = lib.nn.LinearCrossEntropyLoss(4, 3, options=lib.nn.LinearCrossEntropyOptions())
        with pytest.warns(UserWarning, match="options.* ignored"):
            loss(lib.zeros(2, 4), lib.full((2, 3), 1 / 3))
    with pytest.raises(ValueError, match="ignore_index cannot be specified"):
        nn.functional.linear_cross_entropy(
            pluggrad.zeros(2, 4), pluggrad.zeros(3, 4), pluggrad.zeros(2, 3), ignore_index=0
        )
