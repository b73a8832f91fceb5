"""What a function is: a name, a forward, derivative rules. Neutral: imports no array library and no Tensor."""

from .declaration import Function, Rule
from .registry import all_names, declared_late, functions, get, on_change, register, remove

__all__ = ["Function", "Rule", "all_names", "declared_late", "functions", "get", "on_change", "register", "remove"]
