"""A whole run in a folder of files: saved now and then, and gone on with after it was killed."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from .random_state import get_random_state, set_random_state
from .serialization import load, save
from .serialization.atomic import PREFIX

__all__ = ["Checkpoints"]


class Checkpoints:
    """The saved states of one run, in one folder, by number of step.

    Parameters
    ----------
    folder : path; made if it is not there
    keep : how many of the latest files remain
    **parts : what has a state: anything with ``state_dict()`` and ``load_state_dict()``, such as a module, an
        optimiser, a scheduler, a DataLoader, a GradScaler

    Notes
    -----
    A file has the state of each part, the generators of random numbers (:mod:`pluggrad.utils.random_state`), and the
    values that were given with it. So a run that was killed and is begun anew goes on from the last file as if it had
    not been: its weights are the same to the bit, as long as what it computes is.

    >>> import tempfile, pluggrad
    >>> folder = tempfile.mkdtemp()
    >>> model = pluggrad.nn.Linear(1, 1)
    >>> checkpoints = Checkpoints(folder, model=model)
    >>> checkpoints.restore() is None
    True
    >>> _ = checkpoints.save(10, epoch=2)
    >>> checkpoints.restore()
    {'step': 10, 'epoch': 2}
    """

    def __init__(self, folder: str | Path, *, keep: int = 3, **parts: Any) -> None:
        if keep < 1:
            raise ValueError(f"Checkpoints: keep must be at least 1, got {keep}")
        for name, part in parts.items():
            if not (hasattr(part, "state_dict") and hasattr(part, "load_state_dict")):
                raise TypeError(
                    f"Checkpoints: {name} is a {type(part).__name__}, which has no state_dict() and load_state_dict(); "
                    "give values that change to save()"
                )
        self.folder, self.keep, self.parts = Path(folder), keep, parts
        self.folder.mkdir(parents=True, exist_ok=True)
        self._begun_at: int | None = None  # the step that was restored, until something is saved

    def files(self) -> dict[int, Path]:
        """The files by number of step, the oldest first."""
        found = ((re.fullmatch(r"step-(\d+)\.safetensors", path.name), path) for path in self.folder.iterdir())
        return dict(sorted((int(match.group(1)), path) for match, path in found if match))

    def save(self, step: int, **values: Any) -> Path:
        """Save the run as it is now, then remove files that are too old.

        Parameters
        ----------
        step : a number that grows
        **values : what else is to be known, of the classes that :func:`pluggrad.save` takes: the epoch, a history

        Returns
        -------
        the path of the file
        """
        path = self.folder / f"step-{step:09d}.safetensors"
        state = {
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "random": get_random_state(),
            "values": {"step": step, **values},
        }
        save(state, path)
        known = self.files()
        old = [number for number in known if number <= step][: -self.keep]
        if self._begun_at is not None:  # files of what came after the step that this run has gone back to
            old += [number for number in known if number > self._begun_at and number != step]
            self._begun_at = None
        for number in old:
            known[number].unlink(missing_ok=True)
        for unfinished in self.folder.glob(f"{PREFIX}step-*"):
            unfinished.unlink(missing_ok=True)
        return path

    def restore(self, step: int | None = None) -> dict[str, Any] | None:
        """Put the run back to where it was when a file was saved.

        Parameters
        ----------
        step : of which file; None: of the latest one that is whole. One that is damaged is passed over, with a warning

        Returns
        -------
        the values given to :meth:`save`, with the step; None: there is no file, and nothing has changed

        Raises
        ------
        FileNotFoundError : no file of that step
        CheckpointError : the file of that step, or every file, is damaged
        ValueError : a file has other parts than these
        """
        known = self.files()
        if step is not None and step not in known:
            raise FileNotFoundError(f"no file of step {step} in {str(self.folder)!r}; there are {list(known)}")
        wanted = list(reversed(known)) if step is None else [step]
        for number in wanted:
            try:
                state = load(known[number], map_location="cpu")
            except CheckpointError as error:
                if number == wanted[-1]:
                    raise
                warnings.warn(f"{error}; going back to the file before it", RuntimeWarning, stacklevel=2)
                continue
            return self._take(state, known[number])
        return None

    def _take(self, state: Any, path: Path) -> dict[str, Any]:
        if not isinstance(state, dict) or set(state) != {"parts", "random", "values"}:
            raise CheckpointError(f"{str(path)!r} was not saved by Checkpoints")
        saved, values = state["parts"], state["values"]
        if set(saved) != set(self.parts):
            raise ValueError(f"{str(path)!r} has the parts {sorted(saved)}, this run has {sorted(self.parts)}")
        for name, part in self.parts.items():
            part.load_state_dict(saved[name])
        set_random_state(state["random"])
        self._begun_at = values["step"]
        return dict(values)
