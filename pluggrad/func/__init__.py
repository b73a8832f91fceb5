"""Functions of functions: derivatives and batches, as in ``torch.func``. They nest in any order.

>>> import pluggrad
>>> from pluggrad.func import grad, vmap
>>> x = pluggrad.tensor([1.0, 2.0, 3.0])
>>> vmap(grad(pluggrad.sin))(x) - pluggrad.cos(x)
tensor([0., 0., 0.])
"""

from ..autograd.transforms.vmap import vmap
from .calls import functional_call, stack_module_state
from .forward import hvp, jvp, linearize
from .jacobians import hessian, jacfwd, jacrev
from .reverse import grad, grad_and_value, value_and_grad, vjp

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "hvp", "jacfwd", "jacrev", "jvp", "linearize",
    "stack_module_state", "value_and_grad", "vjp", "vmap",
]  # fmt: skip
