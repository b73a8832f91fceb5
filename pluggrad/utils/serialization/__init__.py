"""``save`` and ``load``: what a program has, tensors above all, in a file, and back.

The format
----------
A file is a safetensors file (https://github.com/huggingface/safetensors): eight bytes with the length of a header, the
header in JSON, and the elements of the tensors, which any reader of safetensors can read. Its metadata has three texts:

``pluggrad``
    the version of what follows, "1"
``structure``
    the object as JSON, in which a tensor stands by the name of its elements (:mod:`.structure` lists how each class
    is written)
``checksum``
    the SHA-256 of the whole file, in hexadecimal, computed with 64 zeros in this place

Complex numbers, which the format has not all of, are pairs of floats: one more axis, of length 2.

A file is written under another name beside its own, brought to the disk, and renamed: at any moment there is the old
file or the new one, whole. Reading runs no code from a file. It checks the checksum first; a file that is truncated or
altered is a :class:`pluggrad.errors.CheckpointError`.

``load`` also reads plain safetensors files and what ``torch.save`` wrote, by an interpreter of pickles that knows
tensors and plain containers alone (:mod:`.pickles`).
"""

from .loading import load
from .saving import save

__all__ = ["load", "save"]
