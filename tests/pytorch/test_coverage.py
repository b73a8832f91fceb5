"""The page that says what of PyTorch is there is true."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's

torch = pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    """Made in a new interpreter: tests may have declared functions in this one."""
    code = f"import runpy; print(runpy.run_path({str(ROOT / 'tools/coverage_page.py')!r})['text'](), end='')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    page = (ROOT / "docs/coverage.md").read_text(encoding="utf-8")
    assert page.splitlines() == done.stdout.splitlines(), "run python tools/coverage_page.py"


def test_it_tells_what_is_there_from_what_is_not() -> None:
    tool = runpy.run_path(str(ROOT / "tools/coverage_page.py"))
    has = tool["has"]
    assert has("torch", "matmul") and has("torch.Tensor", "add_") and has("torch.linalg", "svd")
    assert has("torch.optim.Optimizer", "param_groups")  # an attribute of instances
    assert (
        not has("torch", "sparse_coo_tensor") and not has("torch.fx", "Graph") and not has("torch.Tensor", "to_sparse")
    )
    assert tool["why_left_out"]("torch", "cudnn_convolution") == "one vendor's kernels"
    assert tool["why_left_out"]("torch", "matmul") is None
