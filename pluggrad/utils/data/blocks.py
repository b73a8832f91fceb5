"""Batches through shared memory: a worker packs one into a block, the loader copies it out.

A batch is pickled with its arrays out of band (PEP 574): what crosses the pipe is a name and some lengths, so that
no write to a pipe is long. A worker has one block for each batch that it may have ready, used again and again.
The loader copies the arrays out when it reads them. So a batch is ordinary memory, of which a program may keep as
many as it likes, where a mapping of its own for each would exhaust file descriptors; and no more memory is shared
than ``prefetch_factor`` batches a worker.
"""

from __future__ import annotations

import contextlib
import pickle
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from ..forking import FORKING

__all__ = ["Inbox", "Outbox"]

#: Bytes up to which a batch goes through the pipe itself.
INLINE = 16 * 1024
_ALIGNMENT = 64

#: The name of the block, or None; the parts themselves, or where each lies in it.
Packed = tuple[str | None, list[Any]]


def _name(prefix: str, slot: int, generation: int) -> str:
    return f"{prefix}-{slot}-{generation}"


class Outbox:
    """A worker's side. The name of a block tells how often its slot has outgrown one."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._blocks: dict[int, SharedMemory] = {}
        self._generations: dict[int, int] = {}

    def pack(self, slot: int, value: Any) -> Packed:
        """The message for a value. Its slot must not be used again before the loader has unpacked it."""
        buffers: list[pickle.PickleBuffer] = []
        pickled = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        parts = [memoryview(pickled), *(buffer.raw() for buffer in buffers)]
        if sum(part.nbytes for part in parts) <= INLINE:
            return None, [bytearray(part) for part in parts]
        spans, end = [], 0
        for part in parts:
            start = -(-end // _ALIGNMENT) * _ALIGNMENT
            end = start + part.nbytes
            spans.append((start, end))
        block = self._block(slot, end)
        for part, (start, stop) in zip(parts, spans, strict=True):
            block.buf[start:stop] = part  # type: ignore[index]
        return block.name, spans

    def _block(self, slot: int, size: int) -> SharedMemory:
        block = self._blocks.pop(slot, None)
        if block is not None and block.size < size:
            block.close()
            block.unlink()
            block = None
        if block is None:
            generation = self._generations.get(slot, 0) + 1
            # Batches differ a little: room for half as much again saves most from a block of their own.
            block = SharedMemory(_name(self._prefix, slot, generation), create=True, size=size + size // 2)
            self._generations[slot] = generation
        self._blocks[slot] = block
        return block

    def close(self) -> None:
        """Let go of the blocks. The loader removes them."""
        for block in self._blocks.values():
            block.close()


class Inbox:
    """The loader's side of one worker."""

    def __init__(self, prefix: str, slots: int) -> None:
        self._prefix = prefix
        self._blocks: dict[int, SharedMemory] = {}
        self._generations = dict.fromkeys(range(slots), 0)

    def unpack(self, slot: int, packed: Packed) -> Any:
        """The value of a message, in memory of its own."""
        name, parts = packed
        if name is not None:
            buffer = self._attach(slot, name).buf
            parts = [bytearray(buffer[start:stop]) for start, stop in parts]  # type: ignore[index]
        return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301 (from a process that this one has started)

    def _attach(self, slot: int, name: str) -> SharedMemory:
        block = self._blocks.get(slot)
        if block is None or block.name != name:
            with FORKING:
                if block is not None:
                    block.close()
                block = self._blocks[slot] = SharedMemory(name)
            self._generations[slot] = int(name.rpartition("-")[2])
        return block

    def remove(self) -> None:
        """Remove all blocks of the worker, which has ended: also one that it made and never told of."""
        with FORKING:
            for slot, generation in self._generations.items():
                block = self._blocks.pop(slot, None)
                if block is not None:
                    block.close()
                for candidate in (generation, generation + 1):
                    # ValueError: killed before it had a size.
                    with contextlib.suppress(FileNotFoundError, ValueError):
                        lost = SharedMemory(_name(self._prefix, slot, candidate))
                        lost.close()
                        lost.unlink()
