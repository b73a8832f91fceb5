"""A run that is killed at any step and begun anew ends with the weights of one that was not, to the bit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import pluggrad
from pluggrad.errors import CheckpointError
from pluggrad.utils.resume import Checkpoints

pytest.importorskip("safetensors")

#: Draws random numbers from every generator: pluggrad's (dropout, the order), Python's and NumPy's (in the dataset).
RUN = """
import hashlib, random, sys
import numpy as np
import pluggrad
from pluggrad import nn
from pluggrad.utils.resume import Checkpoints
from pluggrad.utils.data import DataLoader, Dataset

folder, workers, stop = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


class Noisy(Dataset):
    def __len__(self):
        return 50

    def __getitem__(self, i):
        x = pluggrad.tensor([i / 50, random.random(), np.random.rand()]) + 0.01 * pluggrad.randn(3)
        return x, x.sum() ** 2


pluggrad.manual_seed(0)
random.seed(0)
np.random.seed(0)
model = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
optimizer = pluggrad.optim.Adam(model.parameters(), lr=0.01)
schedule = pluggrad.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.9)
context = "fork" if workers else None
loader = DataLoader(Noisy(), 8, shuffle=True, num_workers=workers, multiprocessing_context=context)
run = Checkpoints(folder, keep=2, model=model, optimizer=optimizer, schedule=schedule, loader=loader)
at = run.restore() or {"step": 0, "epoch": 0, "losses": []}
step, losses = at["step"], at["losses"]
print("begins at", step, flush=True)
for epoch in range(at["epoch"], 4):
    for x, y in loader:
        loss = ((model(x)[:, 0] - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        step += 1
        losses.append(loss.item())
        if step % 3 == 0:
            run.save(step, epoch=epoch, losses=losses)
        print("step", step, flush=True)
        if step == stop:
            sys.stdin.read()  # waits to be killed
weights = b"".join(p.detach().numpy().tobytes() for p in model.state_dict().values())
print("end", step, len(losses), hashlib.sha256(weights).hexdigest(), losses[-1].hex(), end=" ")
print(random.random(), np.random.rand())
"""


def start(tmp_path: Path, folder: str, workers: int, stop: int = -1) -> subprocess.Popen[str]:
    program = tmp_path / "run.py"
    program.write_text(RUN)
    command = [sys.executable, str(program), str(tmp_path / folder), str(workers), str(stop)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PLUGGRAD_DEVICE": "cpu"}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path, workers: int) -> None:
    whole, _ = start(tmp_path, "whole", workers).communicate(timeout=100)
    expected = whole.splitlines()[-1]
    assert expected.startswith("end 28 28 ")
    rng = random.Random(workers)
    begun = []
    for stop in (*sorted(rng.sample(range(4, 27), 3)), None):
        process = start(tmp_path, "killed", workers, -1 if stop is None else stop)
        assert process.stdout is not None
        begun.append(process.stdout.readline())
        if stop is None:
            last = process.communicate(timeout=100)[0].splitlines()[-1]
            break
        for line in process.stdout:
            if line == f"step {stop}\n":
                break
        time.sleep(rng.random() * 0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=100)
    assert last == expected
    assert begun[0] == "begins at 0\n"
    assert begun[-1] != "begins at 0\n"
    assert len(list((tmp_path / "killed").iterdir())) == 2


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_random_moments(tmp_path: Path) -> None:
    whole, _ = start(tmp_path, "whole", 0).communicate(timeout=100)
    rng = random.Random(5)
    for _ in range(15):
        process = start(tmp_path, "killed", 0)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate(timeout=100)
        if out.splitlines() and out.splitlines()[-1].startswith("end"):
            break
    out, _ = start(tmp_path, "killed", 0).communicate(timeout=100)
    assert out.splitlines()[-1] == whole.splitlines()[-1]


# -- files -------------------------------------------------------------------------------------------------


class Part:
    """Something with a state."""

    def __init__(self, value: int = 0) -> None:
        self.value = value

    def state_dict(self) -> dict[str, int]:
        return {"value": self.value}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.value = state["value"]


def test_what_is_kept(tmp_path: Path) -> None:
    part = Part()
    run = Checkpoints(tmp_path / "a" / "b", keep=2, part=part)
    assert run.restore() is None
    for step in (1, 5, 10, 11):
        part.value = step
        path = run.save(step, note="x" * step)
        assert path.name == f"step-{step:09d}.safetensors"
    assert list(run.files()) == [10, 11]
    part.value = 0
    assert run.restore() == {"step": 11, "note": "x" * 11}
    assert part.value == 11
    assert run.restore(10) == {"step": 10, "note": "x" * 10}
    assert part.value == 10
    with pytest.raises(FileNotFoundError, match=r"no file of step 5 in .*; there are \[10, 11\]"):
        run.restore(5)


def test_going_back(tmp_path: Path) -> None:
    run = Checkpoints(tmp_path, keep=3, part=Part())
    for step in (1, 2, 3):
        run.save(step)
    run.restore(1)
    run.save(2)  # 3 was of what came after 1 before: not of this run
    assert list(run.files()) == [1, 2]
    Checkpoints(tmp_path, keep=3, part=Part()).save(1)  # a run that restored nothing removes nothing of another
    assert list(run.files()) == [1, 2]


def test_unfinished_files_go(tmp_path: Path) -> None:
    run = Checkpoints(tmp_path, part=Part())
    (tmp_path / ".unfinished-step-000000003.safetensors-abcd").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    run.save(4)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "step-000000004.safetensors"]


def test_a_damaged_file_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    part = Part()
    run = Checkpoints(tmp_path, part=part)
    for part.value in (1, 2):
        run.save(part.value)
    data = run.files()[2].read_bytes()
    run.files()[2].write_bytes(data[: len(data) // 2])
    with pytest.warns(RuntimeWarning, match="is truncated.*going back to the file before it"):
        assert run.restore() == {"step": 1}
    assert part.value == 1
    with pytest.raises(CheckpointError, match="is truncated"):
        run.restore(2)
    run.files()[1].write_bytes(b"")
    with pytest.warns(RuntimeWarning), pytest.raises(CheckpointError, match="is empty"):
        run.restore()


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"model is a int, which has no state_dict\(\)"):
        Checkpoints(tmp_path, model=3)
    with pytest.raises(ValueError, match="keep must be at least 1, got 0"):
        Checkpoints(tmp_path, keep=0)
    Checkpoints(tmp_path, part=Part()).save(1)
    with pytest.raises(ValueError, match=r"has the parts \['part'\], this run has \['other'\]"):
        Checkpoints(tmp_path, other=Part()).restore()
    pluggrad.save({"weights": 1}, tmp_path / "step-000000002.safetensors")
    with pytest.raises(CheckpointError, match="was not saved by Checkpoints"):
        Checkpoints(tmp_path, part=Part()).restore(2)


def test_an_error_of_a_part_is_not_hidden(tmp_path: Path) -> None:
    class Broken(Part):
        def load_state_dict(self, state: dict[str, Any]) -> None:
            raise KeyError("mine")

    Checkpoints(tmp_path, part=Broken()).save(1)
    with pytest.raises(KeyError, match="mine"):
        Checkpoints(tmp_path, part=Broken()).restore()
