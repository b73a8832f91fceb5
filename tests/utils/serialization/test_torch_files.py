"""Files of torch.save, read without PyTorch: all that they may hold, and nothing that would run code."""

from __future__ import annotations

import collections
import fractions
import io
import os
import pickle
import random
import re
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad.errors import CheckpointError

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

#: The zip files of today, and the streams of before.
FORMAT = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])


def written(obj: Any, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(obj, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def loaded(obj: Any, zipped: bool = True, **options: Any) -> Any:
    return pluggrad.load(io.BytesIO(written(obj, zipped)), **options)


def same(mine: Any, theirs: Any) -> bool:
    if isinstance(theirs, torch.Tensor):
        return (
            str(mine.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]
            and tuple(mine.shape) == tuple(theirs.shape)
            and mine.requires_grad == theirs.requires_grad
            and mine.detach().cpu().numpy().tobytes() == theirs.detach().resolve_conj().resolve_neg().numpy().tobytes()
        )
    if isinstance(theirs, dict):
        return list(mine) == list(theirs) and all(map(same, mine.values(), theirs.values()))
    if isinstance(theirs, list | tuple) and not isinstance(theirs, torch.Size):
        return type(mine) is type(theirs) and all(map(same, mine, theirs))
    return mine == theirs


DTYPES = "bool uint8 int8 int16 int32 int64 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()


@FORMAT
@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_to_the_bit(name: str, zipped: bool) -> None:
    dtype = getattr(torch, name)
    data = np.random.default_rng(0).integers(0, 256, (3, 5 * dtype.itemsize), dtype=np.uint8)
    x = torch.from_numpy(data % 2).bool() if name == "bool" else torch.from_numpy(data).view(dtype)
    for y in (x, x.T, x[1:, ::2], x[0, 0], torch.empty(0, 3, dtype=dtype)):
        assert same(loaded(y, zipped), y)


def test_bfloat16() -> None:
    x = torch.tensor([1.5, -3.0], dtype=torch.bfloat16)
    if pluggrad.bfloat16 in pluggrad.backends.plugins.backend("cpu").dtypes:
        mine = loaded(x)
        assert mine.dtype is pluggrad.bfloat16
        assert mine.tolist() == [1.5, -3.0]
    else:
        with pytest.raises(CheckpointError, match=r"it holds bfloat16 tensors.*save x\.float\(\) in PyTorch"):
            loaded(x)


@FORMAT
def test_views_and_shared_memory(zipped: bool) -> None:
    x = torch.arange(12.0).reshape(3, 4)
    mine = loaded(
        {"x": x, "transposed": x.T, "row": x[1], "wide": x[:, :1].expand(3, 5), "conj": torch.ones(2) * 1j}, zipped
    )
    mine["x"][1, 0] = 99.0
    assert mine["transposed"].tolist()[0] == [0.0, 99.0, 8.0]
    assert mine["row"].tolist() == [99.0, 5.0, 6.0, 7.0]
    assert mine["wide"].tolist()[1] == [99.0] * 5
    mine["row"][1] = -1.0
    assert mine["x"].tolist()[1][1] == -1.0
    assert same(loaded(torch.tensor([1 + 2j]).conj(), zipped), torch.tensor([1 + 2j]).conj())
    assert same(loaded(torch.tensor([1 + 2j]).conj().imag, zipped), torch.tensor([1 + 2j]).conj().imag)


@FORMAT
def test_models_and_optimizers(zipped: bool) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        net(torch.rand(5, 3)).sum().backward()
        optimizer.step()
    state = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    mine = loaded(state, zipped)
    assert same(mine, state)
    assert mine["model"]._metadata[""] == {"version": 1}
    ours = pluggrad.nn.Sequential(pluggrad.nn.Linear(3, 4), pluggrad.nn.BatchNorm1d(4), pluggrad.nn.Linear(4, 2))
    ours.load_state_dict(mine["model"])
    x = torch.rand(5, 3)
    net.eval(), ours.eval()
    assert np.allclose(
        ours(pluggrad.asarray(x.numpy(), device=ours[0].weight.device)).tolist(), net(x).tolist(), atol=1e-6
    )
    again = pluggrad.optim.Adam(ours.parameters(), lr=1.0)
    again.load_state_dict(mine["optimizer"])
    assert again.param_groups[0]["lr"] == 0.1


@FORMAT
def test_containers_and_numbers(zipped: bool) -> None:
    obj = {
        "numbers": [0, -1, 255, 2**40, 2**200, -(2**200), 0.1, float("inf"), 1 + 2j, True, None],
        "texts": ["", "ä\U0001f40d", "x" * 300],
        "bytes": [b"", b"\x00\xff" * 200, bytearray(b"ab")],
        "containers": [
            (),
            (1,),
            (1, 2),
            (1, 2, 3),
            (1, 2, 3, 4),
            [],
            [[]],
            {},
            {1: 2, (1, "a"): 3},
            {1, 2},
            frozenset({3}),
        ],
        "ordered": OrderedDict(b=1, a=2),
        "counter": collections.Counter("aab"),
        "size": torch.Size([2, 3]),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "leaf": torch.ones(1, requires_grad=True),
        "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False),
    }
    mine = loaded(obj, zipped)
    assert same(mine, obj)
    assert isinstance(mine["parameter"], pluggrad.nn.Parameter)
    assert type(mine["ordered"]) is OrderedDict
    assert loaded([torch.float16, torch.device("cuda", 1), torch.device("cpu")], zipped) == [
        pluggrad.float16,
        pluggrad.device("cuda:1"),
        pluggrad.device("cpu"),
    ]
    once = [1]
    twice = loaded([once, once], zipped)
    assert twice[0] is twice[1]


def test_a_parameter_with_attributes() -> None:
    p = torch.nn.Parameter(torch.ones(2))
    p.tag = "mine"
    mine = loaded(p)
    assert isinstance(mine, pluggrad.nn.Parameter)
    assert mine.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_other_protocols(protocol: int) -> None:
    obj = {"a": torch.ones(2), "b": [b"x", {1}, "ä" * 300, 2**70], "c": OrderedDict(x=1)}
    file = io.BytesIO()
    torch.save(obj, file, pickle_protocol=protocol)
    assert same(pluggrad.load(io.BytesIO(file.getvalue())), obj)


def test_where_tensors_go() -> None:
    data = written(torch.ones(2)).replace(b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00xpu")
    data = rezip(data, lambda name, content: content)
    with pytest.raises(RuntimeError, match=r"saved from device 'xpu', which is not to be had here.*map_location"):
        pluggrad.load(io.BytesIO(data))
    assert pluggrad.load(io.BytesIO(data), map_location="cpu").device == "cpu"
    assert pluggrad.load(io.BytesIO(data), map_location={"xpu": "cpu"}).tolist() == [1.0, 1.0]


def test_no_torch_is_imported(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "f.pt")
    program = f"import sys, pluggrad\nsys.modules['torch'] = None\nprint(pluggrad.load({str(tmp_path / 'f.pt')!r}))\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{'a': tensor([1., 1.])}\n", "")


# -- refused -----------------------------------------------------------------------------------------------


def rezip(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A zip file anew, with the right checksums, whatever the contents of the old one were."""
    old = zipfile.ZipFile(io.BytesIO(data))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as new:
        for entry in old.infolist():
            start = entry.header_offset
            skip = (
                30
                + int.from_bytes(data[start + 26 : start + 28], "little")
                + int.from_bytes(data[start + 28 : start + 30], "little")
            )
            content = data[start + skip : start + skip + entry.file_size]
            new.writestr(entry.filename, change(entry.filename, content))
    return file.getvalue()


def with_pickle(content: bytes) -> bytes:
    return rezip(written([torch.ones(2)]), lambda name, old: content if name.endswith("data.pkl") else old)


class Runs:
    """Runs a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        (Runs(os.system, "touch /tmp/pluggrad-was-here"), "posix.system"),
        (Runs(eval, "1"), "builtins.eval"),
        (Runs(exec, "1"), "builtins.exec"),
        (Runs(getattr, "", "join"), "builtins.getattr"),
        (Runs(subprocess.Popen, ["true"]), "(subprocess|commands).Popen"),
        (Runs(__import__, "os"), "builtins.__import__"),
        (Runs(torch.load, "x"), "torch.serialization.load"),
        (Runs(torch.hub.load, "x", "y"), "torch.hub.load"),
        (Runs(pluggrad.load, "x"), "pluggrad.utils.serialization.loading.load"),
        (Runs(open, "/tmp/pluggrad-was-here", "w"), "io.open"),
        (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
        (np.float32(1.0), "numpy"),
        (np.arange(3), "numpy"),
        (collections.defaultdict(list), "collections.defaultdict"),
        (fractions.Fraction(1, 3), "fractions.Fraction"),
        (Path("x"), "pathlib"),
        (range(3), "builtins.x?range"),
        (slice(3), "builtins.slice"),
        (lambda: torch.sparse_coo_tensor([[0]], [1.0], [2]), "torch._utils._rebuild_sparse_tensor"),
        (lambda: torch.quantize_per_tensor(torch.ones(1), 1.0, 0, torch.qint8), "_rebuild_qtensor|QInt8Storage"),
        (lambda: torch.ones(1, dtype=torch.float8_e5m2), "float8_e5m2"),
        (lambda: torch.ones(1, device="meta"), "_rebuild_meta_tensor_no_storage"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_what_a_file_names_is_refused_by_name(obj: Any, name: str) -> None:
    data = written({"x": [obj() if getattr(obj, "__name__", "") == "<lambda>" else obj]})
    with pytest.raises(CheckpointError, match=rf"load: 'BytesIO' cannot be read: it names .*({name})"):
        pluggrad.load(io.BytesIO(data))
    assert not os.path.exists("/tmp/pluggrad-was-here")


def test_a_module_says_what_to_save() -> None:
    with pytest.raises(CheckpointError, match=r"it holds a whole module: save its state_dict\(\) in PyTorch"):
        loaded(torch.nn.Sequential())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # attributes of what may be called, of a tensor, of a class
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.", "sets attributes|fills an object"),
        (b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb.", "sets attributes of an object"),
        (b"\x80\x02ctorch\nTensor\n}X\x09\x00\x00\x00_metadataK\x01sb.", "fills an object of class type"),
        (b"\x80\x02ctorch\nfloat32\n)R.", "calls what it has made itself"),
        (b"\x80\x02]K\x01\x85R.", "calls what it has made itself"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n]R.", "calls what it has made itself"),
        # instructions that no such file has
        (b"\x80\x02(c__builtin__\neval\nX\x01\x00\x00\x001o.", "names builtins.eval"),
        (b"\x80\x02(X\x01\x00\x00\x001i__builtin__\neval\n.", "the instruction INST"),
        (b"\x80\x02\x82\x01.", "the instruction EXT1"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", "names os.system"),
        (b"\x80\x04\x8c\x08builtins\x8c\x0bset.__add__\x93.", "names builtins.set.__add__"),
        (b"\x80\x02ccollections\nOrderedDict\nX\x01\x00\x00\x00a\x85\x92.", "the instruction NEWOBJ_EX|cannot be read"),
        # and damaged ones
        (b"\x80\x02.", "damaged|altered"), (b"", "altered"), (b"\x80\x02K", "altered"), (b"\x80\x02u.", "altered"),
        (b"\x80\x02h\x05.", "altered"), (b"\x80\x02}]K\x01s.", "altered"), (b"\x80\x02Q.", "altered"),
        (b"\x80\x02X\x01\x00\x00\x00aQ.", "altered"), (b"\x80\x02\x8b\xff\xff\xff\x7f.", "altered"),
        (b"\x80\x02K\x01K\x02a.", "fills an object of class int"),
    ],
    ids=repr,
)  # fmt: skip
def test_hand_made_pickles(content: bytes, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        pluggrad.load(io.BytesIO(with_pickle(content)))


def tensor_pickle(size: str, stride: str, offset: int = 0, key: str = "0", kind: str = "storage") -> bytes:
    """The pickle, in the readable protocol, of a tensor over the storage of two floats."""
    identifier = f"(V{kind}\nctorch\nFloatStorage\nV{key}\nVcpu\nI2\nt"
    return f"ctorch._utils\n_rebuild_tensor_v2\n({identifier}QI{offset}\n{size}{stride}I00\nNtR.".encode()


@pytest.mark.parametrize(
    ("size", "stride", "options"),
    [
        ("(I3\nt", "(I1\nt", {}), ("(I2\nt", "(I1\nt", {"offset": 1}), ("(I2\nt", "(I2\nt", {}),
        ("(I2\nt", "(I-1\nt", {"offset": 1}), ("(I-2\nt", "(I1\nt", {}), ("(I2\nt", "(I1\nt", {"offset": -1}),
        ("(I2\nt", "(t", {}), ("(I2\nt", "(I1\nt", {"key": "7"}), ("(I2\nt", "(I1\nt", {"kind": "module"}),
        ("(Va\nt", "(I1\nt", {}), ("N", "(I1\nt", {}), ("(I99999999999999999999999\nt", "(I1\nt", {}),
        ("(I2\nI4611686018427387904\nt", "(I1\nI4\nt", {}),
    ],
    ids=repr,
)  # fmt: skip
def test_tensors_beyond_their_storage(size: str, stride: str, options: dict[str, Any]) -> None:
    assert pluggrad.load(io.BytesIO(with_pickle(tensor_pickle("(I2\nt", "(I1\nt")))).tolist() == [1.0, 1.0]
    with pytest.raises(CheckpointError, match="altered"):
        pluggrad.load(io.BytesIO(with_pickle(tensor_pickle(size, stride, **options))))


# -- other files, damaged files ----------------------------------------------------------------------------


def test_other_kinds_of_files(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/b", "c")
    with pytest.raises(CheckpointError, match="is a zip file, but not one of torch.save: it has no data.pkl"):
        pluggrad.load(io.BytesIO(file.getvalue()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x00" * 10_000_000)
    with pytest.raises(CheckpointError, match="has packed entries"):
        pluggrad.load(io.BytesIO(packed.getvalue()))
    with pytest.raises(CheckpointError, match="is a pickle, which may run any code"):
        pluggrad.load(io.BytesIO(pickle.dumps({"a": 1})))
    import tarfile

    with tarfile.open(tmp_path / "f.tar", "w") as tar:
        tar.add(__file__)
    with pytest.raises(CheckpointError, match="is a tar file, as PyTorch wrote them before 2017"):
        pluggrad.load(tmp_path / "f.tar")


@pytest.mark.filterwarnings("ignore")
def test_torchscript_programs(tmp_path: Path) -> None:
    torch.jit.script(torch.nn.Linear(1, 1)).save(tmp_path / "f.pt")
    with pytest.raises(CheckpointError, match="is a TorchScript program"):
        pluggrad.load(tmp_path / "f.pt")


@FORMAT
def test_damage_is_found_or_harms_nothing(zipped: bool) -> None:
    """Both formats have bytes that say nothing (padding, times). Streams have no checksum of their data."""
    obj = {"x": torch.arange(40.0), "n": [1, "text"]}
    data = written(obj, zipped)
    rng = random.Random(1)
    errors = 0
    for place in [*range(0, len(data), 7), *rng.sample(range(len(data)), 150)]:
        altered = bytearray(data)
        altered[place] ^= 1 << rng.randrange(8)
        try:
            found = pluggrad.load(io.BytesIO(altered), map_location="cpu")
        except CheckpointError:
            errors += 1
            continue
        if zipped:
            assert same(found, obj), place
    assert errors > 20
    for length in range(0, len(data), 11):
        with pytest.raises(CheckpointError, match=re.escape("load: 'BytesIO'")):
            pluggrad.load(io.BytesIO(data[:length]))
