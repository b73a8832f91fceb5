"""save and load: what goes in comes out; damage is an error; a killed process leaves the old file or the new."""

from __future__ import annotations

import io
import json
import math
import os
import random
import re
import signal
import stat
import subprocess
import sys
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import pluggrad
from pluggrad import nn
from pluggrad.errors import CheckpointError

safetensors = pytest.importorskip("safetensors")


def through(obj: Any, **options: Any) -> Any:
    file = io.BytesIO()
    pluggrad.save(obj, file)
    return pluggrad.load(io.BytesIO(file.getvalue()), **options)


def same(x: Any, y: Any) -> bool:
    """Whether two objects are of one class and hold the same, to the bit."""
    if type(x) is not type(y):
        return False
    if isinstance(x, pluggrad.Tensor):
        return (x.dtype, x.shape, x.device, x.requires_grad) == (
            y.dtype,
            y.shape,
            y.device,
            y.requires_grad,
        ) and x.detach().cpu().numpy().tobytes() == y.detach().cpu().numpy().tobytes()
    if isinstance(x, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if isinstance(x, pluggrad.Generator):
        return repr(x) == repr(y)
    if isinstance(x, dict):
        return list(map(repr, x)) == list(map(repr, y)) and all(map(same, x.values(), y.values()))
    if isinstance(x, list | tuple):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, float | complex):
        return repr(x) == repr(y)
    return x == y


def everything() -> dict[str, Any]:
    state = OrderedDict(weight=pluggrad.rand(2, 3))
    state._metadata = OrderedDict({"": {"version": 2}})  # type: ignore[attr-defined]
    return {
        "scalars": [None, True, False, 0, -1, 2**53, 2**53 + 1, -(2**200), 0.1, -0.0, 5e-324, 1e308, 1.5 - 0.0j],
        "not finite": [math.nan, math.inf, -math.inf, complex(math.nan, -math.inf)],
        "texts": ["", 'ä\n"\\\x00\U0001f40d', 'checksum":"' + "0" * 64, "\ud800"],
        "bytes": [b"", b"\x00\xff", bytearray(b"abc")],
        "containers": [
            [],
            (),
            {},
            set(),
            frozenset({1, (2, 3)}),
            {1, "a", 2.5},
            pluggrad.Size([2, 3]),
            OrderedDict(a=1),
        ],
        "keys": {"\ud800": pluggrad.ones(1), 1: 2, "1": 3, (1, "x"): 4, None: 5, 2.5: 6, b"k": 8},
        "pluggrad": [
            pluggrad.float16,
            pluggrad.bool,
            pluggrad.device("cuda:1"),
            pluggrad.Generator().manual_seed(2**64 - 1),
        ],
        "state": state,
        "tensors": [pluggrad.ones(2), pluggrad.tensor(3), pluggrad.zeros(0, 3), pluggrad.rand(3, 4).mT],
        "leaves": [
            pluggrad.ones(2, requires_grad=True),
            nn.Parameter(pluggrad.ones(1)),
            nn.Parameter(pluggrad.ones(1), False),
        ],
        "arrays": [np.arange(6).reshape(2, 3).T, np.zeros((0,)), np.array(3.5)[None]],
    }


def test_everything_comes_back() -> None:
    before = everything()
    after = through(before)
    for name in before:
        assert same(before[name], after[name]), name
    assert after["state"]._metadata == before["state"]._metadata
    assert after["arrays"][0].flags.writeable


@pytest.mark.parametrize("name", [d.name for d in pluggrad.ops.creation.dtypes.STANDARD] + ["float16"])
def test_every_dtype_to_the_bit(name: str) -> None:
    dtype = getattr(pluggrad, name if name != "bool" else "bool")
    bits = np.random.default_rng(0).integers(0, 256, (3, 5, dtype.itemsize), dtype=np.uint8)
    array = bits.astype(bool)[..., 0] if name == "bool" else bits.view(name)[..., 0]  # NaNs with payloads among them
    x = pluggrad.asarray(array, device="cpu")
    assert x.dtype is dtype
    assert same(through(x), x)


