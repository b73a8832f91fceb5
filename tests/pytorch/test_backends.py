"""The flags and questions of ``torch.backends``, ``torch.distributed`` and ``torch.autograd.Variable``."""

from __future__ import annotations

import pytest

import pluggrad.torch as torch
import pluggrad.torch.backends.cudnn as cudnn

pytestmark = pytest.mark.cpu  # what is compared with PyTorch is NumPy's


def test_flags_are_kept() -> None:
    cudnn.benchmark = True
    assert torch.backends.cudnn.benchmark and not cudnn.is_available() and cudnn.version() is None
    with cudnn.flags(benchmark=False, enabled=False):
        assert not cudnn.benchmark
    assert cudnn.benchmark
    cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = True
    with torch.backends.cuda.sdp_kernel(enable_flash=False):
        assert not torch.backends.cuda.flash_sdp_enabled()
    assert torch.backends.cuda.flash_sdp_enabled()
    torch.backends.cuda.enable_math_sdp(True)


@pytest.mark.parametrize("name", ["mps", "mkl", "mkldnn", "openmp", "cudnn", "opt_einsum"])
def test_nothing_is_available(name: str) -> None:
    assert getattr(torch.backends, name).is_available() is False


def test_there_is_one_process() -> None:
    import pluggrad.torch.distributed as dist

    assert not dist.is_available() and not dist.is_initialized()
    with pytest.raises(RuntimeError, match="one process"):
        dist.init_process_group("gloo")
    with pytest.raises(ValueError, match="not been initialized"):
        dist.get_rank()


def test_a_variable_is_a_tensor() -> None:
    x = torch.ones(2)
    v = torch.autograd.Variable(x, requires_grad=True)
    assert v.requires_grad and not x.requires_grad and v.data_ptr() == x.data_ptr()
    assert isinstance(x, torch.autograd.Variable) and not isinstance(3, torch.autograd.Variable)
    assert not torch.autograd.Variable(x).requires_grad
