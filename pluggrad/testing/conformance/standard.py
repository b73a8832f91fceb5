"""The names of the array API standard, 2025.12."""

from __future__ import annotations

from typing import Final

#: Functions of the main namespace.
FUNCTIONS: Final = (
    "arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril triu zeros "
    "zeros_like astype can_cast finfo iinfo isdtype result_type abs acos acosh add asin asinh atan atan2 atanh "
    "bitwise_and bitwise_left_shift bitwise_invert bitwise_or bitwise_right_shift bitwise_xor ceil clip conj "
    "copysign cos cosh divide equal exp expm1 floor floor_divide greater greater_equal hypot imag isfinite isinf "
    "isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor maximum "
    "minimum multiply negative nextafter not_equal positive pow real reciprocal remainder round sign signbit sin "
    "sinh square sqrt subtract tan tanh trunc take take_along_axis matmul matrix_transpose tensordot vecdot "
    "broadcast_arrays broadcast_shapes broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape "
    "roll squeeze stack tile unstack argmax argmin count_nonzero nonzero searchsorted where isin unique_all "
    "unique_counts unique_inverse unique_values argsort sort cumulative_prod cumulative_sum max mean min prod std "
    "sum var all any diff"
).split()

#: Those of the extension for linear algebra.
LINALG: Final = (
    "cholesky cross det diagonal eig eigh eigvalsh eigvals inv matmul matrix_norm matrix_power matrix_rank "
    "matrix_transpose outer pinv qr slogdet solve svd svdvals tensordot trace vecdot vector_norm"
).split()

#: Those of the extension for Fourier transforms.
FFT: Final = ("fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift ifftshift").split()