def test_scalars_of_a_library_become_pythons() -> None:
    assert through([np.float64(0.1), np.float32(0.5), np.int8(-3), np.bool_(True), np.str_("a")]) == [
        0.1,
        0.5,
        -3,
        True,
        "a",
    ]
    assert type(through(np.bool_(True))) is bool


def test_a_computed_tensor_comes_back_as_a_leaf() -> None:
    x = pluggrad.ones(2, requires_grad=True)
    y = through(x * 2)
    assert y.is_leaf
    assert y.requires_grad
    assert y.grad is None


@pytest.mark.cpu  # other devices may not tell where a tensor lies
@pytest.mark.cpu  # others need not tell where their memory is
def test_one_tensor_stays_one_and_shared_memory_stays_shared() -> None:
    x = nn.Parameter(pluggrad.zeros(3))
    after = through({"x": x, "again": x, "alias": x.detach(), "part": x.detach()[1:], "copy": x.detach().clone()})
    assert after["again"] is after["x"]
    assert after["alias"] is not after["x"]
    assert not after["alias"].requires_grad
    after["alias"][1] = 5.0
    assert after["x"].tolist() == [0.0, 5.0, 0.0]
    assert after["part"].tolist() == after["copy"].tolist()[1:] == [0.0, 0.0]  # a view has data of its own

    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.out = nn.Embedding(4, 2), nn.Linear(2, 4)
            self.out.weight = self.embed.weight

    file = io.BytesIO()
    pluggrad.save(Tied().state_dict(), file)
    assert len(safetensors.deserialize(file.getvalue())) == 2


def test_a_view_does_not_take_its_base_along() -> None:
    file = io.BytesIO()
    pluggrad.save(pluggrad.zeros(1000, 1000)[0, :3], file)
    assert len(file.getvalue()) < 1000


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(values)
def test_any_nesting_comes_back(value: Any) -> None:
    assert same(through(value), value)


