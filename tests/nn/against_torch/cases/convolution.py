"""Convolutions."""

from __future__ import annotations

from ..case import Case, Refusal, function, module, normal, refused

CASES: list[Case] = [
    module("Conv1d(2, 4, 3, stride=2)", normal(2, 2, 9)),
    module("Conv2d(2, 4, 3)", normal(2, 2, 6, 5)),
    module("Conv2d(2, 4, (3, 2), stride=2, padding=(1, 0), dilation=(1, 2), groups=2, bias=False)", normal(2, 2, 6, 5)),
    module("Conv2d(2, 4, 3, padding='same')", normal(2, 2, 6, 5)),
    module("Conv2d(2, 4, 3, padding='valid')", normal(2, 2, 6, 5)),
    module("Conv2d(2, 4, 3, padding=1, padding_mode='reflect')", normal(2, 2, 6, 5)),
    module("Conv2d(2, 4, 3, padding=(2, 1), padding_mode='circular')", normal(2, 2, 6, 5)),
    module("Conv1d(2, 4, 4, padding='same', padding_mode='replicate')", normal(2, 2, 9)),
    module("Conv3d(2, 3, 2, padding=1)", normal(1, 2, 3, 4, 3)),
    function("conv1d", normal(2, 4, 9), normal(6, 2, 3), normal(6), stride=2, padding=1, dilation=2, groups=2),
    function("conv2d", normal(2, 4, 6, 5), normal(6, 2, 3, 2), None, (1, 2), (1, 0), (2, 1), 2),
    function("conv3d", normal(1, 2, 4, 5, 4), normal(3, 2, 2, 3, 2), normal(3), padding=(1, 0, 1)),
]
REFUSALS: list[Refusal] = [
    refused("Conv2d(3, 4, 3, groups=2)", match="in_channels must be divisible by groups"),
    refused("Conv2d(4, 3, 3, groups=2)", match="out_channels must be divisible by groups"),
    refused("Conv2d(4, 3, 3, groups=0)", match="groups must be a positive integer"),
    refused("Conv2d(4, 3, 3, padding_mode='mirror')", match="padding_mode must be one of"),
    refused("Conv2d(4, 3, 3, padding='full')", match="Invalid padding string 'full'"),
    refused("Conv2d(4, 3, 3, padding='same', stride=2)", match="padding='same' is not supported for strided"),
    refused("Conv2d(3, 4, 3)", normal(2, 5, 4, 4), match="to have 3 channels, but got 5 channels instead"),
]
