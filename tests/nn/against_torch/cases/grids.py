"""Images and volumes read at the places of a grid."""

from __future__ import annotations

from ..case import Case, Refusal, function, normal, refused, uniform

_IMAGE, _VOLUME = normal(2, 3, 4, 5), normal(2, 2, 3, 4, 2)
_GRID, _GRID3 = uniform(2, 3, 6, 2, low=-2.5, high=2.5), uniform(2, 2, 3, 4, 3, low=-2.5, high=2.5)

CASES: list[Case] = [
    function("grid_sample", image, grid, mode=mode, padding_mode=padding, align_corners=aligned)
    for image, grid, modes in (
        (_IMAGE, _GRID, ("bilinear", "nearest", "bicubic")),
        (_VOLUME, _GRID3, ("bilinear", "nearest")),
    )
    for mode in modes
    for padding in ("zeros", "border", "reflection")
    for aligned in (True, False)
]
CASES += [
    function("grid_sample", normal(1, 1, 1, 1), uniform(1, 2, 2, 2, low=-2, high=2), padding_mode=p, align_corners=True)
    for p in ("zeros", "border", "reflection")
]
CASES += [
    function("affine_grid", normal(2, 2, 3), (2, 3, 4, 5), align_corners=True),
    function("affine_grid", normal(2, 2, 3), (2, 3, 4, 1), align_corners=False),
    function("affine_grid", normal(2, 3, 4), (2, 1, 2, 3, 4), align_corners=True),
    function("affine_grid", normal(2, 3, 4), (2, 1, 2, 1, 4), align_corners=False),
]
REFUSALS: list[Refusal] = [
    refused("grid_sample", _IMAGE, _GRID, mode="cubic", match="to be one of"),
    refused("grid_sample", _IMAGE, _GRID, padding_mode="wrap", match="to be one of"),
    refused("grid_sample", _VOLUME, _GRID3, mode="bicubic", align_corners=True, match="only supports 4D"),
    refused("grid_sample", _IMAGE, _GRID3, align_corners=True, match="got shapes"),
    refused("affine_grid", normal(2, 2, 3), (3, 3, 4, 5), align_corners=True, match="batch of affine"),
    refused("affine_grid", normal(2, 2, 3), (2, 3, 4), align_corners=True, match="4 or 5 numbers"),
]
