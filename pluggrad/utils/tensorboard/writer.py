"""The writer: PyTorch's ``SummaryWriter``, its names and arguments."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...nn.modules.module import Module
from . import embedding, histograms, images, others
from .graph import graph_of
from .values import floats, module, proto

__all__ = ["SummaryWriter"]


class SummaryWriter:
    """Writes what a run has to show to a folder that TensorBoard reads: ``tensorboard --logdir runs``.

    Parameters
    ----------
    log_dir : path of the folder; default: ``runs/``, the time, the name of the machine, and ``comment``
    comment : end of that default name
    purge_step : of a run that goes on after it was killed: what was written of this step and later ones is hidden
    max_queue : how many events wait, at most, before they are written
    flush_secs : how often, in seconds, they are written at least
    filename_suffix : end of the names of files

    Raises
    ------
    ImportError : the package tensorboard is missing

    Notes
    -----
    Tensors may be on any device and require gradients; arrays, lists and numbers do as well. All methods take
    ``global_step``, the number of the step, and ``walltime``, seconds since 1970, by default now.

    >>> import tempfile
    >>> with SummaryWriter(tempfile.mkdtemp()) as writer:
    ...     for step in range(3):
    ...         writer.add_scalar("loss", 1 / (step + 1), step)
    """

    def __init__(
        self, log_dir: str | os.PathLike[str] | None = None, comment: str = "", purge_step: int | None = None,
        max_queue: int = 10, flush_secs: float = 120, filename_suffix: str = "",
    ) -> None:  # fmt: skip
        if not log_dir:
            now = datetime.now().strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")
        self._options = (max_queue, flush_secs, filename_suffix)
        self.log_dir = os.fspath(log_dir)
        self._make_writer = module("summary.writer.event_file_writer").EventFileWriter
        self._writers: dict[str, Any] = {}
        self._projector: Any = None
        first = self._writer(self.log_dir)
        if purge_step is not None:
            event = proto("event")
            self._event(first, purge_step, None, file_version="brain.Event:2")
            log = event.SessionLog(status=event.SessionLog.START)
            self._event(first, purge_step, None, session_log=log)

    def get_logdir(self) -> str:
        """The folder."""
        return self.log_dir

    # -- events ----------------------------------------------------------------------------------------

    def _writer(self, folder: str) -> Any:
        """The writer of a folder, opened if it is not."""
        if folder not in self._writers:
            self._writers[folder] = self._make_writer(folder, *self._options)
        return self._writers[folder]

    def _event(self, writer: Any, step: Any, walltime: float | None, **content: Any) -> None:
        event = proto("event").Event(wall_time=time.time() if walltime is None else walltime, **content)
        if step is not None:
            event.step = int(step)
        writer.add_event(event)

    def _add(self, summary: Any, step: Any, walltime: float | None, folder: str | None = None) -> None:
        self._event(self._writer(folder or self.log_dir), step, walltime, summary=summary)

    # -- numbers ---------------------------------------------------------------------------------------

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: int | None = None, walltime: float | None = None,
        new_style: bool = False, double_precision: bool = False,
    ) -> None:  # fmt: skip
        """Add a number: a point of a curve.

        Parameters
        ----------
        tag : name of the curve; what stands before a slash groups curves
        scalar_value : number, or tensor of one element
        new_style, double_precision : how it is written, as in PyTorch

        Raises
        ------
        ValueError : a tensor of another count of elements
        """
        self._add(others.scalar(tag, scalar_value, new_style, double_precision), global_step, walltime)

    def add_scalars(
        self, main_tag: str, tag_scalar_dict: Mapping[str, Any], global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Add points of several curves that are drawn together; each is a run of its own, in a folder beside."""
        walltime = time.time() if walltime is None else walltime
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag.replace('/', '_')}_{tag}")
            self._add(others.scalar(main_tag, value, False, False), global_step, walltime, folder)

    def add_tensor(self, tag: str, tensor: Any, global_step: int | None = None, walltime: float | None = None) -> None:
        """Add all numbers of a tensor, for programs that read events."""
        self._add(others.tensor(tag, tensor), global_step, walltime)

    def add_histogram(
        self, tag: str, values: Any, global_step: int | None = None, bins: str | int | Sequence[float] = "tensorflow",
        walltime: float | None = None, max_bins: int | None = None,
    ) -> None:  # fmt: skip
        """Add how values are distributed. What is not finite is left out.

        Parameters
        ----------
        values : tensor of any shape
        bins : "tensorflow", whose bins grow by a tenth; a rule of ``numpy.histogram_bin_edges``: "auto", "fd", "rice",
            "scott", "sqrt", "sturges"; how many; or the edges themselves
        max_bins : neighbours are put together until there are no more

        Raises
        ------
        ValueError : no values, or an unknown rule
        """
        self._add(histograms.histogram(tag, values, bins, max_bins), global_step, walltime)

    def add_histogram_raw(
        self, tag: str, min: float, max: float, num: int, sum: float, sum_squares: float, bucket_limits: Any,
        bucket_counts: Any, global_step: int | None = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Add a histogram that was computed elsewhere: for each bin its upper edge, and how many values it holds.

        Raises
        ------
        ValueError : not as many edges as counts
        """
        limits, counts = floats(bucket_limits).tolist(), floats(bucket_counts).tolist()
        if len(limits) != len(counts):
            raise ValueError(f"len(bucket_limits) != len(bucket_counts): {len(limits)} edges for {len(counts)} counts")
        summary = proto("summary")
        content = summary.HistogramProto(
            min=min, max=max, num=num, sum=sum, sum_squares=sum_squares, bucket_limit=limits, bucket=counts
        )
        self._add(summary.Summary(value=[summary.Summary.Value(tag=tag, histo=content)]), global_step, walltime)

    # -- pictures and sounds ---------------------------------------------------------------------------

    def add_image(
        self, tag: str, img_tensor: Any, global_step: int | None = None, walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:  # fmt: skip
        """Add an image: integers from 0 to 255, or floats from 0 to 1.

        Parameters
        ----------
        img_tensor : of 1, 3 or 4 channels (grey, colour, colour with opacity)
        dataformats : what its axes are: "CHW", "HWC", "HW"

        Raises
        ------
        ValueError : a shape that does not fit
        """
        self._add(images.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_images(
        self, tag: str, img_tensor: Any, global_step: int | None = None, walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:  # fmt: skip
        """Add a batch of images, as one grid of eight in a row; see :meth:`add_image`."""
        self._add(images.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_image_with_boxes(
        self, tag: str, img_tensor: Any, box_tensor: Any, global_step: int | None = None,
        walltime: float | None = None, rescale: float = 1, dataformats: str = "CHW",
        labels: str | Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        """Add an image with frames (N, 4): left, top, right, bottom, in pixels.

        Parameters
        ----------
        rescale : factor of the size
        labels : one for each frame

        Raises
        ------
        ValueError : shapes or numbers that do not fit
        """
        names = [labels] if isinstance(labels, str) else labels
        self._add(images.boxes(tag, img_tensor, box_tensor, dataformats, rescale, names), global_step, walltime)

    def add_figure(
        self, tag: str, figure: Any, global_step: int | None = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """Add a figure of Matplotlib, or a list of figures of one size, as an image.

        Parameters
        ----------
        close : and close it
        """
        drawn, dataformats = images.figure_image(figure, close)
        self._add(images.image(tag, drawn, dataformats), global_step, walltime)

    def add_video(
        self, tag: str, vid_tensor: Any, global_step: int | None = None, fps: float = 4, walltime: float | None = None
    ) -> None:
        """Add films (N, T, C, H, W) side by side, as a moving GIF, which has 256 colours.

        Parameters
        ----------
        fps : frames to a second
        """
        self._add(images.video(tag, vid_tensor, fps), global_step, walltime)

    def add_audio(
        self, tag: str, snd_tensor: Any, global_step: int | None = None, sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Add a sound of one channel, from -1 to 1, of ``sample_rate`` numbers to a second.

        Raises
        ------
        ValueError : more than one channel
        """
        self._add(others.audio(tag, snd_tensor, sample_rate), global_step, walltime)

    # -- texts and structures --------------------------------------------------------------------------

    def add_text(
        self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Add a text, which TensorBoard reads as Markdown."""
        self._add(others.text(tag, text_string), global_step, walltime)

    def add_graph(
        self, model: Module, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True
    ) -> None:
        """Add the graph of a module: its functions and parameters, within the modules that they belong to.

        Parameters
        ----------
        model : it is called once, in evaluation mode
        input_to_model : what it is called with: a tensor, or a tuple of all arguments
        verbose : print the nodes
        use_strict_trace : accepted for PyTorch's sake

        Raises
        ------
        TypeError : no Module
        ValueError : a graph that nothing leads to
        """
        if not isinstance(model, Module):
            raise TypeError(f"add_graph: expected a pluggrad.nn.Module, got {type(model).__name__}")
        graph = graph_of(model, () if input_to_model is None else input_to_model)
        if verbose:
            print("\n".join(f"{node.name} = {node.op}({', '.join(node.input)})" for node in graph.node))  # noqa: T201
        self._event(self._writer(self.log_dir), None, None, graph_def=graph.SerializeToString())

    def add_embedding(
        self, mat: Any, metadata: Sequence[Any] | None = None, label_img: Any = None, global_step: int | None = None,
        tag: str = "default", metadata_header: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        """Add points (N, D) for the projector.

        Parameters
        ----------
        metadata : a label for each, or with ``metadata_header`` a row of labels
        label_img : an image for each (N, C, H, W)
        metadata_header : the names of the columns of ``metadata``

        Raises
        ------
        ValueError : shapes or numbers that do not fit
        """
        step = f"{int(global_step or 0):05d}"
        folder = Path(self.log_dir) / step / quote(tag, safe="")
        pictures = embedding.write_points(folder, mat, metadata, label_img, metadata_header)
        if self._projector is None:
            self._projector = embedding.new_config()
        labelled = metadata is not None
        embedding.add_to_config(Path(self.log_dir), self._projector, f"{tag}:{step}", folder, labelled, pictures)

    def add_pr_curve(
        self, tag: str, labels: Any, predictions: Any, global_step: int | None = None, num_thresholds: int = 127,
        weights: Any = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Add precision and recall of a classifier, at thresholds that can be chosen in TensorBoard.

        Parameters
        ----------
        labels : 0 or 1, or bools
        predictions : the probabilities that it is 1
        num_thresholds : 127 at most
        weights : of the samples

        Raises
        ------
        ValueError : not as many labels as predictions
        """
        self._add(histograms.pr_curve(tag, labels, predictions, num_thresholds, weights), global_step, walltime)

    def add_pr_curve_raw(
        self, tag: str, true_positive_counts: Any, false_positive_counts: Any, true_negative_counts: Any,
        false_negative_counts: Any, precision: Any, recall: Any, global_step: int | None = None,
        num_thresholds: int = 127, weights: Any = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Add a curve of precision and recall that was computed elsewhere: a number for each threshold."""
        rows = (
            true_positive_counts, false_positive_counts, true_negative_counts, false_negative_counts, precision, recall,
        )  # fmt: skip
        self._add(histograms.pr_curve_raw(tag, rows, num_thresholds), global_step, walltime)

    def add_mesh(
        self, tag: str, vertices: Any, colors: Any = None, faces: Any = None,
        config_dict: Mapping[str, Any] | None = None, global_step: int | None = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Add points in space (N, V, 3), with their colours from 0 to 255 (N, V, 3) and triangles (N, F, 3).

        Parameters
        ----------
        config_dict : of three.js: camera, light, material

        Raises
        ------
        ValueError : other shapes
        """
        self._add(others.mesh(tag, vertices, colors, faces, config_dict), global_step, walltime)

    def add_custom_scalars(self, layout: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        """Say which curves are drawn together, once: ``{category: {title: ["Multiline", tags]}}``.

        With "Margin" the three tags are a value and the edges of a band around it.
        """
        self._add(others.custom_scalars(layout), None, None)

    def add_custom_scalars_multilinechart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Short for :meth:`add_custom_scalars` of one chart of several curves."""
        self.add_custom_scalars({category: {title: ["Multiline", tags]}})

    def add_custom_scalars_marginchart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Short for :meth:`add_custom_scalars` of one chart of a curve in a band."""
        self.add_custom_scalars({category: {title: ["Margin", tags]}})

    def add_hparams(
        self, hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any],
        hparam_domain_discrete: Mapping[str, Sequence[Any]] | None = None, run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:  # fmt: skip
        """Add a row to the table of hyperparameters: what was chosen for a run, and what came of it.

        Parameters
        ----------
        hparam_dict : by name, numbers, bools or texts
        metric_dict : by tag, numbers
        hparam_domain_discrete : by name, all values that are tried
        run_name : the folder, in this one, that the row is written to; default: the time

        Raises
        ------
        TypeError, ValueError : something else
        """
        folder = os.path.join(self.log_dir, run_name or str(time.time()))
        for summary in others.hparams(hparam_dict, metric_dict, hparam_domain_discrete or {}):
            self._add(summary, global_step, None, folder)
        for tag, value in metric_dict.items():
            self._add(others.scalar(tag, value, False, False), global_step, None, folder)
        self._writers.pop(folder).close()

    # -- the files -------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write all events that wait."""
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """Write all events that wait, and close the files. What is added later goes to new ones."""
        for writer in self._writers.values():
            writer.flush()
            writer.close()
        self._writers.clear()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
