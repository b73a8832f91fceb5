"""Activations and softmax."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused

CASES: list[Case] = [
    module("ReLU()", normal(2, 3)),
    module("ReLU(inplace=True)", normal(2, 3)),
    module("LeakyReLU()", normal(2, 3)),
    module("LeakyReLU(0.2, inplace=True)", normal(2, 3)),
    module("ELU(0.5)", normal(2, 3)),
    module("GELU()", normal(2, 3)),
    module("GELU(approximate='tanh')", normal(2, 3)),
    module("SiLU()", normal(2, 3)),
    module("Tanh()", normal(2, 3)),
    module("Sigmoid()", normal(2, 3)),
    module("LogSigmoid()", normal(2, 3)),
    module("Softplus(beta=2.0)", normal(2, 3)),
    module("Softmax(dim=1)", normal(2, 3)),
    module("Softmin(dim=0)", normal(2, 3)),
    module("LogSoftmax(dim=-1)", normal(2, 3)),
    function("relu", normal(2, 3)),
    function("relu", normal(2, 3), inplace=True),
    function("leaky_relu", normal(2, 3), 0.2),
    function("elu", normal(2, 3), 0.7, inplace=True),
    function("gelu", normal(2, 3), approximate="tanh"),
    function("silu", normal(2, 3)),
    function("tanh", normal(2, 3)),
    function("sigmoid", normal(2, 3)),
    function("logsigmoid", normal(2, 3)),
    function("softplus", normal(2, 3), 2.0, 1.0),
    function("softmax", normal(2, 3), dim=1),
    function("softmin", normal(2, 3), dim=0),
    function("log_softmax", normal(2, 3), dim=-1),
]
REFUSALS: list[Refusal] = [
    refused("gelu", normal(2), approximate="sigmoid", match="approximate must be 'none' or 'tanh'"),
]