def test_other_readers_see_the_tensors_by_their_keys(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    pluggrad.save(model.state_dict(), tmp_path / "model.safetensors")
    seen = pytest.importorskip("safetensors.numpy").load_file(tmp_path / "model.safetensors")
    assert sorted(seen) == ["0.bias", "0.weight", "1.bias", "1.weight"]
    assert np.array_equal(seen["0.weight"], model[0].weight.detach().cpu().numpy())
    pluggrad.save(
        {"model": model.state_dict(), "model.0.bias": pluggrad.ones(1), "z": pluggrad.tensor([1j])}, tmp_path / "x"
    )
    names = dict(safetensors.deserialize((tmp_path / "x").read_bytes()))
    assert {"model.0.weight", "model.0.bias", "model.0.bias#2"} <= set(names)
    assert names["z"]["shape"] == [1, 2]


def test_plain_safetensors_files(tmp_path: Path) -> None:
    pytest.importorskip("safetensors.numpy").save_file(
        {"a": np.arange(3), "b": np.ones((2, 2), np.float16)}, tmp_path / "f"
    )
    loaded = pluggrad.load(tmp_path / "f")
    assert same(
        loaded, {"a": pluggrad.arange(3, device="cpu"), "b": pluggrad.ones(2, 2, dtype=pluggrad.float16, device="cpu")}
    )


@pytest.mark.cpu
def test_where_tensors_go() -> None:
    strict = pytest.importorskip("pluggrad_strict") and pluggrad.ones(2, device="strict")
    x = {"cpu": pluggrad.ones(2), "strict": strict, "alias": strict.detach()}

    def devices(map_location: Any) -> list[str]:
        loaded = through(x, map_location=map_location)
        return [str(loaded[k].device) for k in x]

    assert devices(None) == ["cpu", str(strict.device), str(strict.device)]
    assert devices("cpu") == ["cpu"] * 3
    assert devices(pluggrad.device("strict:device1")) == ["strict:device1"] * 3
    assert devices({str(strict.device): "cpu"}) == ["cpu"] * 3
    assert devices(lambda tensor, location: "cpu") == ["cpu"] * 3
    assert devices(lambda tensor, location: None) == devices(None)
    assert through(x, map_location=lambda tensor, location: tensor * 2)["strict"].tolist() == [2.0, 2.0]


def test_a_device_that_is_not_there() -> None:
    file = io.BytesIO()
    pluggrad.save([pluggrad.ones(1)], file)
    data = file.getvalue()
    place = str(pluggrad.ones(1).device)
    text = data.replace(f'\\"device\\":\\"{place}\\"'.encode(), b'\\"device\\":\\"' + b"abacus"[: len(place)] + b'\\"')
    with pytest.raises(RuntimeError, match=r'give map_location, as in load\(f, map_location="cpu"\)'):
        pluggrad.load(io.BytesIO(signed(text)))


# -- what is refused ---------------------------------------------------------------------------------------


class Own:
    pass


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (nn.Linear(1, 1), r"the object at obj is of class pluggrad\.nn.*Linear; .* save its state_dict\(\)"),
        ({"model": [nn.Linear(1, 1)]}, r"at obj\['model'\]\[0\] is of class .*Linear"),
        ({"a": {2: Own()}}, r"at obj\['a'\]\[2\] is of class .*Own, which a file does not keep: it keeps tensors"),
        (lambda: 0, "is of class builtins.function"),
        (np.array(["a"]), "is of class numpy.ndarray|not supported"),
        (Path("x"), "is of class pathlib"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_data(obj: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=message):
        pluggrad.save(obj, tmp_path / "f")
    assert not list(tmp_path.iterdir())


def test_containers_without_end() -> None:
    loop: list[Any] = []
    loop.append({"a": (loop,)})
    with pytest.raises(ValueError, match=r"the list at obj\[0\]\['a'\]\[0\] contains itself"):
        pluggrad.save(loop, io.BytesIO())
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deep"):
        pluggrad.save(deep, io.BytesIO())


def test_what_is_no_file() -> None:
    with pytest.raises(TypeError, match="f is a path or a file open for writing in binary, got int"):
        pluggrad.save(1, 1)
    with pytest.raises(TypeError, match="f is a path or a file open for reading in binary, got int"):
        pluggrad.load(1)
    with pytest.raises(FileNotFoundError):
        pluggrad.load("no such file")


def test_safetensors_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r'pip install "pluggrad\[checkpoints\]", which brings safetensors'):
        pluggrad.save(1, io.BytesIO())


# -- damaged files -----------------------------------------------------------------------------------------


def signed(data: bytes) -> bytes:
    """A file that was altered by somebody who also wrote the checksum anew, header length included."""
    import hashlib

    body = data[8 + int.from_bytes(data[:8], "little") :] if b"\x00" * 4 in data[:8] else b""
    header = data[8 : len(data) - len(body)]
    blank = re.sub(rb'"checksum":"[0-9a-f]{64}"', b'"checksum":"' + b"0" * 64 + b'"', header)
    whole = len(blank).to_bytes(8, "little") + blank + body
    return whole.replace(b"0" * 64, hashlib.sha256(whole).hexdigest().encode(), 1)


def small_file() -> bytes:
    file = io.BytesIO()
    pluggrad.save({"w": pluggrad.arange(5, dtype=pluggrad.float32), "n": [1, "a"]}, file)
    return file.getvalue()


def test_every_flipped_byte_is_found() -> None:
    data = small_file()
    for place in range(len(data)):
        for flip in (1, 0x80, 0x20):
            altered = bytearray(data)
            altered[place] ^= flip
            with pytest.raises(CheckpointError, match=r"^load: 'BytesIO' (is|holds|cannot|has)"):
                pluggrad.load(io.BytesIO(altered))


def test_every_truncation_is_found(tmp_path: Path) -> None:
    data = small_file()
    for length in range(len(data)):
        (tmp_path / "f").write_bytes(data[:length])
        with pytest.raises(CheckpointError, match=re.escape(f"load: {str(tmp_path / 'f')!r}")):
            pluggrad.load(tmp_path / "f")
    with pytest.raises(CheckpointError, match="truncated or altered"):
        pluggrad.load(io.BytesIO(data + b"\x00"))


def test_garbage_is_an_error() -> None:
    rng = random.Random(0)
    for _ in range(300):
        data = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 300)))
        with pytest.raises(CheckpointError):
            pluggrad.load(io.BytesIO(data))
    for data in (b"PK\x03\x04", b"PK", b"{}", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"[:9], b"\xff" * 8 + b"{"):
        with pytest.raises(CheckpointError):
            pluggrad.load(io.BytesIO(data))


@pytest.mark.parametrize(
    "structure",
    [
        {"type": "function"},
        {"value": 1},
        {"type": "dict", "items": [[[], 1]]},
        {"type": "dict", "items": 3},
        {"type": "Tensor", "data": "nowhere", "number": 0, "dtype": "float32", "shape": [], "device": "cpu"},
        {
            "type": "Tensor",
            "data": "w",
            "number": 0,
            "dtype": "float32",
            "shape": [7],
            "device": "cpu",
            "requires_grad": False,
        },
        {"type": "dtype", "value": "float7"},
        {"type": "int", "value": "zz"},
        {"type": "bytes", "value": 5},
    ],
    ids=str,
)
def test_a_well_signed_file_of_nonsense(structure: Any) -> None:
    data = small_file()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    body = data[8 + int.from_bytes(data[:8], "little") :]
    header["__metadata__"]["structure"] = json.dumps(structure)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with pytest.raises(CheckpointError, match="truncated or altered"):
        pluggrad.load(io.BytesIO(signed(len(text).to_bytes(8, "little") + text + body)))


def test_a_later_version() -> None:
    data = small_file().replace(b'"pluggrad":"1"', b'"pluggrad":"9"')
    with pytest.raises(CheckpointError, match="has version 9 of the format, this pluggrad reads version 1"):
        pluggrad.load(io.BytesIO(signed(data)))


# -- writing -----------------------------------------------------------------------------------------------


def test_an_exception_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    pluggrad.save(1, path)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        pluggrad.save(2, path)
    monkeypatch.undo()
    assert pluggrad.load(path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_permissions_links_and_devices(tmp_path: Path) -> None:
    plain, ours = tmp_path / "plain", tmp_path / "ours"
    plain.write_bytes(b"")
    pluggrad.save(1, ours)
    assert stat.S_IMODE(ours.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    link = tmp_path / "link"
    link.symlink_to(ours)
    pluggrad.save(2, link)
    assert link.is_symlink()
    assert pluggrad.load(ours) == 2
    with pytest.raises(IsADirectoryError):
        pluggrad.save(1, tmp_path)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
    try:
        pluggrad.save(3, fifo)
        out, _ = reader.communicate(timeout=20)
    finally:
        reader.kill()
    assert pluggrad.load(io.BytesIO(out)) == 3


KILLED = """
import sys, pluggrad
size = int(sys.argv[2])
print("go", flush=True)
k = 0
while True:
    k += 1
    pluggrad.save({"k": k, "x": pluggrad.full((size,), float(k))}, sys.argv[1])
    print(k, flush=True)
"""


@pytest.mark.parametrize("size", [10, pytest.param(2_000_000, marks=pytest.mark.slow)])
def test_a_process_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path, size: int) -> None:
    rng = random.Random(size)
    path = tmp_path / "f"
    for _ in range(4 if size == 10 else 12):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path), str(size)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
        process.stdout.readline()  # the first file is there
        time.sleep(rng.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        written = [1, *map(int, process.communicate(timeout=60)[0].split())]
        found = pluggrad.load(path)
        assert written[-1] <= found["k"] <= written[-1] + 1
        assert (found["x"] == found["k"]).all()
