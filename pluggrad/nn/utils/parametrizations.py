"""Parametrizations to use: weights of a given norm, weights of spectral norm 1, orthogonal weights."""

from __future__ import annotations

from typing import Any, TypeVar

from ...autograd.mode import no_grad
from ...dtypes import finfo
from ...linalg import householder_product, matrix_exp, qr, solve
from ...ops.creation import eye, zeros_like
from ...ops.joining import concat
from ...tensor import Tensor
from .. import functional as F
from ..modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..modules.module import Module
from .parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


def _tensor_of(module: Module, name: str) -> Tensor:
    tensor = getattr(module, name, None)
    if not isinstance(tensor, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return tensor


# -- weight normalisation -----------------------------------------------------------------------------


def norm_except_dim(v: Tensor, dim: int) -> Tensor:
    """The norms of the slices of a tensor along a dimension, of a shape that broadcasts with it; -1: of all of it."""
    if dim == -1:
        return v.norm()
    shape = [1] * v.ndim
    shape[dim] = v.shape[dim]
    return v.movedim(dim, 0).reshape(v.shape[dim], -1).norm(2, 1).reshape(shape)


def scaled_to_norm(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """The tensor ``v``, its slices along a dimension scaled to the norms ``g``."""
    return v * (g / norm_except_dim(v, dim))


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return scaled_to_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Train a weight's direction and its norms apart: ``w = g · v/‖v‖``.

    [1] T. Salimans, D. Kingma, "Weight Normalization", 2016, https://arxiv.org/abs/1602.07868

    Parameters
    ----------
    name : of the parameter
    dim : one norm for each index of this dimension; None: one for the whole tensor

    Returns
    -------
    Module : the same. ``parametrizations.NAME.original0`` is g, ``original1`` is v; state dicts of
        :func:`pluggrad.nn.utils.weight_norm`, with ``NAME_g`` and ``NAME_v``, can be loaded too.

    >>> import pluggrad
    >>> from pluggrad.nn.utils.parametrizations import weight_norm
    >>> layer = weight_norm(pluggrad.nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape, layer.parametrizations.weight.original1.shape
    (pluggrad.Size([40, 1]), pluggrad.Size([40, 20]))
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename_older_keys(module: Module, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        older = (f"{prefix}{name}_g", f"{prefix}{name}_v")
        if all(key in state_dict for key in older):
            for i, key in enumerate(older):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module.register_load_state_dict_pre_hook(rename_older_keys)
    return module


# -- spectral normalisation ---------------------------------------------------------------------------


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight with ``dim`` first and all other dimensions as one."""
    return weight.movedim(dim, 0).flatten(1)


def random_unit(like: Tensor, size: int, eps: float) -> Tensor:
    """A vector of length 1 that points anywhere."""
    return F.normalize(like.new_empty(size).normal_(0, 1), dim=0, eps=eps)


def output_dim(module: Module) -> int:
    """The dimension of a module's weight that belongs to its outputs."""
    return 1 if isinstance(module, ConvTranspose1d | ConvTranspose2d | ConvTranspose3d) else 0


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)
            self.register_buffer("_u", random_unit(matrix, matrix.shape[0], eps))
            self.register_buffer("_v", random_unit(matrix, matrix.shape[1], eps))
            self._power_method(matrix, 15)

    @no_grad()
    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        for _ in range(n_power_iterations):
            self._u.copy_(F.normalize(matrix.mv(self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(matrix.mH.mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Copies: the next forward overwrites u and v, and this one's gradient is still to come.
        u, v = self._u.clone(), self._v.clone()
        return weight / u.vdot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its greatest singular value, so that the layer's Lipschitz constant is 1.

    [1] T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018,
    https://arxiv.org/abs/1802.05957

    Parameters
    ----------
    name : of the parameter
    n_power_iterations : steps of the power method each time the weight is read in training mode
    eps : the least that is divided by
    dim : of the outputs; None: 1 for transposed convolutions, else 0

    Returns
    -------
    Module : the same. A vector is divided by its norm.

    Raises
    ------
    ValueError : no tensor of that name; no power iteration
    IndexError : no such dimension

    >>> import pluggrad
    >>> from pluggrad.nn.utils.parametrizations import spectral_norm
    >>> layer = spectral_norm(pluggrad.nn.Linear(3, 2))
    >>> list(layer.state_dict())
    ['bias', 'parametrizations.weight.original', 'parametrizations.weight.0._u', 'parametrizations.weight.0._v']
    """
    weight = _tensor_of(module, name)
    dim = output_dim(module) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


# -- orthogonal weights -------------------------------------------------------------------------------


def _is_orthogonal(Q: Tensor) -> bool:
    n, k = Q.shape[-2:]
    identity = eye(k, dtype=Q.dtype, device=Q.device)
    return (Q.mH @ Q).allclose(identity, atol=10.0 * n * finfo(Q.dtype).eps)


def _made_orthogonal(A: Tensor) -> Tensor:
    """The Q of the tall matrices ``A = QR`` for which the diagonal of R is not negative."""
    Q, R = qr(A)
    return Q * R.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.dtype.is_complex and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        wide = X.shape[-2] < X.shape[-1]
        X = X.mT if wide else X
        n, k = X.shape[-2:]
        if self.orthogonal_map == "householder":
            A = X.tril(-1)
            tau = 2.0 / (1.0 + (A * A).sum(dim=-2))
            # The diagonal holds signs, which are not trained.
            Q = householder_product(A, tau) * X.detach().diagonal(dim1=-2, dim2=-1).trunc().unsqueeze(-2)
        else:
            # n·k - k(k+1)/2 numbers, embedded in a skew-symmetric n × n matrix.
            square = F.pad(X.tril(), (0, n - k))
            A = square - square.mH
            if self.orthogonal_map == "matrix_exp":
                Q = matrix_exp(A)
            else:
                identity = eye(n, dtype=A.dtype, device=A.device)
                Q = solve(identity - A / 2, identity + A / 2)
            Q = Q[..., :k]
        if self._buffers.get("base") is not None:
            Q = self.base @ Q
        return Q.mT if wide else Q

    @no_grad()
    def right_inverse(self, value: Tensor) -> Tensor:
        if value.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {value.shape}."
            )
        wide = value.shape[-2] < value.shape[-1]
        Q = value.mT if wide else value
        n, k = Q.shape[-2:]
        if "base" not in self._buffers:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            A, tau = Q.geqrf()
            # Signs of R's diagonal. Where LAPACK uses no reflection (tau = 0), forward makes one of e, which negates.
            signs = A.diagonal(dim1=-2, dim2=-1).sign()
            A = A.tril(-1) + A.triu(1)
            A.diagonal(dim1=-2, dim2=-1).copy_(signs.where(tau != 0, -signs))
            return A.mT if wide else A
        if n != k:  # the first columns of a whole orthogonal matrix
            Q = _made_orthogonal(concat([Q, Q.new_empty(*Q.shape[:-1], n - k).normal_()], -1))
        else:
            Q = Q.clone() if _is_orthogonal(Q) else _made_orthogonal(Q)
        self.base = Q
        # -1, for the Householder map keeps signs there: of zeros and -1 it makes the identity.
        negative = zeros_like(value)
        negative.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return negative


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Keep a matrix orthogonal (unitary, if complex): its columns, or if it is wide its rows, are orthonormal.

    [1] M. Lezcano-Casado, "Trivializations for Gradient-Based Optimization on Manifolds", 2019,
    https://arxiv.org/abs/1909.09501

    Parameters
    ----------
    name : of the parameter, of shape (..., m, n)
    orthogonal_map : "matrix_exp", the exponential of a skew-symmetric matrix; "cayley", its Cayley map; "householder",
        a product of reflections. None: the first for square and complex matrices, else the last.
    use_trivialization : multiply with a fixed orthogonal matrix ``base``, by which the first value is the tensor's own
        if that is orthogonal, or that of its QR decomposition

    Returns
    -------
    Module : the same

    Raises
    ------
    ValueError : no tensor of that name, or one of less than two dimensions; no such map, or not for complex matrices

    >>> import pluggrad
    >>> from pluggrad.nn.utils.parametrizations import orthogonal
    >>> Q = orthogonal(pluggrad.nn.Linear(20, 40)).weight
    >>> pluggrad.dist(Q.T @ Q, pluggrad.eye(20)).item() < 1e-4
    True
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.dtype.is_complex else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    orth = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, orth, unsafe=True)
