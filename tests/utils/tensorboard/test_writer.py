"""SummaryWriter: what it writes, read back; the same as PyTorch's writer writes."""

from __future__ import annotations

import io
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pluggrad
from pluggrad import nn

pytest.importorskip("tensorboard")
pytest.importorskip("PIL")

from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from pluggrad.utils.tensorboard import SummaryWriter


def events(folder: Path) -> list[Any]:
    """All events in the files of a folder and those below, by file."""
    found = []
    for path in sorted(folder.rglob("events.out.tfevents.*")):
        found += [event for event in EventFileLoader(str(path)).Load() if not event.file_version]
    return found


def values(folder: Path) -> list[Any]:
    return [value for event in events(folder) for value in event.summary.value]


def write(tmp_path: Path, calls: Callable[[SummaryWriter], Any]) -> list[Any]:
    with SummaryWriter(tmp_path) as writer:
        calls(writer)
    return values(tmp_path)


def picture(value: Any) -> np.ndarray:
    from PIL import Image

    file = io.BytesIO(value.tensor.string_val[2] if value.HasField("tensor") else value.image.encoded_image_string)
    return np.asarray(Image.open(file))


# -- as PyTorch's ------------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
NORMAL, UNIFORM = RNG.normal(size=1000), RNG.random((12, 3, 5, 6))
LABELS, SCORES = RNG.integers(0, 2, 200), RNG.random(200)
POINTS = RNG.random((1, 4, 3)).astype(np.float32)

CALLS: dict[str, Callable[[Any], Any]] = {
    "scalar": lambda w: [w.add_scalar("a/b", x, step, walltime=5.0) for step, x in enumerate([1, 0.5, np.float32(2)])],
    "scalar, new style": lambda w: w.add_scalar("a", 0.1, 3, new_style=True),
    "scalar, double": lambda w: w.add_scalar("a", 0.1, 3, new_style=True, double_precision=True),
    "scalars": lambda w: w.add_scalars("both/of", {"x": 1.0, "y": 2.0}, 7),
    "histogram": lambda w: w.add_histogram("h", NORMAL, 2),
    "histogram of integers": lambda w: w.add_histogram("h", np.array([3, 3, -7, 0, 0, 0])),
    "histogram of one": lambda w: w.add_histogram("h", np.array([2.5])),
    "histogram of zeros": lambda w: w.add_histogram("h", np.zeros(5)),
    **{
        f"histogram, {bins}": lambda w, bins=bins: w.add_histogram("h", NORMAL, bins=bins)
        for bins in ("auto", "fd", "rice", "scott", "sqrt", "sturges", 5)
    },
    "histogram, edges": lambda w: w.add_histogram("h", NORMAL, bins=[-1.0, 0.0, 0.5, 1.0]),
    "histogram, auto, of one value": lambda w: w.add_histogram("h", np.full(9, 3.0), bins="auto"),
    "histogram, few bins": lambda w: w.add_histogram("h", NORMAL, max_bins=60),
    "raw histogram": lambda w: w.add_histogram_raw("h", 0.0, 3.0, 4, 6.0, 14.0, [1.0, 2.0, 3.0], [1, 1, 2], 1),
    "image": lambda w: w.add_image("i", UNIFORM[0]),
    "image of bytes": lambda w: w.add_image("i", (UNIFORM[0] * 255).astype(np.uint8)),
    "image, HWC": lambda w: w.add_image("i", UNIFORM[0].transpose(1, 2, 0), dataformats="HWC"),
    "image, grey": lambda w: w.add_image("i", UNIFORM[0, 0], dataformats="HW"),
    "image, one channel": lambda w: w.add_image("i", UNIFORM[0, :1]),
    "image, too bright": lambda w: w.add_image("i", UNIFORM[0] * 3 - 1),
    "images": lambda w: w.add_images("i", UNIFORM),
    "images, NHWC": lambda w: w.add_images("i", UNIFORM.transpose(0, 2, 3, 1), dataformats="NHWC"),
    "audio": lambda w: w.add_audio("s", np.sin(np.arange(100) / 9).astype(np.float32), sample_rate=8000),
    "text": lambda w: w.add_text("t", "# Ä\n*b*", 4),
    "precision and recall": lambda w: w.add_pr_curve("p", LABELS, SCORES, 1),
    "precision and recall, few": lambda w: w.add_pr_curve("p", LABELS, SCORES, 1, num_thresholds=11),
    "precision and recall, weighted": lambda w: w.add_pr_curve("p", LABELS, SCORES, 1, weights=SCORES[::-1].copy()),
    "raw precision and recall": lambda w: w.add_pr_curve_raw(
        "p", *np.arange(18.0).reshape(6, 3), global_step=1, num_thresholds=3
    ),
    "custom scalars": lambda w: w.add_custom_scalars(
        {"c": {"x": ["Multiline", ["a", "b"]], "y": ["Margin", ["a", "l", "u"]]}}
    ),
    "custom scalars, lines": lambda w: w.add_custom_scalars_multilinechart(["a", "b"], title="t"),
    "custom scalars, band": lambda w: w.add_custom_scalars_marginchart(["a", "l", "u"], "c"),
    "hyperparameters": lambda w: w.add_hparams(
        {"lr": 0.1, "n": 3, "opt": "adam", "none": None}, {"acc": 0.5}, {"opt": ["adam", "sgd"]},
        run_name="r", global_step=2,
    ),
}  # fmt: skip


