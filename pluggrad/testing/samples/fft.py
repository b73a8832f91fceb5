"""Fourier transforms."""

from .spec import add, call, real

for _norm in ("backward", "ortho", "forward"):
    for _name in ("fftn", "ifftn"):
        add(_name, call(real(2, 3, 4), axes=(1, 2), norm=_norm), call(real(5), axes=(0,), norm=_norm))
    add("rfftn", call(real(2, 3, 4), axes=(1, 2), norm=_norm), call(real(5), axes=(0,), norm=_norm))
    add("irfftn", call(real(2, 3, 3), axes=(1, 2), n=4, norm=_norm), call(real(3), axes=(0,), n=5, norm=_norm))
add("double_mirrored", call(real(2, 3), axis=1, n=4), call(real(3, 2), axis=0, n=5))
