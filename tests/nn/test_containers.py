"""Sequential, ModuleList, ModuleDict: the same programs on both libraries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

import pluggrad
from pluggrad import nn

torch = pytest.importorskip("torch")


def three(n: Any) -> Any:
    return n.Sequential(n.Linear(1, 2), n.ReLU(), n.Linear(2, 1))


def changed(n: Any, build: Callable[[Any], Any], change: Callable[[Any], Any]) -> Any:
    container = build(n)
    result = change(container)
    return container if result is None else result


def lists(n: Any) -> Any:
    return n.ModuleList([n.Linear(1, 1), n.Linear(1, 1), n.ReLU(), n.Linear(1, 1)])


def dicts(n: Any) -> Any:
    return n.ModuleDict({"a": n.Linear(1, 1), "b": n.ReLU()})


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "sequential": three,
    "named": lambda n: n.Sequential(OrderedDict(x=n.Linear(1, 1), y=n.ReLU())),
    "slice": lambda n: three(n)[1:],
    "index": lambda n: three(n)[-1],
    "append": lambda n: three(n).append(n.Tanh()),
    "insert": lambda n: three(n).insert(1, n.Tanh()),
    "extend": lambda n: three(n).extend([n.Tanh(), n.Tanh()]),
    "pop": lambda n: changed(n, three, lambda s: [s.pop(0), s][1]),
    "delete": lambda n: changed(n, three, lambda s: s.__delitem__(1)),
    "delete slice": lambda n: changed(n, three, lambda s: s.__delitem__(slice(0, 2))),
    "replace": lambda n: changed(n, three, lambda s: s.__setitem__(1, n.Sigmoid())),
    "add": lambda n: three(n) + three(n),
    "multiply": lambda n: three(n) * 2,
    "reflected": lambda n: 2 * three(n),
    "list": lists,
    "list of one": lambda n: n.ModuleList([n.Linear(1, 1)]),
    "empty list": lambda n: n.ModuleList(),
    "list slice": lambda n: lists(n)[:2],
    "list insert": lambda n: changed(n, lists, lambda s: s.insert(0, n.Tanh())),
    "list add": lambda n: lists(n) + [n.Tanh()],
    "list extend": lambda n: lists(n).extend(n.Tanh() for _ in range(2)),
    "list delete": lambda n: changed(n, lists, lambda s: s.__delitem__(0)),
    "nested": lambda n: n.ModuleList([three(n), three(n), n.ReLU()]),
    "dict": dicts,
    "dict update": lambda n: changed(n, dicts, lambda d: d.update({"b": n.Tanh(), "c": n.Tanh()})),
    "dict of pairs": lambda n: n.ModuleDict([("x", n.ReLU())]),
    "dict pop": lambda n: changed(n, dicts, lambda d: [d.pop("a"), d][1]),
    "dict clear": lambda n: changed(n, dicts, lambda d: d.clear()),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_program_prints_the_same(name: str) -> None:
    mine, yours = PROGRAMS[name](nn), PROGRAMS[name](torch.nn)
    assert repr(mine) == repr(yours)
    assert list(mine.state_dict()) == list(yours.state_dict())


def test_in_place_operators() -> None:
    net = three(nn)
    same = net
    net += nn.Sequential(nn.Tanh())
    net *= 2
    assert net is same
    assert len(net) == 8
    assert net[4] is net[0]
    layers = lists(nn)
    layers += [nn.Tanh()]
    assert len(layers) == 5


def test_dict_protocol() -> None:
    d = dicts(nn)
    assert list(d) == ["a", "b"] == list(d.keys())
    assert "a" in d
    assert len(d) == 2
    assert [k for k, _ in d.items()] == ["a", "b"]
    assert isinstance(next(iter(d.values())), nn.Linear)
    del d["a"]
    assert "a" not in d


def test_sequential_runs_in_order() -> None:
    net = nn.Sequential(nn.Flatten(0), nn.Softmax(0))
    assert net(pluggrad.zeros(2, 2)).tolist() == [0.25] * 4
    assert nn.Sequential()(3) == 3


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        (lambda: three(nn)[3], IndexError, "index 3 is out of range: there are 3 modules"),
        (lambda: nn.Sequential(3), TypeError, "int is not a Module subclass"),
        (lambda: three(nn) * 0, ValueError, "Non-positive multiplication factor 0"),
        (lambda: three(nn) * 1.5, TypeError, "unsupported operand type"),
        (lambda: three(nn) + nn.ReLU(), ValueError, "supports only objects of Sequential class"),
        (lambda: three(nn).insert(0, 3), TypeError, "module should be of type"),
        (lambda: three(nn).insert(9, nn.ReLU()), IndexError, "Index out of range: 9"),
        (lambda: nn.ModuleDict([("a",)]), ValueError, "element #0 has length 1; 2 is required"),
        (lambda: nn.ModuleDict([3]), TypeError, "element #0 should be Iterable; is int"),
        (lambda: nn.ModuleList(3), TypeError, "should be called with an iterable, but got int"),
        (lambda: nn.ModuleDict(3), TypeError, "iterable of key/value pairs, but got int"),
        (lambda: dicts(nn)["z"], KeyError, "z"),
        (lambda: lists(nn)(1), NotImplementedError, 'missing the required "forward"'),
    ],
)
def test_mistakes(mistake: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        mistake()
