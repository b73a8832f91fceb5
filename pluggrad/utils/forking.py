"""The lock under which processes are forked, so that no worker inherits what another thread had half done."""

from __future__ import annotations

import threading

from ..locks import open_after_fork

__all__ = ["FORKING"]

#: Held while a process is forked, and around all that a forked process must not find in the midst of happening:
#:
#: - locks of other libraries, which would stay locked for ever: of multiprocessing's tracker of shared memory, of
#:   NumPy's global generator;
#: - a descriptor that is closed and not yet forgotten: its number may belong to the new worker's pipe by then, which
#:   the worker's copy of the old object would close;
#: - the worker's end of another's pipe, which would stay open when that other one is killed.
#:
#: Reentrant: the collector may end one loader's workers while another's are started.
FORKING = open_after_fork(threading.RLock())
