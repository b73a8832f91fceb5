"""Texts, sounds, meshes, tensors, layouts of custom scalars, tables of hyperparameters."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Mapping, Sequence
from typing import Any

from ...dtypes import int16
from .values import floats, host, module, number, plugin, proto, tensor_summary

__all__ = ["audio", "custom_scalars", "hparams", "mesh", "scalar", "tensor", "text"]


def scalar(tag: str, value: Any, new_style: bool, double_precision: bool) -> Any:
    """A summary of one number."""
    summary = proto("summary").Summary
    x = number(value, "add_scalar")
    if not new_style:
        return summary(value=[summary.Value(tag=tag, simple_value=x)])
    kind = "DOUBLE" if double_precision else "FLOAT"
    return summary(value=[tensor_summary(tag, [x], None, plugin("scalars"), kind)])


def tensor(tag: str, value: Any) -> Any:
    """A summary of all the numbers of a tensor."""
    x = host(value)
    if x.dtype.is_complex:
        raise ValueError(f"add_tensor: {tag!r} has dtype {x.dtype}, which TensorBoard does not take")
    return proto("summary").Summary(
        value=[tensor_summary(tag, floats(x).tolist(), tuple(x.shape), plugin("tensor"), "DOUBLE")]
    )


def text(tag: str, value: str) -> Any:
    """A summary of a text, in Markdown."""
    from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData

    metadata = plugin("text", TextPluginData(version=0).SerializeToString())
    content = tensor_summary(f"{tag}/text_summary", [value.encode()], (1,), metadata, "STRING")
    return proto("summary").Summary(value=[content])


def audio(tag: str, sound: Any, sample_rate: int) -> Any:
    """A summary of a sound, from -1 to 1; what lies outside is cut off.

    Raises
    ------
    ValueError : more than one channel
    """
    x = host(sound).squeeze()
    if x.ndim != 1:
        raise ValueError(f"add_audio: expected one channel, of shape (L,) or (1, L), got {tuple(host(sound).shape)}")
    samples = (floats(x).clip(-1, 1) * 32767).to(int16)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(sample_rate)
        out.writeframes(samples._type.kernels.to_bytes(samples._array, dtype="int16"))
    summary = proto("summary").Summary
    content = summary.Audio(
        sample_rate=sample_rate, num_channels=1, length_frames=len(samples), encoded_audio_string=file.getvalue(),
        content_type="audio/wav",
    )  # fmt: skip
    return summary(value=[summary.Value(tag=tag, audio=content)])


def mesh(tag: str, vertices: Any, colors: Any, faces: Any, config: Mapping[str, Any] | None) -> Any:
    """A summary of points (N, V, 3), with their colours (N, V, 3) and triangles (N, F, 3)."""
    metadata, data = module("plugins.mesh.metadata"), module("plugins.mesh.plugin_data_pb2").MeshPluginData
    parts = [(vertices, data.VERTEX), (faces, data.FACE), (colors, data.COLOR)]
    given = [(host(x), kind) for x, kind in parts if x is not None]
    for x, _ in given:
        if x.ndim != 3 or x.shape[2] != 3:
            raise ValueError(f"add_mesh: vertices, colors and faces have shape (N, K, 3), got {tuple(x.shape)}")
    components = metadata.get_components_bitmask([kind for _, kind in given])
    text = json.dumps(config or {}, sort_keys=True)
    values = []
    for x, kind in given:
        about = metadata.create_summary_metadata(tag, None, kind, components, list(x.shape), None, json_config=text)
        name = metadata.get_instance_name(tag, kind)
        values.append(tensor_summary(name, floats(x).tolist(), tuple(x.shape), about))
    return proto("summary").Summary(value=values)


def custom_scalars(layout: Mapping[str, Mapping[str, Sequence[Any]]]) -> Any:
    """A summary of which scalars are drawn together: by category and title, ["Multiline", tags] or ["Margin", tags]."""
    messages = module("plugins.custom_scalar.layout_pb2")
    categories = []
    for category, charts in layout.items():
        made = []
        for title, (kind, tags) in charts.items():
            if kind == "Margin":
                if len(tags) != 3:
                    raise ValueError(f"add_custom_scalars: a margin has a value, a lower and an upper tag, got {tags}")
                series = messages.MarginChartContent.Series(value=tags[0], lower=tags[1], upper=tags[2])
                chart = messages.Chart(title=title, margin=messages.MarginChartContent(series=[series]))
            else:
                chart = messages.Chart(title=title, multiline=messages.MultilineChartContent(tag=list(tags)))
            made.append(chart)
        categories.append(messages.Category(title=category, chart=made))
    content = messages.Layout(category=categories).SerializeToString()
    value = tensor_summary("custom_scalars__config__", [content], (), plugin("custom_scalars"), "STRING")
    return proto("summary").Summary(value=[value])


def hparams(values: Mapping[str, Any], metrics: Mapping[str, Any], domains: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The three summaries of a table of hyperparameters: what they are, their values in this run, and its end.

    Raises
    ------
    TypeError : ``values`` or ``metrics`` is no dict; a domain that is no list of values of the right class
    ValueError : a value that is no number, bool, text or tensor of one element
    """
    for name, given in (("hparam_dict", values), ("metric_dict", metrics), ("hparam_domain_discrete", domains)):
        if not isinstance(given, Mapping):
            raise TypeError(f"add_hparams: {name} should be a dictionary, got {type(given).__name__}")
    api, data = module("plugins.hparams.api_pb2"), module("plugins.hparams.plugin_data_pb2")
    names = module("plugins.hparams.metadata")
    start, infos = data.SessionStartInfo(), []
    for name, given in values.items():
        if given is None:
            continue
        field, kind, value = _hparam(name, given)
        setattr(start.hparams[name], field, value)
        info = api.HParamInfo(name=name, type=api.DataType.Value(f"DATA_TYPE_{kind}"))
        for choice in _domain(name, given, domains):
            setattr(info.domain_discrete.values.add(), field, choice)
        infos.append(info)
    unknown = set(domains) - set(values)
    if unknown:
        raise TypeError(f"add_hparams: hparam_domain_discrete has {sorted(unknown)}, which hparam_dict has not")
    about = [api.MetricInfo(name=api.MetricName(tag=tag)) for tag in metrics]
    end = data.SessionEndInfo(status=api.Status.Value("STATUS_SUCCESS"))
    contents = {
        names.EXPERIMENT_TAG: {"experiment": api.Experiment(hparam_infos=infos, metric_infos=about)},
        names.SESSION_START_INFO_TAG: {"session_start_info": start},
        names.SESSION_END_INFO_TAG: {"session_end_info": end},
    }
    summary = proto("summary").Summary
    return [
        summary(value=[summary.Value(tag=tag, metadata=plugin(names.PLUGIN_NAME, _hparams_data(data, names, content)))])
        for tag, content in contents.items()
    ]


def _hparams_data(data: Any, names: Any, content: dict[str, Any]) -> bytes:
    return data.HParamsPluginData(**content, version=names.PLUGIN_DATA_VERSION).SerializeToString()


def _hparam(name: str, value: Any) -> tuple[str, str, Any]:
    """Where a value stands, what it is, and it."""
    if isinstance(value, bool):
        return "bool_value", "BOOL", value
    if isinstance(value, str):
        return "string_value", "STRING", value
    try:
        return "number_value", "FLOAT64", number(value, f"add_hparams: {name!r}")
    except TypeError:
        raise ValueError(
            f"add_hparams: {name!r} should be one of int, float, str, bool, or a tensor of one element, "
            f"got {type(value).__name__}"
        ) from None


def _domain(name: str, value: Any, domains: Mapping[str, Sequence[Any]]) -> list[Any]:
    choices = domains.get(name, [])
    if not isinstance(choices, list) or not all(isinstance(choice, type(value)) for choice in choices):
        raise TypeError(f"add_hparams: hparam_domain_discrete[{name!r}] should be a list of {type(value).__name__}")
    return choices
