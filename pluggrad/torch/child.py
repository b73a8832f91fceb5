"""What a process that a program starts runs first: the same program, with ``torch`` taken from here as in its parent.

Where processes are spawned rather than forked, :mod:`multiprocessing` runs the main module again in each, under the
name ``__mp_main__``. ``python -m pluggrad.torch script.py`` gives this module for it.
"""

from __future__ import annotations

import os
import runpy

from pluggrad.torch.installation import install

#: The environment variable that holds the path of the program.
SCRIPT = "PLUGGRAD_TORCH_SCRIPT"

if __name__ == "__mp_main__":
    install()
    globals().update(runpy.run_path(os.environ[SCRIPT], run_name=__name__))
