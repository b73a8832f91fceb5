"""The real TensorBoard shows what was written: to programs by its HTTP interface, to people on its page."""

from __future__ import annotations

import math
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

import pluggrad
from pluggrad import nn

pytest.importorskip("tensorboard")
pytest.importorskip("PIL")

from . import browser

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a TensorBoard that shows a run."""
    folder = tmp_path_factory.mktemp("tensorboard")
    write_run(folder / "runs" / "one")
    port = browser.free_port()
    command = [
        sys.executable, "-m", "tensorboard.main", "--logdir", str(folder / "runs"), "--host", "127.0.0.1",
        "--port", str(port), "--load_fast=false", "--reload_interval=1",
    ]  # fmt: skip
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}/data/plugin"
            wanted = {"one", "one/pair_a", "one/pair_b", "one/trial"}
            browser.until(lambda: wanted <= set(browser.request(f"{url}/scalars/tags")), what="the runs")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def write_run(folder: Path) -> None:
    from pluggrad.utils.tensorboard import SummaryWriter

    pluggrad.manual_seed(0)
    with SummaryWriter(folder) as writer:
        for step in range(40):
            writer.add_scalar("train/loss", pluggrad.tensor(math.exp(-step / 10)), step)
            writer.add_scalar("train/accuracy", 1 - math.exp(-step / 8), step)
            writer.add_scalars("pair", {"a": step, "b": step**2}, step)
        for step in range(3):
            writer.add_histogram("weights", pluggrad.randn(500) * (step + 1), step)
        red = pluggrad.tensor([1.0, 0.0, 0.0]).reshape(3, 1, 1).expand(3, 8, 8)
        writer.add_image("red", red)
        writer.add_audio("tone", (pluggrad.arange(800) / 10).sin(), sample_rate=8000)
        writer.add_text("note", "**bold** words")
        writer.add_pr_curve("curve", pluggrad.rand(100) > 0.5, pluggrad.rand(100))
        writer.add_mesh("mesh", pluggrad.rand(1, 4, 3))
        writer.add_embedding(pluggrad.rand(9, 4), metadata=list("abcdefghi"))
        writer.add_custom_scalars_multilinechart(["train/loss", "train/accuracy"], "both", "of them")
        writer.add_graph(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), pluggrad.rand(2, 4))
        writer.add_hparams({"lr": 0.25, "optimizer": "adam"}, {"trial/accuracy": 0.75}, run_name="trial")


def ask(server: str, path: str, **query: Any) -> Any:
    return browser.request(f"{server}/data/plugin/{path}" + (f"?{urlencode(query)}" if query else ""))


# -- programs ------------------------------------------------------------------------------------------------


def test_scalars(server: str) -> None:
    points = ask(server, "scalars/scalars", run="one", tag="train/loss")
    assert [step for _, step, _ in points] == list(range(40))
    assert np.allclose([value for *_, value in points], np.exp(-np.arange(40) / 10))
    assert ask(server, "scalars/scalars", run="one/pair_b", tag="pair")[-1][1:] == [39, 1521.0]


def test_histograms(server: str) -> None:
    for step, (_, number, bins) in enumerate(ask(server, "histograms/histograms", run="one", tag="weights")):
        assert number == step
        assert sum(count for *_, count in bins) == pytest.approx(500)
        left, right = bins[0][0], bins[-1][1]
        assert left < -2 * (step + 1) < 2 * (step + 1) < right


def test_images(server: str) -> None:
    import io

    from PIL import Image

    (found,) = ask(server, "images/images", run="one", tag="red", sample=0)
    with urllib.request.urlopen(f"{server}/data/plugin/images/individualImage?{found['query']}") as answer:
        image = Image.open(io.BytesIO(answer.read()))
    assert image.size == (8, 8)
    assert image.getpixel((3, 3)) == (255, 0, 0)


def test_the_rest(server: str) -> None:
    (sound,) = ask(server, "audio/audio", run="one", tag="tone", sample=0)
    assert sound["contentType"] == "audio/wav"
    (text,) = ask(server, "text/text", run="one", tag="note/text_summary")
    assert "<strong>bold</strong>" in text["text"]
    (curve,) = ask(server, "pr_curves/pr_curves", run="one", tag="curve")["one"]
    assert len(curve["precision"]) > 100
    assert ask(server, "mesh/tags")["one"] == {"mesh": {"samples": 1}}
    assert ask(server, "custom_scalars/layout")["category"][0]["title"] == "both"
    assert ask(server, "projector/runs") == ["one"]
    with urllib.request.urlopen(f"{server}/data/plugin/graphs/graph?run=one&conceptual=false") as answer:
        graph = answer.read().decode()
    assert 'name: "Sequential/Linear[0]/Linear"' in graph


def test_hyperparameters(server: str) -> None:
    experiment = browser.request(f"{server}/data/plugin/hparams/experiment", {})
    assert {info["name"] for info in experiment["hparamInfos"]} == {"lr", "optimizer"}
    wanted = {
        "allowedStatuses": ["STATUS_SUCCESS"], "colParams": [], "startIndex": 0, "sliceSize": 10,
        "includeMetrics": True,
    }  # fmt: skip
    found = browser.request(f"{server}/data/plugin/hparams/session_groups", wanted)
    (group,) = found["sessionGroups"]
    assert group["hparams"] == {"lr": 0.25, "optimizer": "adam"}
    metrics = {m["name"]["tag"]: m["value"] for m in group["metricValues"]}
    assert metrics["trial/accuracy"] == 0.75


# -- people --------------------------------------------------------------------------------------------------


def falls(screenshot: bytes, box: list[float]) -> bool:
    """Whether a curve is drawn in a chart, in colour, from the upper left to the lower right."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(screenshot)) as image:
        pixels = np.asarray(image.convert("RGB").crop(tuple(map(round, box)))).astype(int)
    coloured = pixels.max(2) - pixels.min(2) > 25  # the grid is grey
    columns = np.flatnonzero(coloured.any(0))
    if len(columns) < 0.6 * coloured.shape[1]:
        return False
    rows = np.array([np.flatnonzero(coloured[:, column]).mean() for column in columns])
    fifth = len(rows) // 5
    return bool(rows[-fifth:].mean() - rows[:fifth].mean() > 0.3 * coloured.shape[0])


@pytest.mark.browser
@pytest.mark.skipif(browser.programs() is None, reason="no Chromium: apt-get install chromium chromium-driver")
def test_a_browser_shows_the_curves(server: str, tmp_path: Path) -> None:
    with browser.browser(tmp_path / "profile") as page:
        page.go(f"{server}/?tagFilter=train%2Floss#timeseries")
        place = (
            "const c = document.querySelector('scalar-card line-chart .series-view');"
            "if (!c) return null; const r = c.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]"
        )
        card = "const c = document.querySelector('scalar-card'); return c ? c.textContent.replace(/\\s/g, '') : ''"
        browser.until(lambda: "loss" in page.run(card), what="the card of the curve")
        box = browser.until(lambda: page.run(place), what="a chart")
        browser.until(lambda: falls(page.screenshot(tmp_path / "page.png"), box), what="a curve that falls")
        page.go(f"{server}/#hparams")
        browser.until(lambda: {"adam", "0.25000", "0.75000"} <= set(page.text().split()), what="the table")
