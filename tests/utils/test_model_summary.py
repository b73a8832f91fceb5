"""Tables of models: shapes, parameters and multiply-adds, against counts worked out by hand."""

from __future__ import annotations

import pytest

import pluggrad
from pluggrad import nn
from pluggrad.nn.utils.rnn import pack_sequence
from pluggrad.utils import summary


def by_name(model, *args, **kwargs):
    return {row.name: row for row in summary(model, *args, **kwargs).rows}


def test_a_network_of_images():
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(800, 5))
    net[1].requires_grad_(False)
    found = summary(net, (2, 3, 10, 10))
    rows = {row.name: row for row in found.rows}
    assert (rows["0"].output_shape, rows["0"].params) == ((2, 8, 10, 10), 8 * 3 * 9 + 8)
    assert rows["0"].mult_adds == 2 * 10 * 10 * 8 * 3 * 9  # images, pixels, and a window per channel
    assert (rows["1"].params, rows["1"].trainable_params, rows["1"].mult_adds) == (16, 0, 0)
    assert (rows["4"].output_shape, rows["4"].params, rows["4"].mult_adds) == ((2, 5), 4005, 2 * 5 * 800)
    assert found.total_params == 224 + 16 + 4005 and found.trainable_params == 224 + 4005
    assert found.total_mult_adds == 43200 + 8000


@pytest.mark.parametrize(
    ("layer", "size", "count"),
    [
        (nn.Linear(3, 4, bias=False), (2, 7, 3), 2 * 7 * 3 * 4),
        (nn.Conv1d(4, 6, 3, stride=2, groups=2), (5, 4, 9), 5 * 6 * 4 * 2 * 3),  # four windows of two channels
        (nn.Conv3d(1, 2, 2), (1, 3, 3, 3), 2 * 8 * 8),
        (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (5, 4, 2, 2), 5 * 4 * 4 * 3 * 9),
        (nn.RNN(3, 5), (7, 2, 3), 7 * 2 * (15 + 25)),
        (nn.GRU(3, 5, 2, batch_first=True), (2, 7, 3), 7 * 2 * 3 * (15 + 25 + 25 + 25)),
        (nn.LSTM(3, 5, bidirectional=True), (7, 2, 3), 2 * 7 * 2 * 4 * (15 + 25)),
        (nn.LSTM(3, 5, proj_size=2), (7, 2, 3), 7 * 2 * (4 * (15 + 10) + 10)),
        (nn.LSTMCell(3, 5), (2, 3), 2 * 4 * (15 + 25)),
        (nn.Bilinear(2, 3, 4), [(5, 2), (5, 3)], 5 * 4 * 6),
        (nn.ReLU(), (5,), 0),
    ],
)  # fmt: skip
def test_multiply_adds(layer, size, count):
    assert summary(layer, size).total_mult_adds == count


def test_attention():
    """Queries L = 3, keys S = 4, batch N = 2, size E = 8: four projections, the scores, and the mean of values."""
    L, S, N, E = 3, 4, 2, 8
    expected = N * (2 * L + 2 * S) * E * E + 2 * N * L * S * E
    sizes = [(L, N, E), (S, N, E), (S, N, E)]
    found = by_name(nn.MultiheadAttention(E, 2), sizes)
    assert found[""].mult_adds == expected and found[""].output_shape == [(L, N, E), (N, L, S)]
    assert found[""].params == 4 * E * E + 4 * E
    assert found["out_proj"].calls == 0 and found["out_proj"].output_shape is None
    first = [(n, length, E) for length, n, E in sizes]
    assert summary(nn.MultiheadAttention(E, 2, batch_first=True), first).total_mult_adds == expected
    more = 2 * N * L * E * 2  # two more keys
    assert summary(nn.MultiheadAttention(E, 2, add_bias_kv=True, add_zero_attn=True), sizes).total_mult_adds == (
        expected + more
    )
    other = nn.MultiheadAttention(E, 2, kdim=5, vdim=6)
    assert summary(other, [(L, N, E), (S, N, 5), (S, N, 6)]).total_mult_adds == (
        N * (2 * L * E + S * (5 + 6)) * E + 2 * N * L * S * E
    )


def test_a_transformer_is_the_sum_of_its_parts():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
    rows = by_name(model, (2, 5, 8))
    attention, feed = 2 * 4 * 5 * 64 + 2 * 2 * 5 * 5 * 8, 2 * 2 * 5 * 8 * 16
    assert rows["layers.1.self_attn"].mult_adds == attention
    assert rows["layers.0"].mult_adds == attention + feed
    assert rows[""].mult_adds == 2 * (attention + feed)


def test_packed_sequences_count_the_steps_there_are():
    packed = pack_sequence([pluggrad.zeros(4, 3), pluggrad.zeros(2, 3)])
    row = by_name(nn.GRU(3, 5), input_data=packed)[""]
    assert row.mult_adds == 6 * 3 * (15 + 25)
    assert row.output_shape == [(6, 5), (1, 2, 5)]


class Shared(nn.Module):
    """One layer used twice, and a second one that has its weight."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4, bias=False)
        self.second = nn.Linear(4, 4, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x, scale=1.0):
        return {"y": self.second(self.first(self.first(x))) * scale}


def test_what_is_shared_counts_once_and_every_call_counts():
    found = summary(Shared(), (3, 4))
    rows = {row.name: row for row in found.rows}
    assert found.total_params == 16 == rows["first"].params == rows["second"].params
    assert found.total_mult_adds == 3 * 48 and rows["first"].calls == 2
    assert rows[""].output_shape == {"y": (3, 4)}
    assert "first: Linear (2 calls)" in str(found) and "y: [3, 4]" in str(found)


def test_inputs_by_position_and_by_name():
    x = pluggrad.zeros(3, 4)
    assert summary(Shared(), input_data=[x, 2.0]).total_mult_adds == 144
    assert summary(Shared(), input_data={"x": x, "scale": 2.0}).total_mult_adds == 144
    with pytest.raises(TypeError, match="input_size or input_data, not both"):
        summary(Shared(), (3, 4), x)


def test_without_input_there_are_parameters_alone():
    found = summary(Shared())
    assert found.total_mult_adds is None and found.total_params == 16
    assert "Multiply-adds:" not in str(found)


def test_the_model_stays_as_it_was():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 2)).double()
    net[1].eval()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    assert summary(net, (4, 3)).rows[3].output_shape == (4, 2)  # in the dtype of the parameters
    assert [m.training for m in net.modules()] == [True, True, False, True]
    assert not any(m._forward_hooks for m in net.modules())
    assert all(bool((before[k] == v).all()) for k, v in net.state_dict().items())
    with pytest.raises(ValueError, match="5"):
        summary(net, (4, 5))
    assert net.training and not any(m._forward_hooks for m in net.modules())


def test_depth_limits_what_is_printed_alone():
    net = nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(2, 2))))
    assert "Linear" in str(summary(net)) and "Linear" not in str(summary(net, depth=2))
    assert len(summary(net, depth=0).rows) == 4
