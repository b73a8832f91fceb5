"""What users log, as tensors in the CPU's memory; and TensorBoard's messages that all kinds of summaries use."""

from __future__ import annotations

import importlib
from typing import Any

from ...dtypes import DType, float64
from ...ops.creation import asarray
from ...tensor import Tensor

__all__ = ["floats", "host", "module", "number", "plugin", "proto", "tensor_summary"]


def module(name: str) -> Any:
    """A module of the package tensorboard.

    Raises
    ------
    ImportError : it is not installed
    """
    try:
        return importlib.import_module(f"tensorboard.{name}")
    except ImportError as error:
        raise ImportError(
            'SummaryWriter needs the package tensorboard, which is missing: pip install "pluggrad[tensorboard]"'
        ) from error


def proto(name: str) -> Any:
    """A module of TensorBoard's messages: "summary" gives ``summary_pb2``."""
    return module(f"compat.proto.{name}_pb2")


def host(x: Any, dtype: DType | None = None) -> Tensor:
    """A tensor in the CPU's memory, outside of any graph, of a tensor, an array, a number or a list.

    Raises
    ------
    TypeError : something else
    """
    return asarray(x, dtype=dtype, device="cpu").detach()


def floats(x: Any) -> Tensor:
    """The same in float64, as a vector."""
    return host(x, float64).reshape(-1)


def number(x: Any, what: str) -> float:
    """The one number that ``x`` has.

    Raises
    ------
    ValueError : it has another count of elements
    """
    if isinstance(x, int | float):
        return float(x)
    value = host(x)
    if value.size != 1:
        raise ValueError(f"{what}: expected a tensor of one element, got shape {tuple(value.shape)}")
    return float(value.item())


def tensor_summary(tag: str, values: Any, shape: Any, metadata: Any, kind: str = "FLOAT") -> Any:
    """A value of a summary that holds a tensor, of floats, doubles or texts; a ``shape`` of None is not told."""
    tensors, shapes, summary = proto("tensor"), proto("tensor_shape"), proto("summary")
    field = {"FLOAT": "float_val", "DOUBLE": "double_val", "STRING": "string_val"}[kind]
    content = tensors.TensorProto(dtype=f"DT_{kind}", **{field: values})
    if shape is not None:
        dims = [shapes.TensorShapeProto.Dim(size=n) for n in shape]
        content.tensor_shape.CopyFrom(shapes.TensorShapeProto(dim=dims))
    return summary.Summary.Value(tag=tag, tensor=content, metadata=metadata)


def plugin(name: str, content: bytes = b"") -> Any:
    """The metadata that say which of TensorBoard's plugins shows a value."""
    metadata = proto("summary").SummaryMetadata
    return metadata(plugin_data=metadata.PluginData(plugin_name=name, content=content))
