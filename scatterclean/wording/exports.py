"""The servers that bounce to forged senders, as a table for other programs: CSV (RFC 4180) and JSON.  Pure.

For `scatterclean report --export` and `scatterclean storm --export`; keys and columns are an interface: they are
added, at the end, and never renamed or taken away.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from scatterclean.model.report import Bouncer
from scatterclean.wording.postmasters import note, postmaster
from scatterclean.wording.text import shown

COLUMNS = (
    *("host", "domain", "ip", "bounces", "first", "last", "kinds", "statuses", "recipients", "example"),
    *("diagnostic", "listed", "postmaster"),
)

# What a stranger wrote is cut to, in a cell; a Message-ID has at most 998 characters.
_CELL = 1000
# With these a spreadsheet takes a cell for a formula (OWASP, "CSV Injection", which names the full-width forms as
# well); white space and signs for what cannot be shown before them may be passed over.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20|%")
_BETWEEN = " "


class Export(StrEnum):
    """What `--export` takes."""

    CSV = "csv"
    JSON = "json"


def exported(bouncers: Sequence[Bouncer], how: Export) -> bytes:
    """The whole file in UTF-8, to be written as it is: lines of CSV end in CRLF on every system."""
    return (_csv(bouncers) if how is Export.CSV else _json(bouncers)).encode("utf-8", "replace")


def forms(bouncers: Sequence[Bouncer], *, notes: bool = True) -> list[dict[str, object]]:
    """Values for JSON: texts as strangers wrote them, times as ISO 8601 in UTC; `listed` is null if it is unknown.

    With `notes`, each has the letter to its postmaster."""
    return [
        {**facts(each), "postmaster": postmaster(each) or None, **(_note(each) if notes else {})}
        for each in bouncers
    ]


def _json(bouncers: Sequence[Bouncer]) -> str:
    # ASCII: no terminal obeys what a stranger wrote.
    return json.dumps({"bouncers": forms(bouncers)}, ensure_ascii=True, indent=2) + "\n"


def facts(each: Bouncer) -> dict[str, object]:
    """What is known of one, as values for JSON (see `forms`)."""
    return {
        "host": each.host,
        "domain": each.domain,
        "ip": each.ip or None,
        "bounces": each.bounces,
        "first": _time(each.first),
        "last": _time(each.last),
        "kinds": {str(kind): many for kind, many in each.kinds.items()},
        "statuses": list(each.statuses),
        "recipients": list(each.recipients),
        "example": each.example or None,
        "diagnostic": each.diagnostic or None,
        "listed": None if each.listed is None else list(each.listed),
    }


def _note(each: Bouncer) -> dict[str, object]:
    letter = note(each)
    return {"note": {"to": letter.to or None, "subject": letter.subject, "text": letter.text}}


def _csv(bouncers: Sequence[Bouncer]) -> str:
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in bouncers:
        cells: Mapping[str, str] = {
            "host": each.host,
            "domain": each.domain,
            "ip": each.ip,
            "bounces": str(each.bounces),
            "first": _time(each.first),
            "last": _time(each.last),
            "kinds": _BETWEEN.join(f"{kind}:{many}" for kind, many in each.kinds.items()),
            "statuses": _BETWEEN.join(each.statuses),
            "recipients": _BETWEEN.join(each.recipients),
            "example": each.example,
            "diagnostic": each.diagnostic,
            "listed": "unknown" if each.listed is None else _BETWEEN.join(each.listed) or "no",
            "postmaster": postmaster(each),
        }
        writer.writerow([_cell(cells[column]) for column in COLUMNS])
    return written.getvalue()


def _cell(text: str) -> str:
    """One line, no control characters; what a spreadsheet would calculate gets a quotation mark in front."""
    clean = shown(text, _CELL)
    return (
        f"'{clean}"
        if clean.replace("\N{REPLACEMENT CHARACTER}", " ").lstrip().startswith(_FORMULA)
        else clean
    )


def _time(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()
