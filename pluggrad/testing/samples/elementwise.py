"""Elementwise functions."""

from .spec import add, call, real

for _name in ("add", "subtract", "multiply"):
    add(_name, call(real(2, 3), real(3)), call(real(2, 1), real(1, 3)), call(real(), real(2)))
