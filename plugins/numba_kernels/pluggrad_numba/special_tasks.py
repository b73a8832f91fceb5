"""Special functions of float32 and float64, each as one loop over part of the arrays: (x, out)."""

from __future__ import annotations

from typing import Any

from numba import njit

from . import compiled_special as special
from .compiled_doubles import f8
from .compiled_elementwise import f4
from .tasks import Task, array, doubles, whole_vectors


@njit(inline="always")
def _of_floats(formula: Any, job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = formula(x[i])


@njit(inline="always")
def _through_doubles(formula: Any, job: Any, first: Any, last: Any) -> None:
    """Of float32, computed in float64."""
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = f4(formula(f8(x[i])))


@njit(inline="always")
def _of_doubles(formula: Any, job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = doubles(job, 0, first, last), doubles(job, 1, first, last)
    for i in range(x.size):
        out[i] = formula(x[i])


@Task
def erf_of_floats(job: Any, first: Any, last: Any) -> None:
    _of_floats(special.erf_of_float, job, first, last)


@Task
def erf_of_doubles(job: Any, first: Any, last: Any) -> None:
    _of_doubles(special.erf, job, first, last)


@Task
def erfc_of_floats(job: Any, first: Any, last: Any) -> None:
    _through_doubles(special.erfc, job, first, last)


@Task
def erfc_of_doubles(job: Any, first: Any, last: Any) -> None:
    _of_doubles(special.erfc, job, first, last)


@Task
def erfinv_of_floats(job: Any, first: Any, last: Any) -> None:
    _of_floats(special.erfinv_of_float, job, first, last)


@Task
def erfinv_of_doubles(job: Any, first: Any, last: Any) -> None:
    _of_doubles(special.erfinv, job, first, last)


@Task
def lgamma_of_floats(job: Any, first: Any, last: Any) -> None:
    _through_doubles(special.lgamma, job, first, last)


@Task
def lgamma_of_doubles(job: Any, first: Any, last: Any) -> None:
    _of_doubles(special.lgamma, job, first, last)


@Task
def digamma_of_floats(job: Any, first: Any, last: Any) -> None:
    _through_doubles(special.digamma, job, first, last)


@Task
def digamma_of_doubles(job: Any, first: Any, last: Any) -> None:
    _of_doubles(special.digamma, job, first, last)


@Task
def trigamma_of_floats(job: Any, first: Any, last: Any) -> None:
    _through_doubles(special.trigamma, job, first, last)


@Task
def trigamma_of_doubles(job: Any, first: Any, last: Any) -> None:
    _of_doubles(special.trigamma, job, first, last)
