"""Recurrent layers and cells."""

from ..case import Case, Refusal, module, normal, refused

_X = normal(5, 3, 4)
_NAMES = ("RNN", "LSTM", "GRU")

CASES: list[Case] = [
    *(module(f"{name}(4, 6)", _X) for name in _NAMES),
    *(module(f"{name}(4, 6, num_layers=2, bidirectional=True)", _X) for name in _NAMES),
    *(module(f"{name}(4, 6, batch_first=True, bias=False)", _X) for name in _NAMES),
    *(module(f"{name}(4, 6)", normal(5, 4)) for name in _NAMES),
    *(module(f"{name}Cell(4, 6)", normal(3, 4)) for name in _NAMES),
    *(module(f"{name}Cell(4, 6, bias=False)", normal(4)) for name in _NAMES),
    module("RNN(4, 6, nonlinearity='relu')", _X, normal(1, 3, 6)),
    module("GRU(4, 6, 2)", _X, normal(2, 3, 6)),
    module("LSTM(4, 6, 2)", _X, (normal(2, 3, 6), normal(2, 3, 6))),
    module("LSTM(4, 6, num_layers=2, proj_size=2, bidirectional=True)", _X),
    module("RNNCell(4, 6, nonlinearity='relu')", normal(3, 4), normal(3, 6)),
    module("LSTMCell(4, 6)", normal(3, 4), (normal(3, 6), normal(3, 6))),
    module("GRUCell(4, 6)", normal(3, 4), normal(3, 6)),
]

REFUSALS: list[Refusal] = [refused(f"{name}(4, 6)", normal(5, 3, 7), match="Expected 4, got 7") for name in _NAMES]
