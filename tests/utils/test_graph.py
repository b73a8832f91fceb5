"""Pictures of graphs: what they show, and that Graphviz can draw them."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET

import pytest

import pluggrad
from pluggrad import nn
from pluggrad.errors import BackendUnavailable
from pluggrad.utils import graph
from pluggrad.utils.graph import draw

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def network():
    pluggrad.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    return net, nn.functional.mse_loss(net(pluggrad.randn(5, 3)), pluggrad.randn(5, 2))


def boxes(drawing):
    """The text of each box, by its identifier."""
    found = re.findall(r"^  (n\d+) \[label=<(.*)>\];$", str(drawing), flags=re.MULTILINE)
    texts = {}
    for name, label in found:
        rows = re.findall(r"<tr><td>(.*?)</td></tr>", label)
        texts[name] = [re.sub(r"<[^>]*>|&#160;", " ", row).strip() for row in rows]
    return texts


def test_functions_parameters_shapes_and_saved_values():
    net, loss = network()
    drawing = draw(loss, net)
    texts = sorted(" | ".join(rows) for rows in boxes(drawing).values())
    assert "0.weight | [4, 3] float32" in texts and "2.bias | [2] float32" in texts
    first = next(t for t in texts if t.startswith("1 "))
    assert re.match(
        r"1 +MseLossBackward0 \| scalar float32 \| saves x: \[5, 2\], 40 B \| saves target: \[5, 2\], 40 B", first
    )
    assert any(re.match(r"4 +LinearBackward0 \| \[5, 4\] float32 \| saves x: \[5, 3\], 60 B", t) for t in texts)
    assert any("saves weight: 2.weight itself" in t for t in texts)
    assert "4 functions, 4 leaves; saved for backward, besides the leaves: 220 B in 4 arrays" in str(drawing)


def test_edges_lead_from_what_was_computed_from():
    x = pluggrad.ones(2, requires_grad=True)
    y = (x * 3.0).exp()
    drawing = draw(y, {"input": x})
    name_of = {rows[0].split()[-1]: n for n, rows in boxes(drawing).items()}
    edges = set(re.findall(r"(n\d+) -> (n\d+)", str(drawing)))
    assert edges == {
        (name_of["input"], name_of["MulBackward0"]), (name_of["MulBackward0"], name_of["ExpBackward0"]),
    }  # fmt: skip


def test_the_order_is_that_of_backward():
    x = pluggrad.ones(2, requires_grad=True)
    a = x.exp()
    b = a.sin() * a.cos()
    loss = (b + a).sum()
    order = []
    seen = set()

    def visit(node):
        if node is not None and node not in seen and node.name() != "AccumulateGrad":
            seen.add(node)
            node.register_prehook(lambda gs: order.append(node.name()))
            for parent, _ in node.next_functions:
                visit(parent)

    visit(loss.grad_fn)
    numbered = [rows[0].split() for rows in boxes(draw(loss)).values() if rows[0][0].isdigit()]
    loss.backward()
    assert [name for _, name in sorted(numbered, key=lambda r: int(r[0]))] == order


def test_several_outputs_and_what_was_freed():
    x = pluggrad.ones(2, 2, requires_grad=True)
    a, b = x.unbind(0)
    text = str(draw([a * b, a]))
    assert 'label="output 0"' in text and 'label="output 1"' in text
    y = x.exp()
    y.sum().backward()
    assert "what it saved is freed" in str(draw(y))


def test_packed_values_and_user_functions():
    class Twice(pluggrad.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x * 1.0)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = pluggrad.ones(3, requires_grad=True)
    with pluggrad.autograd.graph.saved_tensors_hooks(lambda t: 1, lambda t: t):
        y = x.exp()
    text = str(draw(Twice.apply(y)))
    assert "saves out: packed by a hook" in text and "saves tensor 0: [3], 12 B" in text


def test_options():
    net, loss = network()
    text = str(draw(loss, net.named_parameters(), saved=False, order=False, direction="LR"))
    assert "saves" not in text.split('label="', maxsplit=1)[0] and "rankdir=LR" in text
    assert all(
        not rows[0][0].isdigit() or rows[0].startswith(("0.", "2."))
        for rows in boxes(draw(loss, net, order=False)).values()
    )
    with pytest.raises(ValueError, match="direction must be"):
        draw(loss, direction="up")
    with pytest.raises(RuntimeError, match="output 0 requires no gradient"):
        draw(pluggrad.ones(1))


def test_names_are_escaped():
    x = pluggrad.ones(1, requires_grad=True)
    assert "a&lt;b&gt;&amp;" in str(draw(x * 2, {"a<b>&": x}))


@needs_graphviz
def test_drawn(tmp_path):
    net, loss = network()
    drawing = draw(loss, {**dict(net.named_parameters())})
    svg = ET.fromstring(drawing.save(tmp_path / "graph.svg").read_bytes())
    words = [t.text for t in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "0.weight" in words and "[5, 4] float32" in words
    assert drawing.save(tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in drawing._repr_svg_()
    with pytest.raises(ValueError, match="could not draw the graph as 'nonsense'"):
        drawing.render("nonsense")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["graph.png", "graph.svg"]


def test_without_graphviz_there_is_the_text(tmp_path, monkeypatch):
    monkeypatch.setattr(graph.shutil, "which", lambda name: None)
    _, loss = network()
    drawing = draw(loss)
    with pytest.raises(BackendUnavailable, match=r"apt install graphviz.*save\('graph.dot'\)"):
        drawing.save(tmp_path / "graph.svg")
    assert drawing.save(tmp_path / "graph.dot").read_text() == str(drawing)
    assert drawing._repr_svg_() is None
    with pytest.raises(ValueError, match="no ending"):
        drawing.save(tmp_path / "graph")
