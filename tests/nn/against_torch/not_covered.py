"""What PyTorch has in ``nn`` and ``nn.functional`` and no case covers, with the reason.

A test fails when a name stands here that is covered, or that PyTorch has not, or when one is missing.
"""

MODULES: dict[str, str] = {
    "ModuleDict": "no forward; tests/nn/test_containers.py",
    "ModuleList": "no forward; tests/nn/test_containers.py",
    "ParameterDict": "no forward; tests/nn/test_parameter_containers.py",
    "ParameterList": "no forward; tests/nn/test_parameter_containers.py",
    "Buffer": "no module; tests/nn/test_module.py",
    "Container": "deprecated in PyTorch since 0.4",
    "CrossMapLRN2d": "PyTorch's gradient is not the derivative of its output; tests/nn/test_layers.py",
    "DataParallel": "one process, several devices: deprecated in PyTorch in favour of DistributedDataParallel",
    "LinearCrossEntropyOptions": "no module: options of LinearCrossEntropyLoss",
    "Module": "the base class; tests/nn/test_module.py",
    "NLLLoss2d": "deprecated in PyTorch in favour of NLLLoss",
    "Parameter": "no module; tests/nn/test_module.py",
    "RNNBase": "the base class of RNN, LSTM and GRU",
    "RNNCellBase": "the base class of the cells",
    "UninitializedBuffer": "no module; tests/nn/test_lazy.py",
    "UninitializedParameter": "no module; tests/nn/test_lazy.py",
}

MODULES |= dict.fromkeys((
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d",
    "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d", "LazyLinear",
), "no state to compare before its first call; tests/nn/test_lazy.py")  # fmt: skip

FUNCTIONS: dict[str, str] = {
    "multi_head_attention_forward": "covered by MultiheadAttention, which is this function",
    "conv_tbc": "a layout of fairseq's, which no other function of PyTorch has",
    "native_channel_shuffle": "channel_shuffle under the name that PyTorch's compiler calls it by",
    "grouped_mm": "products of ragged groups, for mixtures of experts on GPUs",
    "upsample": "deprecated, with a warning: tests/nn/test_layers.py",
    "upsample_bilinear": "deprecated, with a warning: tests/nn/test_layers.py",
    "upsample_nearest": "deprecated, with a warning: tests/nn/test_layers.py",
    "scaled_grouped_mm": "8-bit floating point on GPUs",
    "scaled_mm": "8-bit floating point on GPUs",
}

#: What ``dir`` shows besides: types, modules and functions that PyTorch's own sources use.
HELPERS = {
    "assert_int_or_pair", "boolean_dispatch", "handle_torch_function", "has_torch_function",
    "has_torch_function_unary", "has_torch_function_variadic",
}  # fmt: skip
