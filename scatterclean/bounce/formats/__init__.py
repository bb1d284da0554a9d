"""The formats: one file per way of quoting an original.  This page says how to add one.

A format is a module in this package with one function::

    def find(message: Message, kind: Kind) -> Iterator[Find]

It is found by itself; the order of formats does not matter, and formats know nothing of each other (an import
contract).  The door (`bounce.read`) asks every format at every level and unites what they find.

Checklist:

1. Look for the *form*, not for the sender: what stands around the copy, which fields name it.
2. Be quick to say no: one cheap test (`message.text.find(b"...")`) before anything else.
3. Yield `Returned` for a header that is handed back, `Cited` for an id without its header, `Facts` for the rest.
   `Returned.clear` only for what is clearly a header: its ids may convict.
4. Cite the source of every pattern: the MTA's source file, an RFC section, or where such a message is seen.
5. Never follow what a returned message says inside: the door does that, one level deeper.
6. Write one pair of fixtures, tests/bounce/fixtures/NAME.eml and NAME.json; the tests find it by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache

from scatterclean.bounce.anatomy import Message
from scatterclean.bounce.found import Find
from scatterclean.model import Kind

Format = Callable[[Message, Kind], Iterator[Find]]


@cache
def all_formats() -> tuple[tuple[str, Format], ...]:
    """(name, function) of every format in this package."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return tuple((name, importlib.import_module(f"{__name__}.{name}").find) for name in names)
