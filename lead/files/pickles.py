"""Read pickles from anywhere: nothing that one names is imported, called or built."""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from mmap import mmap
from typing import IO, Any, NoReturn, cast


class Foreign(dict[str, Any]):
    """What stands for whatever a pickle would make by running code.

    Its entries are those of an object that is a mapping. Any other state is dropped.

    Attributes:
        name: of the class or function, as the pickle has it: ``collections.OrderedDict``.
        arguments: what it would be called with; none for a class or function itself.
    """

    __slots__ = ("arguments", "name")

    def __init__(self, name: str, arguments: Any = ()):
        super().__init__()
        self.name, self.arguments = name, arguments


def kind_of(value: Any) -> str:
    """What a value is, for a message."""
    return value.name[:100] if isinstance(value, Foreign) else type(value).__name__


def _refuse_reference(identity: Any) -> NoReturn:
    raise ValueError("a pickle that refers to something outside of it")


def read_pickle(
    file: IO[bytes] | mmap,
    find: Callable[[str], Any] = Foreign,
    persistent: Callable[[Any], Any] = _refuse_reference,
) -> Any:
    """Read one pickle: plain values, lists, tuples and mappings as such, `Foreign` for all else.

    Python's unpicklers import, call, hash and compare what they are told to, and so can be made to
    run code, to fill the memory, or never to end. Here time and memory are those of the pickle's
    length, and of a mapping only the entries under texts are kept.

    Args:
        file: is left standing behind the pickle.
        find: what stands for the class or function of a name.
        persistent: what stands for a thing outside of the pickle, such as a tensor's numbers.

    Raises:
        Exception: of any kind, if the bytes are damaged.
    """
    stack: list[Any] = []
    below: list[list[Any]] = []
    memo: dict[int, Any] = {}
    argument: Any
    items: list[Any]
    for opcode, argument, _ in pickletools.genops(cast(IO[bytes], file)):
        name, items = opcode.name, []
        if name in _VALUES:
            stack.append(_CONSTANTS.get(name, argument))
            continue
        if name in _MARKED:
            items, stack = stack, below.pop()
        elif count := _TAKEN.get(name):
            items = stack[-count:]
            del stack[-count:]
        match name:
            case "BINPUT" | "LONG_BINPUT" | "PUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET" | "GET":
                stack.append(memo[argument])
            case "MARK":
                below.append(stack)
                stack = []
            case "TUPLE" | "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple(items))
            case "EMPTY_LIST" | "LIST":
                stack.append(items)
            case "EMPTY_DICT" | "DICT":
                stack.append({})
                _set_items(stack[-1], items)
            case "EMPTY_SET" | "FROZENSET":
                stack.append(Foreign("builtins.set"))
            case "SETITEM" | "SETITEMS":
                _set_items(stack[-1], items)
            case "APPEND" | "APPENDS":
                if isinstance(stack[-1], list):
                    stack[-1].extend(items)
            case "REDUCE" | "NEWOBJ" | "NEWOBJ_EX":
                stack.append(Foreign(kind_of(items[0]), items[1]))
            case "OBJ":
                stack.append(Foreign(kind_of(items[0]), tuple(items[1:])))
            case "INST":
                stack.append(Foreign(kind_of(find(argument.replace(" ", "."))), tuple(items)))
            case "GLOBAL":
                stack.append(find(argument.replace(" ", ".")))
            case "STACK_GLOBAL":
                # Cut, since one long text may be named any number of times.
                stack.append(find(".".join(text[:100] for text in items)))
            case "EXT1" | "EXT2" | "EXT4":
                stack.append(find(f"extension {argument}"))
            case "BINPERSID" | "PERSID":
                stack.append(persistent(*items or [argument]))
            case "DUP":
                stack.append(stack[-1])
            case "POP" if stack:
                stack.pop()
            case "POP":
                stack = below.pop()
            case "BUILD" | "ADDITEMS" | "POP_MARK" | "PROTO" | "FRAME":
                pass
            case "STOP":
                return stack.pop()
            case _:
                raise ValueError(f"a pickle with {name}")
    raise EOFError


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_VALUES = {*_CONSTANTS} | {
    op.name
    for op in pickletools.opcodes
    if op.arg and not op.stack_before and op.stack_after not in ([], [pickletools.anyobject])
}
"""What puts a constant on the stack, or the value that it comes with."""
_MARKED = {op.name for op in pickletools.opcodes if pickletools.markobject in op.stack_before}
"""What takes all above the last mark."""
_TAKEN = {
    "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "SETITEM": 2, "APPEND": 1, "BUILD": 1,
    "REDUCE": 2, "NEWOBJ": 2, "NEWOBJ_EX": 3, "STACK_GLOBAL": 2, "BINPERSID": 1,
}  # fmt: skip
"""What takes so many things from the stack."""


def _set_items(mapping: Any, items: list[Any]) -> None:
    for key, value in zip(items[::2], items[1::2], strict=True):
        if isinstance(mapping, dict) and isinstance(key, str):
            mapping[key] = value
