"""How ``pluggrad.torch`` is imported, called and installed."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
from collections import deque
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import pluggrad
import pluggrad.torch as pt
from pluggrad.errors import DTypeError, GradientError

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's


def run(code: str, *arguments: str) -> str:
    """What a program prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, *arguments, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_submodules_are_imported_in_every_way() -> None:
    code = """
        import pluggrad.torch as torch
        import pluggrad.torch.nn.functional as F
        from pluggrad.torch import nn, optim
        from pluggrad.torch.utils.data import DataLoader
        from pluggrad.torch.nn.modules.linear import Linear
        from pluggrad.torch.nn.modules.activation import ReLU
        from pluggrad.torch.utils.data._utils.collate import default_collate
        from pluggrad.torch.cuda.amp import autocast, GradScaler
        from pluggrad.torch.serialization import safe_globals
        with safe_globals([dict]):
            pass
        assert torch.finfo().dtype == "float32" and torch.iinfo(torch.int8).max == 127
        import pluggrad
        assert F.relu.__wrapped__ is pluggrad.nn.functional.relu and nn.Linear is pluggrad.nn.Linear is Linear
        assert torch.utils.data.DataLoader is DataLoader and torch.optim.SGD is optim.SGD
        assert torch.Tensor is pluggrad.Tensor and torch.float is pluggrad.float32
    """
    run(code)


def test_an_attribute_leads_to_a_submodule_without_an_import() -> None:
    run("import pluggrad.torch as torch; torch.nn.functional.relu(torch.zeros(2)); torch.linalg.inv(torch.eye(2))")


@pytest.mark.parametrize(
    ("statement", "kind", "path"),
    [
        ("torch.no_such_function", "AttributeError", "torch.no_such_function"),
        ("torch.nn.NoSuchLayer", "AttributeError", "torch.nn.NoSuchLayer"),
        (
            "from pluggrad.torch.nn.modules.activation import NoSuch",
            "ImportError",
            "torch.nn.modules.activation.NoSuch",
        ),
        ("import pluggrad.torch.nn.modules.no_such", "ModuleNotFoundError", "torch.nn.modules.no_such"),
        ("torch.linalg.no_such", "AttributeError", "torch.linalg.no_such"),
        ("from pluggrad.torch import no_such", "ImportError", "torch.no_such"),
        ("from pluggrad.torch.nn import NoSuchLayer", "ImportError", "torch.nn.NoSuchLayer"),
        ("import pluggrad.torch.no_such", "ModuleNotFoundError", "torch.no_such"),
    ],
)
def test_a_missing_name_says_where_to_look(statement: str, kind: str, path: str) -> None:
    code = f"""
        import pluggrad.torch as torch
        try:
            exec({statement!r})
        except {kind} as error:
            print(error)
    """
    message = run(code)
    assert path in message and "docs/coverage.md" in message


def test_hasattr_and_getattr_with_a_default_work() -> None:
    assert not hasattr(pt, "no_such_function") and getattr(pt.nn, "no_such_layer", None) is None


def test_all_names_are_there() -> None:
    names = pt.__all__
    assert len(names) == len(set(names)) > 500
    assert not [n for n in names if not hasattr(pt, n)]
    assert set(names) <= set(dir(pt))


def test_install_gives_torch_and_uninstall_takes_it_back() -> None:
    code = """
        import sys, pluggrad
        pluggrad.torch.install()
        import torch, torch.nn as nn, torch.nn.functional as F
        from torch.utils.data import DataLoader
        from torch.optim.lr_scheduler import StepLR
        assert torch is pluggrad.torch and nn is pluggrad.torch.nn and F is pluggrad.torch.nn.functional
        assert pluggrad.torch.nn.__spec__.name == "pluggrad.torch.nn"
        x = torch.ones(2) * torch.tensor(2.0, dtype=torch.float64)
        assert x.dtype == torch.float32  # a 0-D tensor is weak, in operators too
        assert str(x.dtype) == "torch.float32" and str(x.shape) == "torch.Size([2])"
        assert x.type() == "torch.FloatTensor" and x.type("torch.LongTensor").dtype == torch.long
        pluggrad.torch.uninstall()
        assert str(x.dtype) == "pluggrad.float32"
        assert not [n for n in sys.modules if n == "torch" or n.startswith("torch.")]
        x = pluggrad.ones(2) * pluggrad.tensor(2.0, dtype=pluggrad.float64)
        assert x.dtype == pluggrad.float64
    """
    run(code)


def test_install_refuses_when_pytorch_is_there() -> None:
    pytest.importorskip("torch")
    code = """
        import torch, pluggrad
        try:
            pluggrad.torch.install()
        except RuntimeError as error:
            print(error)
    """
    assert "imported already" in run(code)