def comparable(value: Any) -> Any:
    """A value of a summary as text; a picture as its pixels."""
    if value.metadata.plugin_data.plugin_name == "images":
        return value.tag, picture(value).tolist()
    return str(value)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_it_writes_what_pytorch_writes(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch.utils.tensorboard").SummaryWriter(tmp_path / "theirs")
    assert torch
    mine = SummaryWriter(tmp_path / "mine")
    for writer in (mine, theirs):
        CALLS[name](writer)
        writer.close()
    written = [
        [(event.step, [comparable(value) for value in event.summary.value]) for event in events(tmp_path / whose)]
        for whose in ("mine", "theirs")
    ]
    if name.startswith(("histogram", "audio")):  # sums in another order, and rounding to the other side
        assert [step for step, _ in written[0]] == [step for step, _ in written[1]]
        for ours, others in zip(values(tmp_path / "mine"), values(tmp_path / "theirs"), strict=True):
            assert_close(ours, others)
    else:
        assert written[0] == written[1]
        assert written[0]
    folders = [
        sorted(p.relative_to(tmp_path / w).as_posix() for p in (tmp_path / w).rglob("*") if p.is_dir())
        for w in ("mine", "theirs")
    ]
    assert folders[0] == folders[1]


def assert_close(mine: Any, theirs: Any) -> None:
    if mine.metadata.plugin_data.plugin_name == "audio":
        sounds = []
        for value in (mine, theirs):
            with wave.open(io.BytesIO(value.tensor.string_val[0])) as sound:
                frames = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(int)
                sounds.append((sound.getparams(), frames))
        (ours, a), (others, b) = sounds
        assert ours == others
        assert abs(a - b).max() <= 1
        return
    from tensorboard.util.tensor_util import make_ndarray

    a, b = (make_ndarray(v.tensor) for v in (mine, theirs))
    assert mine.tag == theirs.tag
    assert a.shape == b.shape
    assert np.allclose(a, b)


def test_arguments_are_pytorchs() -> None:
    import inspect

    theirs = pytest.importorskip("torch.utils.tensorboard").SummaryWriter
    for name, method in inspect.getmembers(theirs, inspect.isfunction):
        if name.startswith("add_") and name != "add_onnx_graph":
            expected = [(p.name, p.default) for p in inspect.signature(method).parameters.values()]
            given = [(p.name, p.default) for p in inspect.signature(getattr(SummaryWriter, name)).parameters.values()]
            assert given == expected, name


# -- what else is written ------------------------------------------------------------------------------------


def test_tensors_of_any_kind(tmp_path: Path) -> None:
    x = nn.Parameter(pluggrad.ones(3))
    found = write(
        tmp_path,
        lambda w: [
            w.add_histogram("h", x),
            w.add_scalar("s", (x * 2).sum()),
            w.add_scalar("b", pluggrad.tensor([True])),
        ],
    )
    assert [v.tag for v in found] == ["h", "s", "b"]
    with pytest.raises(ValueError, match=r"add_scalar: expected a tensor of one element, got shape \(3,\)"):
        write(tmp_path, lambda w: w.add_scalar("s", x))
    with pytest.raises(TypeError):
        write(tmp_path, lambda w: w.add_scalar("s", "text"))


def test_histograms_leave_out_what_is_not_finite(tmp_path: Path) -> None:
    (plain,) = write(tmp_path / "a", lambda w: w.add_histogram("h", [1.0, 2.0]))
    (mixed,) = write(tmp_path / "b", lambda w: w.add_histogram("h", [1.0, float("nan"), 2.0, float("inf")]))
    assert plain == mixed
    assert write(tmp_path / "c", lambda w: w.add_histogram("h", [float("nan")]))
    with pytest.raises(ValueError, match="the input has no element"):
        write(tmp_path, lambda w: w.add_histogram("h", []))
    with pytest.raises(ValueError, match="bins is 'tensorflow', 'sqrt'.*got 'magic'"):
        write(tmp_path, lambda w: w.add_histogram("h", [1.0], bins="magic"))
    with pytest.raises(ValueError, match="2 edges for 1 counts"):
        write(tmp_path, lambda w: w.add_histogram_raw("h", 0, 1, 1, 1, 1, [1, 2], [1]))


def test_boxes(tmp_path: Path) -> None:
    grey = np.full((3, 40, 50), 0.5)
    (value,) = write(tmp_path, lambda w: w.add_image_with_boxes("i", grey, [[5, 6, 30, 20]], labels=["x"], rescale=1))
    pixels = picture(value)
    assert pixels.shape == (40, 50, 3)
    assert pixels[6, 5].tolist() == pixels[20, 30].tolist() == pixels[6, 15].tolist() == [255, 0, 0]
    assert pixels[0, 0].tolist() == pixels[12, 15].tolist() == [127, 127, 127]
    (large,) = write(tmp_path / "b", lambda w: w.add_image_with_boxes("i", grey, [[5, 6, 30, 20]], rescale=2))
    assert picture(large).shape == (80, 100, 3)
    with pytest.raises(ValueError, match="2 labels for 1 boxes"):
        write(tmp_path, lambda w: w.add_image_with_boxes("i", grey, [[5, 6, 30, 20]], labels=["x", "y"]))


def test_figures(tmp_path: Path) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figures = [pyplot.figure(figsize=(2, 1), dpi=50) for _ in range(3)]
    figures[0].patch.set_facecolor("blue")
    numbers = set(pyplot.get_fignums())
    one, many = write(tmp_path, lambda w: [w.add_figure("f", figures[0], close=False), w.add_figure("g", figures)])
    assert picture(one).shape == (50, 100, 3)
    assert picture(one)[2, 2].tolist() == [0, 0, 255]
    assert picture(many).shape == (50, 300, 3)
    assert len(numbers) - len(pyplot.get_fignums()) == 3


def test_videos(tmp_path: Path) -> None:
    from PIL import Image

    film = np.zeros((2, 3, 3, 4, 5))
    film[1, 2] = 1.0
    (value,) = write(tmp_path, lambda w: w.add_video("v", film, fps=10))
    gif = Image.open(io.BytesIO(value.tensor.string_val[2]))
    assert (gif.format, gif.size) == ("GIF", (10, 4))
    gif.seek(gif.n_frames - 1)
    assert np.asarray(gif.convert("RGB"))[0, [0, 9]].tolist() == [[0] * 3, [255] * 3]
    with pytest.raises(ValueError, match=r"a video has shape \(N, T, C, H, W\), got \(3, 4, 5\)"):
        write(tmp_path, lambda w: w.add_video("v", np.zeros((3, 4, 5))))


@pytest.mark.parametrize(
    ("x", "dataformats", "message"),
    [
        (np.zeros((2, 5, 5)), "CHW", "an image has 1, 3 or 4 channels, got 2"),
        (np.zeros((5, 5)), "CHW", r"a tensor of shape \(5, 5\) does not fit dataformats='CHW'"),
        (np.zeros((3, 5, 5)), "CCW", "made of the letters N, C, H and W"),
        (np.zeros((3, 5, 5)), "ABC", "made of the letters N, C, H and W"),
    ],
)
def test_images_that_are_none(x: Any, dataformats: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        write(tmp_path, lambda w: w.add_image("i", x, dataformats=dataformats))


def test_meshes_and_tensors(tmp_path: Path) -> None:
    faces = np.array([[[0, 1, 2]]])
    found = write(
        tmp_path, lambda w: [w.add_mesh("m", POINTS, POINTS * 255, faces, {"a": 1}), w.add_tensor("t", POINTS)]
    )
    assert [v.tag for v in found] == ["m_VERTEX", "m_FACE", "m_COLOR", "t"]
    assert np.allclose(np.array(found[0].tensor.float_val), POINTS.ravel())
    assert np.array(found[3].tensor.double_val).tolist() == POINTS.astype(float).ravel().tolist()
    with pytest.raises(ValueError, match=r"have shape \(N, K, 3\), got \(4, 3\)"):
        write(tmp_path, lambda w: w.add_mesh("m", POINTS[0]))


def test_embeddings(tmp_path: Path) -> None:
    x, images = RNG.random((5, 3)), RNG.random((5, 3, 4, 6))
    with SummaryWriter(tmp_path) as writer:
        writer.add_embedding(x, list("abcde"), images, global_step=2, tag="a/b")
        writer.add_embedding(x, [["a", 1]] * 5, metadata_header=["letter", "number"])
        with pytest.raises(ValueError, match="4 labels for 5 points"):
            writer.add_embedding(x, list("abcd"))
        with pytest.raises(ValueError, match=r"points have shape \(N, D\), got \(5,\)"):
            writer.add_embedding(x[:, 0])
    first = tmp_path / "00002" / "a%2Fb"
    assert np.allclose(np.loadtxt(first / "tensors.tsv"), x)
    assert (first / "metadata.tsv").read_text().split() == list("abcde")
    assert (tmp_path / "00000" / "default" / "metadata.tsv").read_text().splitlines()[:2] == ["letter\tnumber", "a\t1"]
    from PIL import Image

    with Image.open(first / "sprite.png") as sprite:
        assert sprite.size == (18, 12)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert config.count("embeddings {") == 2
    assert 'tensor_path: "00002/a%2Fb/tensors.tsv"' in config
    assert "single_image_dim: 6\n    single_image_dim: 4" in config


def test_hyperparameters_that_are_none(tmp_path: Path) -> None:
    for arguments, error, message in (
        (([], {}), TypeError, "hparam_dict should be a dictionary, got list"),
        (({}, 3), TypeError, "metric_dict should be a dictionary, got int"),
        (({"a": object()}, {}), ValueError, "'a' should be one of int, float, str, bool, or a tensor"),
        (({"a": 1}, {}, {"a": ["x"]}), TypeError, r"hparam_domain_discrete\['a'\] should be a list of int"),
        (({"a": 1}, {}, {"b": [1]}), TypeError, "which hparam_dict has not"),
    ):
        with pytest.raises(error, match=message):
            write(tmp_path, lambda w, arguments=arguments: w.add_hparams(*arguments))


# -- graphs --------------------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.body = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Dropout(0.5), nn.Linear(3, 2))

    def forward(self, words: Any, x: Any) -> Any:
        assert not self.training
        return self.body(self.embed(words) + x) * 2


def test_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    net = Net()
    net.body.eval()
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(net, (pluggrad.tensor([1, 2]), pluggrad.rand(2, 4)), verbose=True)
    (event,) = [event for event in events(tmp_path) if event.graph_def]
    graph = GraphDef.FromString(event.graph_def)
    nodes = {node.name: (node.op, list(node.input)) for node in graph.node}
    assert len(nodes) == len(graph.node)
    assert all(name in nodes for _, inputs in nodes.values() for name in inputs)
    assert nodes["Net/Embedding[embed]/Embedding"] == ("Embedding", ["Net/Embedding[embed]/weight", "input/0"])
    linear = "Net/Sequential[body]/Linear[0]"
    assert nodes[f"{linear}/Linear"][1] == ["Net/Add", f"{linear}/weight", f"{linear}/bias"]
    assert nodes["Net/Add"] == ("Add", ["Net/Embedding[embed]/Embedding", "input/1"])
    assert nodes["output"] == ("output", ["Net/Mul"])
    shapes = {n.name: [d.size for d in n.attr["_output_shapes"].list.shape[0].dim] for n in graph.node}
    assert shapes["output"] == [2, 2]
    assert shapes[f"{linear}/weight"] == [3, 4]
    assert "Net/Add = Add(Net/Embedding[embed]/Embedding, input/1)" in capsys.readouterr().out
    assert net.training
    assert not net.body.training
    assert not net._forward_hooks
    with pytest.raises(TypeError, match="expected a pluggrad.nn.Module, got int"):
        write(tmp_path, lambda w: w.add_graph(3))
    with pytest.raises(ValueError, match="depends on no parameter"):
        write(tmp_path, lambda w: w.add_graph(nn.Identity(), pluggrad.tensor([1])))


def test_graph_of_shared_modules(tmp_path: Path) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: Any) -> Any:
            return self.layer(self.layer(x)), x.sum()

    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(Twice(), pluggrad.rand(1, 2))
    assert [event for event in events(tmp_path) if event.graph_def]


# -- files ---------------------------------------------------------------------------------------------------


def test_folders_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    writer = SummaryWriter(comment="-mine", filename_suffix=".end")
    writer.add_scalar("a", 1.0, 0)
    writer.flush()
    folder = Path(writer.get_logdir())
    assert folder.parent.name == "runs"
    assert folder.name.endswith("-mine")
    (path,) = folder.iterdir()
    assert path.name.endswith(".end")
    assert len(values(folder)) == 1  # flush has written it
    writer.close()
    writer.add_scalar("a", 2.0, 1)  # goes to a new file
    writer.close()
    writer.close()
    assert len(values(folder)) == 2


def test_a_run_that_goes_on(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path, purge_step=3):
        pass
    (event,) = events(tmp_path)
    assert event.step == 3
    assert event.session_log.status == event.session_log.START


def test_a_missing_package_is_named() -> None:
    program = (
        "import sys\nsys.modules['tensorboard'] = None\n"
        "from pluggrad.utils.tensorboard import SummaryWriter\n"
        "try:\n    SummaryWriter('x')\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'which is missing: pip install "pluggrad[tensorboard]"' in done.stdout
