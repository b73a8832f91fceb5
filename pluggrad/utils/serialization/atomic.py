"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["PREFIX", "replacing"]

#: What the name of an unfinished file begins with, before the name that it will have.
PREFIX = ".unfinished-"


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A new file beside ``path``, to write to. Behind the block it is brought to the disk and renamed to ``path``.

    An exception in the block removes it, and leaves what was there. If the process is killed, the unfinished file
    remains, and what was there as well.
    """
    # The file that a link leads to is replaced, not the link.
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder")
    if target.exists() and not target.is_file():  # a pipe, or /dev/null: nothing to rename over
        whole = io.BytesIO()
        yield whole
        target.write_bytes(whole.getbuffer())
        return
    beside = target.with_name(f"{PREFIX}{target.name[:200]}-{secrets.token_hex(4)}")
    try:
        with open(beside, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # folders cannot be opened everywhere
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