def test_a_script_runs_unchanged(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import torch\nvalue = torch.full((2,), 3.0)\n", encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, torch, helper\nprint(__name__, sys.argv[1:], helper.value.sum())\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "pluggrad.torch"]
    done = subprocess.run([*command, str(script), "--lr", "1"], capture_output=True, text=True, check=False)
    assert done.stdout == "__main__ ['--lr', '1'] tensor(6.)\n", done.stderr
    done = subprocess.run(
        [*command, "-c", "import torch; print(torch.ones(1))"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "tensor([1.])\n"
    done = subprocess.run([*command, "-m", "helper"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert not done.stdout
    done = subprocess.run([*command, "no_such_file.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no file" in done.stdout
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 2


def test_processes_that_a_script_spawns_take_torch_from_here(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import torch
            from torch.utils.data import DataLoader, Dataset

            class Numbers(Dataset):
                def __len__(self):
                    return 4

                def __getitem__(self, i):
                    return torch.tensor([float(i)]), torch.__version__

            if __name__ == "__main__":
                for context in ("fork", "spawn"):
                    for x, versions in DataLoader(Numbers(), 2, num_workers=1, multiprocessing_context=context):
                        print(x.flatten().tolist(), *{v.partition("+")[2] for v in versions})
        """),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pluggrad.torch", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == 2 * "[0.0, 1.0] pluggrad\n[2.0, 3.0] pluggrad\n", done.stderr


# -- calls ---------------------------------------------------------------------------------------------


def test_arguments_have_pytorchs_names() -> None:
    x = pt.tensor([1.0, 4.0])
    assert pt.sum(input=x).item() == 5
    assert pt.add(x, other=x).tolist() == [2, 8]
    assert pt.cat(tensors=[x, x], dim=0).shape == (4,)
    assert pt.lerp(input=x, end=x + 2, weight=0.5).tolist() == [2, 5]
    assert pt.where(condition=x > 2, input=x, other=pt.zeros(2)).tolist() == [0, 4]
    assert pt.linalg.solve(A=pt.eye(2), B=x).tolist() == [1, 4]
    with pytest.raises(TypeError, match="multiple values for argument 'input'"):
        pt.exp(x, input=x)
    with pytest.raises(TypeError, match="missing"):
        pt.add(other=x)


def test_out_takes_the_result() -> None:
    out = pt.empty(2)
    assert pt.add(pt.ones(2), 1, out=out) is out and out.tolist() == [2, 2]
    empty = pt.empty(0)
    pt.matmul(pt.ones(2, 3), pt.ones(3, 2), out=empty)
    assert empty.tolist() == [[3, 3], [3, 3]]
    with pytest.warns(UserWarning, match="was resized"):
        pt.exp(pt.zeros(3), out=out)
    values, indices = pt.empty(0), pt.empty(0, dtype=pt.int64)
    found = pt.max(pt.tensor([[1.0, 5.0]]), dim=1, out=(values, indices))
    assert found.values is values and indices.tolist() == [1]
    assert pt.linalg.inv(pt.eye(2) * 2, out=pt.empty(2, 2)).tolist() == [[0.5, 0], [0, 0.5]]
    whole = pt.zeros(2, 2)
    pt.exp(pt.zeros(2), out=whole[0])
    assert whole.tolist() == [[1, 1], [0, 0]]


def test_out_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(DTypeError, match="can't be cast"):
        pt.exp(pt.zeros(2), out=pt.empty(2, dtype=pt.int64))
    with pytest.raises(GradientError, match="don't support automatic differentiation"):
        pt.exp(pt.zeros(2, requires_grad=True), out=pt.empty(2))
    with pytest.raises(TypeError, match="must be Tensor"):
        pt.exp(pt.zeros(2), out=3)
    with pytest.raises(TypeError, match="tuple of 2 tensors"):
        pt.max(pt.zeros(2, 2), dim=0, out=pt.empty(2))
    with pt.no_grad():
        assert pt.exp(pt.zeros(1, requires_grad=True), out=pt.empty(1)).item() == 1


def test_layouts_and_memory_formats_are_accepted() -> None:
    assert pt.zeros(2, layout=pt.strided, pin_memory=True).shape == (2,)
    assert pt.ones_like(pt.zeros(2), memory_format=pt.preserve_format).tolist() == [1, 1]
    assert pt.zeros(1, 1, 2, 2).contiguous(memory_format=pt.channels_last).shape == (1, 1, 2, 2)
    with pytest.raises(RuntimeError, match="strided tensors only"):
        pt.zeros(2, layout=pt.sparse_coo)


def test_zero_dim_tensors_are_weak_in_functions() -> None:
    one, wide = pt.ones(2), pt.tensor(2.0, dtype=pt.float64)
    assert pt.add(one, wide).dtype is pt.float32 and (one + wide).dtype is pt.float64
    assert pt.cat([one, wide.reshape(1)]).dtype is pt.float64
    assert pt.result_type(pt.tensor([1], dtype=pt.int8), pt.tensor(1)) is pt.int8
    assert pluggrad.add(pluggrad.ones(2), pluggrad.tensor(2.0, dtype=pluggrad.float64)).dtype is pluggrad.float64


# -- settings --------------------------------------------------------------------------------------------


def test_settings_are_kept() -> None:
    pt.set_float32_matmul_precision("high")
    assert pt.get_float32_matmul_precision() == "high"
    pt.set_float32_matmul_precision("highest")
    with pytest.raises(RuntimeError, match="precision"):
        pt.set_float32_matmul_precision("low")
    pt.use_deterministic_algorithms(True, warn_only=True)
    assert pt.are_deterministic_algorithms_enabled() and pt.get_deterministic_debug_mode() == 1
    pt.set_deterministic_debug_mode("default")
    assert not pt.are_deterministic_algorithms_enabled()
    assert pt.get_num_threads() >= 1


def test_the_default_tensor_type() -> None:
    pt.set_default_tensor_type("torch.DoubleTensor")
    assert pt.ones(1).dtype is pt.float64 and pt.Tensor([1]).dtype is pt.float64
    pt.set_default_tensor_type(pt.FloatTensor)
    assert pt.ones(1).dtype is pt.float32
    with pytest.raises(TypeError):
        pt.set_default_tensor_type(pt.LongTensor)


def test_compile_runs_eagerly() -> None:
    model = pt.nn.Linear(2, 1)
    assert pt.compile(model) is model

    @pt.compile(mode="max-autotune")
    def double(x: pt.Tensor) -> pt.Tensor:
        return x * 2

    assert double(pt.ones(1)).item() == 2


def test_the_version_says_what_it_is() -> None:
    assert pt.__version__.split(".")[0] == "2" and "pluggrad" in pt.__version__
    assert import_module("pluggrad.torch.version").cuda is None


def test_scripts_run_eagerly() -> None:
    @pt.jit.script
    def double(x: pt.Tensor) -> pt.Tensor:
        return x * 2

    @pt.jit.ignore(drop=True)
    def triple(x: pt.Tensor) -> pt.Tensor:
        return x * 3

    model = pt.nn.Linear(2, 1)
    assert double(pt.ones(1)).item() == 2 and triple(pt.ones(1)).item() == 3
    assert pt.jit.trace(model, pt.ones(3, 2)) is model and not pt.jit.is_scripting()
    with pytest.raises(RuntimeError, match="state_dict"):
        pt.jit.save(model, "model.pt")
    with pytest.raises(RuntimeError, match="ONNX"):
        pt.onnx.export(model, pt.ones(3, 2), "model.onnx")


def test_trees_are_mapped() -> None:
    from pluggrad.torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

    value = {"a": [1, (2, 3)], "b": None}
    leaves, spec = tree_flatten(value)
    assert leaves == [1, 2, 3, None] and tree_unflatten(leaves, spec) == value
    assert tree_map(lambda a, b: (a, b), [1, 2], [3, 4]) == [(1, 3), (2, 4)]
    with pytest.raises(ValueError, match="leaves"):
        tree_unflatten([1], spec)


def test_processes_are_started_and_their_errors_told(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        textwrap.dedent("""
        import torch
        import torch.multiprocessing as mp

        def put(i, n, queue):
            queue.put((torch.ones(2) * i * n).tolist())

        def fail(i):
            raise ValueError(f"process {i}")

        if __name__ == "__main__":
            queue = mp.get_context("spawn").SimpleQueue()
            mp.spawn(put, args=(3, queue), nprocs=2)
            print(sorted([queue.get(), queue.get()]))
            try:
                mp.spawn(fail, nprocs=1)
            except mp.ProcessRaisedException as error:
                print("ValueError: process 0" in str(error), error.error_index)
        """)
    )
    done = subprocess.run(
        [sys.executable, "-m", "pluggrad.torch", str(script)], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["[[0.0, 0.0], [3.0, 3.0]]", "True 0"], done.stderr


class Doubling(pt.nn.Module):
    """A class that a file may name."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = pt.nn.Linear(2, 2)
        self.tied = self.inner.weight
        self.activation = pt.nn.functional.relu

    def forward(self, x: pt.Tensor) -> pt.Tensor:
        return 2 * self.activation(self.inner(x))


def test_whole_modules_are_saved_and_loaded_as_far_as_they_are_trusted(tmp_path: Path) -> None:
    path, model, x = tmp_path / "model.pt", Doubling(), pt.ones(1, 2)
    pt.save({"model": model, "epoch": 3}, path)
    with pytest.raises(pickle.UnpicklingError, match="Doubling"):
        pt.load(path)
    with pt.serialization.safe_globals([Doubling]):
        loaded = pt.load(path)["model"]
    assert pt.equal(loaded(x), model(x)) and loaded.tied is loaded.inner.weight and loaded.tied.requires_grad
    assert pt.load(path, weights_only=False)["epoch"] == 3
    pt.save(pt.nn.LSTM(2, 3), path)  # a module of pluggrad's own needs no trust
    assert isinstance(pt.load(path), pt.nn.LSTM)


class Harmful:
    """What a pickle can do."""

    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


def test_a_file_runs_no_code_unasked(tmp_path: Path) -> None:
    pt.save([Harmful()], tmp_path / "harm.pt")
    with pytest.raises(pickle.UnpicklingError, match="system"):
        pt.load(tmp_path / "harm.pt")


def test_indices_and_data_are_any_sequences() -> None:
    x = pt.arange(6).reshape(2, 3)
    assert x[range(2), [0, 2]].tolist() == [0, 5]
    assert pt.tensor(deque([1.0, 2.0])).tolist() == [1, 2]
