"""Header blocks as plain as nearly all are, read by one pattern: ASCII, usual spelling, each field once.  Pure.

`headers.Header` reads any block, and both see the same; this takes a quarter of the time, or says that it cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

# Beyond this there may be more fields than a careful reader sees (2000), or a value that it cuts.
_MOST = 25_000
_RUN = re.compile("  ")  # searches in two thirds of the time that `in` takes
# Without a blank at its end; an empty one has that which stands behind the colon.
_VALUE = "[ -~]*+(?<! )"
# The same without a run of blanks: that takes a third longer, so it is looked for only where there is a run.
_VALUE_OF_WORDS = "(?:[!-~]++ ?)*+(?<! )"
_BETWEEN = "\0"  # stands in no value


class Plain:
    """Reads blocks that hold fields of these names and no others; those in `several` may stand there more than once."""

    def __init__(self, names: Sequence[str], several: Collection[str] = ()) -> None:
        self._usual = _pattern(names, several, _VALUE)
        self._without_runs = _pattern(names, several, _VALUE_OF_WORDS)

    def read_all(self, blocks: Sequence[bytes]) -> Sequence[tuple[str, ...]]:
        """Of each block the first value of each field, unfolded, as it stands, empty for one that is not there; and
        behind them one text more, which is empty, unless the block is not plain.

        In what is, no value holds a run of blanks or ends in one.  Many at once take three quarters of the time."""
        between = _BETWEEN.encode()
        joined = between.join(blocks)
        if max(map(len, blocks), default=0) <= _MOST and joined.count(between) == len(blocks) - 1:
            # No pattern knows what is not ASCII, in whatever charset.
            text = joined.decode("latin-1").replace("\r\n ", " ")
            if "\t" in text:
                text = text.replace("\r\n\t", " ")
            pattern = self._without_runs if _RUN.search(text) else self._usual
            found: list[tuple[str, ...]] = pattern.findall(text)
            if len(found) == len(blocks):  # else one is empty
                return found
        if len(blocks) > 1:
            return [self.read_all((block,))[0] for block in blocks]
        return [("not plain",)] * len(blocks)


def _pattern(names: Sequence[str], several: Collection[str], value: str) -> re.Pattern[str]:
    """One match for each block of those that stand one behind the other; what is not plain is its last group."""
    # "Message-Id" is as usual as "Message-ID".  (?(1)(?!)) fails where the first group has matched before.
    spelled = [name.replace("-ID", "-I[Dd]") for name in names]
    fields = [
        rf"(?({n})(?:{name}: {value}\r\n)|{name}: ({value})\r\n)"
        if names[n - 1] in several
        else rf"(?({n})(?!)){name}: ({value})\r\n"
        for n, name in enumerate(spelled, start=1)
    ]
    begin, end = rf"(?<![^{_BETWEEN}])", rf"(?:{_BETWEEN}|\Z)"
    return re.compile(rf"{begin}(?:(?:{'|'.join(fields)})*+\r\n|([^{_BETWEEN}]++)){end}")
