"""``torch.onnx``: there is no export yet, and :func:`export` says so; what programs ask beside it has an answer."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["OnnxExporterError", "dynamo_export", "export", "is_in_onnx_export"]


class OnnxExporterError(RuntimeError):
    """A model cannot be exported."""


def export(model: Any, *args: Any, **options: Any) -> NoReturn:
    """Refuse: pluggrad writes no ONNX files.

    Raises
    ------
    OnnxExporterError
    """
    raise OnnxExporterError(
        f"torch.onnx.export: pluggrad cannot export {type(model).__name__} to ONNX; save its state_dict(), load it "
        "into the same module of PyTorch, and export it there"
    )


dynamo_export = export


def is_in_onnx_export() -> bool:
    """False: nothing is being exported."""
    return False
