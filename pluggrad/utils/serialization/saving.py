"""``save``."""

from __future__ import annotations

import io
import os
from typing import IO, Any

from . import container
from .atomic import replacing
from .structure import Writer

__all__ = ["save"]


def save(obj: Any, f: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write an object to a file: whole, or not at all.

    Parameters
    ----------
    obj : tensors, parameters, arrays, numbers, texts, bytes, None, dtypes, devices, sizes, generators, and dicts,
        OrderedDicts, lists, tuples, sets of them, however deep: a ``state_dict()``, or a dict of several
    f : path, or file open for writing

    Raises
    ------
    TypeError : an object of another class, a module above all: save its ``state_dict()``
    ValueError : a container that contains itself
    ImportError : safetensors is not installed

    Notes
    -----
    To a path the file is written under another name and renamed when it is on the disk: if the process is killed, or
    the disk is full, what was there before is still there. To an open file it is just written.

    The file is a safetensors file, in which the tensors of a plain ``state_dict()`` have its keys for names
    (:mod:`pluggrad.utils.serialization` has the format). What a tensor was computed from is not kept, nor its
    ``grad``.

    >>> import io, pluggrad
    >>> file = io.BytesIO()
    >>> pluggrad.save({"weight": pluggrad.ones(2), "epoch": 3}, file)
    >>> pluggrad.load(io.BytesIO(file.getvalue()))
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    writer = Writer()
    try:
        structure = writer.write(obj)
    except RecursionError:
        raise ValueError("save: the object is nested too deep") from None
    if isinstance(f, str | os.PathLike):
        with replacing(f) as file:
            container.write(file, writer.tensors, structure)
    elif hasattr(f, "write"):
        whole = io.BytesIO()
        container.write(whole, writer.tensors, structure)
        f.write(whole.getbuffer())
    else:
        raise TypeError(f"save: f is a path or a file open for writing in binary, got {type(f).__name__}")
