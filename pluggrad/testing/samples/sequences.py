"""Functions of sequences."""

from .spec import add, boolean, call, integer, real

# The states that a path may end in are any: what is summed is then another set of paths.
add(
    "ctc_loss",
    call(real(4, 2, 3, low=-3.0, high=-0.5), integer(2, 5, high=3), integer(2, low=3, high=5), boolean(2, 5)),
    call(real(3, 1, 2, low=-3.0, high=-0.5), integer(1, 2, high=2), integer(1, low=2, high=4), boolean(1, 2)),
)
