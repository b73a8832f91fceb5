"""Covariance, distances, histograms and short-time spectra as methods; see the functions of these names."""

from __future__ import annotations

from ..ops import covariance, floating_point, histograms, replacing, short_time
from .attach import method

for _function in (
    covariance.corrcoef, covariance.cov, covariance.dist, floating_point.frexp, histograms.histogram, short_time.istft,
    short_time.stft, replacing.as_strided_scatter,
):  # fmt: skip
    method()(_function)
method(inplace=True)(covariance.renorm)
