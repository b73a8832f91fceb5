"""Special functions of float32 and float64, each as one loop over part of the arrays: (x, out)."""

from __future__ import annotations

from typing import Any

from . import compiled_special as special
from .compiled_doubles import f8
from .compiled_elementwise import f4
from .tasks import Task, array, doubles, whole_vectors


@Task
def erf_of_floats(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.erf_of_float(x[i])


@Task
def erf_of_doubles(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = doubles(job, 0, first, last), doubles(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.erf(x[i])


@Task
def erfc_of_floats(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = f4(special.erfc(f8(x[i])))


@Task
def erfc_of_doubles(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = doubles(job, 0, first, last), doubles(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.erfc(x[i])


@Task
def erfinv_of_floats(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.erfinv_of_float(x[i])


@Task
def erfinv_of_doubles(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = doubles(job, 0, first, last), doubles(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.erfinv(x[i])


@Task
def lgamma_of_floats(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = f4(special.lgamma(f8(x[i])))


@Task
def lgamma_of_doubles(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = doubles(job, 0, first, last), doubles(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.lgamma(x[i])


@Task
def digamma_of_floats(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = f4(special.digamma(f8(x[i])))


@Task
def digamma_of_doubles(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = doubles(job, 0, first, last), doubles(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.digamma(x[i])


@Task
def trigamma_of_floats(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = array(job, 0, first, last), array(job, 1, first, last)
    for i in range(x.size):
        out[i] = f4(special.trigamma(f8(x[i])))


@Task
def trigamma_of_doubles(job: Any, first: Any, last: Any) -> None:
    whole_vectors()
    x, out = doubles(job, 0, first, last), doubles(job, 1, first, last)
    for i in range(x.size):
        out[i] = special.trigamma(x[i])
