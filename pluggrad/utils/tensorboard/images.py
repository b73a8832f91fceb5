"""Pictures: images, grids of them, boxes drawn on them, figures of Matplotlib, moving ones."""

from __future__ import annotations

import importlib
import io
import math
from collections.abc import Sequence
from typing import Any

from ...dtypes import uint8
from ...ops.joining import concat, stack
from ...tensor import Tensor
from .values import host, proto

__all__ = ["boxes", "figure_image", "image", "picture_of", "video"]

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _pillow(name: str = "Image") -> Any:
    try:
        return importlib.import_module(f"PIL.{name}")
    except ImportError as error:
        raise ImportError(
            'images are written by Pillow, which is missing: pip install "pluggrad[tensorboard]"'
        ) from error


def in_bytes(x: Any) -> Tensor:
    """Brightness from 0 to 255: of integers as they are, of floats from 0 to 1. What lies outside is cut off."""
    values = host(x)
    if values.dtype is uint8:
        return values
    scaled = values * 255.0 if values.dtype.is_floating_point else values
    return scaled.clip(0, 255).to(uint8)


def in_colour(x: Tensor, dataformats: str) -> Tensor:
    """An image, or a batch of images in a grid, as (height, width, channels).

    Raises
    ------
    ValueError : ``dataformats`` does not fit the shape, or channels other than 1, 3 and 4
    """
    order = dataformats.upper()
    known = {"HW": "HW", "HWC": "HWC", "NCHW": "NCHW", "NHW": "NHW"}
    wanted = {2: "HW", 3: "NHW" if "N" in order else "HWC", 4: "NCHW"}.get(len(order), "")
    if len(set(order)) != len(order) or sorted(order) != sorted(known.get(wanted, "?")):
        raise ValueError(
            f"dataformats is made of the letters N, C, H and W, such as 'CHW' or 'NHWC', got {dataformats!r}"
        )
    if len(order) != x.ndim:
        raise ValueError(f"a tensor of shape {tuple(x.shape)} does not fit dataformats={dataformats!r}")
    x = x.permute(*(order.index(letter) for letter in wanted))
    if wanted == "HW":
        x = x[..., None]
    elif wanted == "NHW":
        x = grid(x[:, None])
    elif wanted == "NCHW":
        x = grid(x)
    if x.shape[2] not in MODES:
        raise ValueError(f"an image has 1, 3 or 4 channels, got {x.shape[2]} with shape {tuple(x.shape)} (H, W, C)")
    return concat([x, x, x], axis=2) if x.shape[2] == 1 else x


def grid(x: Tensor, columns: int = 8) -> Tensor:
    """Images (N, C, H, W), side by side in rows, as one (H', W', C); black where there is none."""
    n, c, h, w = x.shape
    columns = min(n, columns)
    rows = math.ceil(n / columns)
    black = x.new_zeros((rows * columns - n, c, h, w))
    whole = concat([x, black]).reshape(rows, columns, c, h, w)
    return whole.permute(0, 3, 1, 4, 2).reshape(rows * h, columns * w, c)


def picture_of(x: Tensor) -> Any:
    """A Pillow image of bytes (height, width, channels)."""
    height, width, channels = x.shape
    data = x._type.kernels.to_bytes(x._array, dtype="uint8")
    return _pillow().frombytes(MODES[channels], (width, height), data)


def _encoded(tag: str, picture: Any, channels: int, rescale: float) -> Any:
    width, height = picture.size
    if rescale != 1:
        size = (int(width * rescale), int(height * rescale))
        picture = picture.resize(size, _pillow().Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return _summary(tag, file.getvalue(), height, width, channels)


def _summary(tag: str, data: bytes, height: int, width: int, channels: int) -> Any:
    summary = proto("summary").Summary
    content = summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=data)
    return summary(value=[summary.Value(tag=tag, image=content)])


def image(tag: str, x: Any, dataformats: str, rescale: float = 1) -> Any:
    """A summary of an image, or of a batch of images in a grid."""
    whole = in_colour(in_bytes(x), dataformats)
    return _encoded(tag, picture_of(whole), whole.shape[2], rescale)


def boxes(tag: str, x: Any, corners: Any, dataformats: str, rescale: float, labels: Sequence[str] | None) -> Any:
    """A summary of an image with frames (left, top, right, bottom), in pixels, and their labels.

    Raises
    ------
    ValueError : not as many labels as boxes, or boxes that are not (N, 4)
    """
    whole = in_colour(in_bytes(x), dataformats)
    frames = host(corners)
    if frames.ndim != 2 or frames.shape[1] != 4:
        raise ValueError(f"add_image_with_boxes: boxes have shape (N, 4), got {tuple(frames.shape)}")
    if labels is not None and len(labels) != frames.shape[0]:
        raise ValueError(f"add_image_with_boxes: {len(labels)} labels for {frames.shape[0]} boxes")
    picture = picture_of(whole)
    pen = _pillow("ImageDraw").Draw(picture)
    for i, (left, top, right, bottom) in enumerate(frames.tolist()):
        pen.rectangle((left, top, right, bottom), outline="red", width=2)
        if labels is not None:
            area = pen.textbbox((left + 2, bottom - 12), str(labels[i]))
            pen.rectangle(area, fill="red")
            pen.text((left + 2, bottom - 12), str(labels[i]), fill="black")
    return _encoded(tag, picture, whole.shape[2], rescale)


def figure_image(figures: Any, close: bool) -> tuple[Tensor, str]:
    """What figures of Matplotlib show, and its data format."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    def drawn(figure: Any) -> Tensor:
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        pixels = host(memoryview(canvas.buffer_rgba())).reshape(height, width, 4)[..., :3]
        if close:
            importlib.import_module("matplotlib.pyplot").close(figure)
        return pixels

    if isinstance(figures, list):
        return stack([drawn(figure) for figure in figures]), "NHWC"
    return drawn(figures), "HWC"


def video(tag: str, x: Any, fps: float) -> Any:
    """A summary of films (N, T, C, H, W), in a grid, as one moving GIF.

    Raises
    ------
    ValueError : another number of axes
    """
    films = in_bytes(x)
    if films.ndim != 5:
        raise ValueError(f"add_video: a video has shape (N, T, C, H, W), got {tuple(films.shape)}")
    columns = math.ceil(math.sqrt(films.shape[0]))
    frames = [grid(films[:, t], columns) for t in range(films.shape[1])]
    height, width, channels = frames[0].shape
    first, *others = (picture_of(frame) for frame in frames)
    file = io.BytesIO()
    first.save(file, format="GIF", save_all=True, append_images=others, duration=1000 / fps, loop=0)
    return _summary(tag, file.getvalue(), height, width, channels)
