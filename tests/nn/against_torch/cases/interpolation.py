"""Interpolation."""

from __future__ import annotations

from itertools import product

from ..case import Case, Refusal, function, module, normal, refused

_UP_AND_DOWN = [(7, 3), (3, 8), (5, 5), (1, 1)]

CASES: list[Case] = [
    module("Upsample(scale_factor=2)", normal(1, 2, 3, 4)),
    module("Upsample(size=(5, 7), mode='bilinear', align_corners=True)", normal(1, 2, 3, 4)),
    module("Upsample(scale_factor=(1.5, 2.3), mode='bicubic')", normal(1, 2, 3, 4)),
    module("Upsample(scale_factor=1.7, mode='trilinear', recompute_scale_factor=True)", normal(1, 2, 3, 4, 2)),
    module("UpsamplingNearest2d(scale_factor=2)", normal(1, 2, 3, 4)),
    module("UpsamplingBilinear2d(size=(6, 3))", normal(1, 2, 3, 4)),
    *(function("interpolate", normal(1, 2, 5, 4), size, mode=mode) for mode, size in product(
        ("nearest", "nearest-exact", "area", "bilinear", "bicubic"), _UP_AND_DOWN
    )),
    *(function("interpolate", normal(1, 2, 5, 4), size, mode=mode, align_corners=True) for mode, size in product(
        ("bilinear", "bicubic"), _UP_AND_DOWN
    )),
    *(function("interpolate", normal(1, 2, 9, 8), size, mode=mode, antialias=True, align_corners=corners)
      for mode, size, corners in product(("bilinear", "bicubic"), [(4, 3), (11, 12), (2, 20)], (False, True))),
    function("interpolate", normal(1, 2, 9, 8), (4, 3), mode="lanczos", antialias=True),
    function("interpolate", normal(1, 2, 9, 8), scale_factor=0.37, mode="bilinear", antialias=True),
    *(function("interpolate", normal(1, 2, 11), scale_factor=factor, mode=mode) for mode, factor in product(
        ("nearest", "nearest-exact", "linear", "area"), (0.3, 0.77, 1.0, 1.9)
    )),
    *(function("interpolate", normal(1, 1, 3, 4, 5), scale_factor=(1.5, 0.7, 2.2), mode=mode) for mode in (
        "nearest", "nearest-exact", "trilinear", "area",
    )),
    *(function("interpolate", normal(1, 1, 3, 49), size=(3, n)) for n in (7, 21, 98, 99, 147)),
    function("interpolate", normal(1, 2, 6, 5), scale_factor=1.3, mode="bilinear", recompute_scale_factor=True),
    function("interpolate", normal(1, 2, 6, 5), scale_factor=1.3, mode="bilinear", recompute_scale_factor=False),
    function("interpolate", normal(0, 2, 6, 5), 3),
]  # fmt: skip
REFUSALS: list[Refusal] = [
    refused("interpolate", normal(1, 2, 3), match="either size or scale_factor"),
    refused("interpolate", normal(1, 2, 3), 2, 2.0, match="only one of size or scale_factor"),
    refused("interpolate", normal(1, 2, 3), (2, 2), match="size must be one number or 1"),
    refused("interpolate", normal(1, 2, 3), scale_factor=(2, 2), match="scale_factor must be one number or 1"),
    refused("interpolate", normal(1, 2, 3), 2, mode="nearest", align_corners=True, match="align_corners option"),
    refused("interpolate", normal(1, 2, 3), 2, mode="bilinear", match="got 'bilinear' and input of shape"),
    refused("interpolate", normal(1, 2, 3), 2, mode="fancy", match="got 'fancy'"),
    refused("interpolate", normal(1, 2, 3), 2, mode="linear", antialias=True, match="antialias is restricted"),
    refused("interpolate", normal(1, 2, 3), 2, recompute_scale_factor=True, match="not meaningful"),
    refused("interpolate", normal(1, 2, 3), 0, match="must be greater than 0"),
    refused("interpolate", normal(1, 2, 3), 2.5, match="expected size to be one int"),
]
