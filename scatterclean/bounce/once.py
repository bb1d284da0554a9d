"""A property that is worked out once and then kept; unlike functools.cached_property without a lock on 3.11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - reads like `property`
    """`@once` in place of `@property`.  The value hides the descriptor: the instance has it as its own."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__

    def __get__(self, instance: object, owner: type | None = None) -> T:
        value = self._work_out(instance)
        setattr(instance, self._name, value)  # not by way of __dict__, which would have to be made first
        return value
