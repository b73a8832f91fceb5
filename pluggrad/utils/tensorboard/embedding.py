"""Points for TensorBoard's projector: files beside the events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...tensor import Tensor
from ..serialization.atomic import replacing
from .images import grid, in_bytes, picture_of
from .values import host, module

__all__ = ["add_to_config", "write_points"]


def write_points(
    folder: Path, points: Any, metadata: Sequence[Any] | None, images: Any, header: Sequence[str] | None
) -> Tensor | None:
    """Write the files of one embedding; returns the images.

    Raises
    ------
    ValueError : points that are not (N, D), or not as many labels or images as points
    """
    x = host(points)
    if x.ndim != 2:
        raise ValueError(f"add_embedding: points have shape (N, D), got {tuple(x.shape)}")
    pictures = None if images is None else in_bytes(images)
    for what, count in (
        ("labels", metadata and len(metadata)),
        ("images", None if pictures is None else len(pictures)),
    ):
        if count is not None and count != len(x):
            raise ValueError(f"add_embedding: {count} {what} for {len(x)} points")
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "tensors.tsv", "".join("\t".join(map(str, row)) + "\n" for row in x.tolist()).encode())
    if metadata is not None:
        _write(folder / "metadata.tsv", _table(metadata, header))
    if pictures is not None:
        if pictures.ndim != 4:
            raise ValueError(f"add_embedding: images have shape (N, C, H, W), got {tuple(pictures.shape)}")
        whole = grid(pictures, math.ceil(math.sqrt(len(pictures))))
        picture = picture_of(whole)
        side = math.ceil(math.sqrt(len(pictures)))  # the projector counts on a square of images
        square = picture.crop((0, 0, side * pictures.shape[3], side * pictures.shape[2]))
        with replacing(folder / "sprite.png") as file:
            square.save(file, format="PNG")
    return pictures


def _write(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)


def _table(metadata: Sequence[Any], header: Sequence[str] | None) -> bytes:
    if header is None:
        return "".join(f"{str(label).replace(chr(10), ' ')}\n" for label in metadata).encode()
    rows = [header, *metadata]
    if any(len(row) != len(header) for row in rows):
        raise ValueError(f"add_embedding: each label should have {len(header)} parts, as metadata_header has")
    return "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()


def add_to_config(logdir: Path, config: Any, name: str, folder: Path, labelled: bool, images: Tensor | None) -> None:
    """Add an embedding to the projector's list, and write that."""
    from google.protobuf import text_format

    info = config.embeddings.add(tensor_name=name)
    info.tensor_path = (folder / "tensors.tsv").relative_to(logdir).as_posix()
    if labelled:
        info.metadata_path = (folder / "metadata.tsv").relative_to(logdir).as_posix()
    if images is not None:
        info.sprite.image_path = (folder / "sprite.png").relative_to(logdir).as_posix()
        info.sprite.single_image_dim.extend([images.shape[3], images.shape[2]])
    _write(logdir / "projector_config.pbtxt", text_format.MessageToString(config).encode())


def new_config() -> Any:
    """An empty list of embeddings."""
    return module("plugins.projector.projector_config_pb2").ProjectorConfig()
