"""Reads the pickles that ``torch.save`` writes, without running them.

A pickle is a program for a small machine: it names functions and classes of Python, and calls them. Python's own
unpickler imports whatever is named. The machine here knows the names in a table, and for each what to do with the
arguments; a name that is not in it is an error that tells it. No object that the file makes can be called, and none
but an OrderedDict can be given attributes.
"""

from __future__ import annotations

import pickletools
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import IO, Any

from ...errors import CheckpointError

__all__ = ["Machine", "Name"]


class Name:
    """What a pickle names: ``torch._utils._rebuild_tensor_v2``. It stands for it, and is not it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


_MARK = object()


class Machine:
    """Runs one pickle.

    Parameters
    ----------
    calls : by name, what a call of it with these arguments gives
    values : by name, what it stands for itself
    persistent : what an object that the pickle refers to by an identifier is: a storage
    """

    def __init__(
        self, calls: Mapping[str, Callable[..., Any]], values: Mapping[str, Any], persistent: Callable[[Any], Any]
    ) -> None:
        self._calls, self._values, self._persistent = {**_CALLS, **calls}, values, persistent

    def run(self, file: IO[bytes]) -> Any:
        """The object of the pickle that begins here; the file is then behind it.

        Raises
        ------
        CheckpointError : it names what is not in the table, or does what no such pickle does
        Exception : of many classes, for a damaged one
        """
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        for opcode, argument, _ in pickletools.genops(file):
            if opcode.name == "STOP":
                return self._stack.pop()
            operation = _OPERATIONS.get(opcode.name)
            if operation is None:
                raise CheckpointError(f"a pickle with the instruction {opcode.name}, which torch.save does not use")
            operation(self, argument)
        raise EOFError("the pickle has no end")

    # -- the stack -------------------------------------------------------------------------------------

    def _pop_to_mark(self) -> list[Any]:
        for i in range(len(self._stack) - 1, -1, -1):
            if self._stack[i] is _MARK:
                items = self._stack[i + 1 :]
                del self._stack[i:]
                return items
        raise ValueError("no mark on the stack")

    def _last(self, *classes: type) -> Any:
        """What lies on top, which is to be filled."""
        if type(self._stack[-1]) not in classes:
            raise CheckpointError(f"a pickle that fills an object of class {type(self._stack[-1]).__name__}")
        return self._stack[-1]

    # -- instructions ------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """Put a value onto the stack."""
        self._stack.append(value)

    def put(self, number: int) -> None:
        """Remember what lies on top."""
        self._memo[number] = self._stack[-1]

    def take(self, number: int) -> None:
        """Put what was remembered onto the stack."""
        self._stack.append(self._memo[number])

    def tuple_of(self, count: int) -> None:
        """Make a tuple of the uppermost."""
        items = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._stack.append(items)

    def append(self, items: list[Any]) -> None:
        """Append to a list."""
        self._last(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        """Fill a dict."""
        mapping = self._last(dict, OrderedDict, Counter)
        for key, value in zip(items[::2], items[1::2], strict=True):
            mapping[key] = value

    def add_items(self, items: list[Any]) -> None:
        """Fill a set."""
        self._last(set).update(items)

    def find(self, module: str, name: str) -> None:
        """Name something."""
        text = f"{module}.{name}".replace("__builtin__.", "builtins.", 1)
        if text in self._values:
            self._stack.append(self._values[text])
        elif text in self._calls:
            self._stack.append(Name(text))
        else:
            raise CheckpointError(_refusal(text))

    def call(self) -> None:
        """Call what was named."""
        arguments, named = self._stack.pop(), self._stack.pop()
        if not isinstance(named, Name) or not isinstance(arguments, tuple):
            raise CheckpointError("a pickle that calls what it has made itself")
        self._stack.append(self._calls[named.text](*arguments))

    def build(self) -> None:
        """Give an object its state: the attributes of an OrderedDict."""
        state = self._stack.pop()
        if not isinstance(state, dict) or set(state) - {"_metadata"}:
            raise CheckpointError("a pickle that sets attributes of an object")
        self._last(OrderedDict).__dict__.update(state)

    def pop_persistent(self) -> None:
        """Get what lies outside of the pickle."""
        self._stack.append(self._persistent(self._stack.pop()))


def _refusal(text: str) -> str:
    if text.startswith("torch.nn.modules."):
        advice = "it holds a whole module: save its state_dict() in PyTorch, as in torch.save(model.state_dict(), f)"
    elif text.startswith("numpy."):
        advice = "save tensors and Python's numbers in PyTorch, as in torch.from_numpy(x), or x.item()"
    else:
        advice = "only tensors, numbers, texts and plain containers are read, since anything else may run code"
    return f"it names {text}, which is refused: {advice}"


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1", "utf-8", "utf8", "ascii"):
        raise CheckpointError(f"a text in the encoding {encoding!r}")
    return text.encode(encoding)


#: What pickles call to make plain containers and numbers.
_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": lambda items=(): OrderedDict(items),
    "collections.Counter": lambda items=(): Counter(items),
    "builtins.set": lambda items=(): set(items),
    "builtins.frozenset": lambda items=(): frozenset(items),
    "builtins.complex": complex,
    "builtins.bytes": lambda: b"",  # protocol 2 writes empty ones so
    "builtins.bytearray": lambda data=b"", encoding="latin-1": bytearray(
        data if isinstance(data, bytes) else _encode(data, encoding)
    ),
    "_codecs.encode": _encode,
}


def _named(machine: Machine, argument: str) -> None:
    module, _, name = argument.partition(" ")
    machine.find(module, name)


def _stack_named(machine: Machine, _: Any) -> None:
    name, module = machine._stack.pop(), machine._stack.pop()
    machine.find(module, name)


def _put_next(machine: Machine, _: Any) -> None:
    machine.put(len(machine._memo))


def _set_item(machine: Machine, _: Any) -> None:
    value, key = machine._stack.pop(), machine._stack.pop()
    machine.set_items([key, value])


def _dict_of(machine: Machine, _: Any) -> None:
    items = machine._pop_to_mark()
    machine.push(dict(zip(items[::2], items[1::2], strict=True)))


_PUSHED = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 "
    "BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8 STRING BINSTRING SHORT_BINSTRING"
).split()
_NOTHING = "PROTO FRAME".split()

_OPERATIONS: dict[str, Callable[[Machine, Any], Any]] = {
    **dict.fromkeys(_PUSHED, Machine.push),
    **dict.fromkeys(_NOTHING, lambda machine, _: None),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "MARK": lambda machine, _: machine.push(_MARK),
    "POP": lambda machine, _: machine._stack.pop(),
    "POP_MARK": lambda machine, _: machine._pop_to_mark(),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "EMPTY_SET": lambda machine, _: machine.push(set()),
    "LIST": lambda machine, _: machine.push(machine._pop_to_mark()),
    "DICT": _dict_of,
    "TUPLE": lambda machine, _: machine.push(tuple(machine._pop_to_mark())),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "FROZENSET": lambda machine, _: machine.push(frozenset(machine._pop_to_mark())),
    "APPEND": lambda machine, _: machine.append([machine._stack.pop()]),
    "APPENDS": lambda machine, _: machine.append(machine._pop_to_mark()),
    "SETITEM": _set_item,
    "SETITEMS": lambda machine, _: machine.set_items(machine._pop_to_mark()),
    "ADDITEMS": lambda machine, _: machine.add_items(machine._pop_to_mark()),
    "PUT": Machine.put, "BINPUT": Machine.put, "LONG_BINPUT": Machine.put, "MEMOIZE": _put_next,
    "GET": Machine.take, "BINGET": Machine.take, "LONG_BINGET": Machine.take,
    "GLOBAL": _named,
    "STACK_GLOBAL": _stack_named,
    "REDUCE": lambda machine, _: machine.call(),
    "NEWOBJ": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.build(),
    "BINPERSID": lambda machine, _: machine.pop_persistent(),
}  # fmt: skip
