"""The story of one message: what it is, what the log knew, which rule decided.  It changes nothing.

`Teller` looks (story.py), `on_record` only into the store (recorded.py), `told` says it in words (telling.py).
"""

from scatterclean.why.recorded import on_record
from scatterclean.why.story import Story, Teller
from scatterclean.why.telling import GROUNDS, can_do, told, where_now

__all__ = ["GROUNDS", "Story", "Teller", "can_do", "on_record", "told", "where_now"]
