"""The compiled parts of normalisation. Arrays are 1-D; sums of many numbers are of sums of few, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled_sharing import sharing
from .compiled_sums import products_of, squares_of, sum_of
from .compiling import compiled as _compiled


@_compiled
def _batch_norm(
    part: Any, x: Any, images: Any, channels: Any, pixels: Any, weight: Any, bias: Any, eps: Any, out: Any, mean: Any,
    rstd: Any,
) -> None:  # fmt: skip
    """Some channels of (N, C, L): average and variance of each image, brought together; then the result.

    After T. Chan, G. Golub and R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
    (1979). A channel stays in the cache from the one pass to the other.
    """
    for c in range(part[0], part[1]):
        average, distances = 0.0, 0.0
        for n in range(images):
            image = x[(n * channels + c) * pixels :][:pixels]
            center = sum_of(image) / x.dtype.type(pixels)
            difference = np.float64(center) - average
            average += difference / (n + 1)
            distances += np.float64(squares_of(image, center))
            distances += difference * difference * pixels * n / (n + 1)
        mean[c] = average
        rstd[c] = 1 / np.sqrt(distances / (images * pixels) + eps)
        center, scale, shift = mean[c], rstd[c] * weight[c], bias[c]
        for n in range(images):
            image, result = x[(n * channels + c) * pixels :][:pixels], out[(n * channels + c) * pixels :][:pixels]
            for i in range(image.size):
                result[i] = (image[i] - center) * scale + shift


@_compiled
def _batch_norm_gradients(
    part: Any, g: Any, g_mean: Any, g_rstd: Any, x: Any, mean: Any, rstd: Any, weight: Any, images: Any, channels: Any,
    pixels: Any, out: Any, of_weight: Any, of_bias: Any,
) -> None:  # fmt: skip
    """Of some channels, ``rstd (h - average(h) - x̂ average(h x̂)) + (g_mean - g_rstd rstd² x̂) / n``; h = g weight."""
    for c in range(part[0], part[1]):
        center, r = mean[c], np.float64(rstd[c])
        total, slope = 0.0, 0.0
        for n in range(images):
            image, slopes = x[(n * channels + c) * pixels :][:pixels], g[(n * channels + c) * pixels :][:pixels]
            total += np.float64(sum_of(slopes))
            slope += np.float64(products_of(image, center, slopes))
        of_bias[c], of_weight[c] = total, slope * r
        count, w = images * pixels, np.float64(weight[c])
        of_g = x.dtype.type(w * r)
        of_x = x.dtype.type((slope * r * w + g_rstd[c] * r) / count * r * r)
        constant = x.dtype.type((total * w * r - g_mean[c]) / count)
        for n in range(images):
            image, slopes = x[(n * channels + c) * pixels :][:pixels], g[(n * channels + c) * pixels :][:pixels]
            result = out[(n * channels + c) * pixels :][:pixels]
            for i in range(image.size):
                result[i] = slopes[i] * of_g - (image[i] - center) * of_x - constant


@_compiled
def _channel_sums(part: Any, x: Any, images: Any, channels: Any, pixels: Any, out: Any) -> None:
    for c in range(part[0], part[1]):
        total = 0.0
        for n in range(images):
            total += np.float64(sum_of(x[(n * channels + c) * pixels :][:pixels]))
        out[c] = total


@_compiled
def _scale_channels(part: Any, x: Any, pixels: Any, scale: Any, shift: Any, out: Any) -> None:
    """Some planes of (N, C, L): each times the number of its channel, and another one added."""
    for plane in range(part[0], part[1]):
        factor, summand = scale[plane % scale.size], shift[plane % scale.size]
        image, result = x[plane * pixels :][:pixels], out[plane * pixels :][:pixels]
        for i in range(image.size):
            result[i] = image[i] * factor + summand


_share_scale_channels = sharing(_scale_channels)
_share_channel_sums = sharing(_channel_sums)
_share_batch_norm = sharing(_batch_norm)
_share_batch_norm_gradients = sharing(_batch_norm_gradients)


@_compiled
def batch_norm(crew: Any, parts: Any, *args: Any) -> None:
    _share_batch_norm(crew, parts, args)


@_compiled
def batch_norm_gradients(crew: Any, parts: Any, *args: Any) -> None:
    _share_batch_norm_gradients(crew, parts, args)


@_compiled
def channel_sums(crew: Any, parts: Any, *args: Any) -> None:
    _share_channel_sums(crew, parts, args)


@_compiled
def scale_channels(crew: Any, parts: Any, *args: Any) -> None:
    _share_scale_channels(crew, parts, args)
