"""Functions of neural networks, which the standard lacks: each one node of the graph, with a derivative of its own.

Gradients that are worth a kernel of their own (those of convolution, pooling, cross entropy, ...) are registered
functions, too, with derivatives: so derivatives of any order exist, and a backend can override each by name.
The public functions have PyTorch's signatures; :mod:`pluggrad.nn.functional` lists them all.
"""

from importlib import import_module

_MODULES = (
    "activations", "adaptive_avg_pool", "attention", "avg_pool", "class_margins", "convolution", "cross_entropy",
    "ctc", "dropout", "embedding", "embedding_bag", "embedding_losses", "folding", "grid_sampling",
    "group_normalization", "gru", "interpolation", "linear", "linear_cross_entropy", "losses", "lp_pool", "lstm",
    "max_pool", "normalization", "pairs", "piecewise", "rnn", "shuffling", "softmax", "tiled_attention",
    "transposed_convolution", "window_max",
)  # fmt: skip

#: What PyTorch has at its top level, too.
__all__ = [
    "avg_pool1d", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "log_softmax", "max_pool1d", "max_pool2d", "max_pool3d", "softmax",
]  # fmt: skip

for _name in _MODULES:
    _module = import_module(f".{_name}", __name__)
    globals().update({name: getattr(_module, name) for name in _module.__all__ if name in __all__})
