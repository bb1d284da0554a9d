"""The bouncing hosts as CSV and JSON: whole, readable by other programs, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json

import pytest

from scatterclean.wording.exports import COLUMNS, Export, exported

from .made import HOSTILE, bouncer, hostile_bouncer


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))


def test_csv_has_a_head_and_a_line_per_server_that_ends_as_the_rfc_wants() -> None:
    data = exported([bouncer(), bouncer("mx2.mail.example", listed=())], Export.CSV)
    assert data.count(b"\r\n") == 3
    assert b"\n" not in data.replace(b"\r\n", b"")
    first, second = rows(data)
    assert tuple(first) == COLUMNS
    assert first == {
        "host": "mx1.mail.example",
        "domain": "mail.example",
        "ip": "198.18.5.5",
        "bounces": "15",
        "first": "2026-11-23T13:30:00+00:00",
        "last": "2026-11-23T19:27:00+00:00",
        "kinds": "bounce:12 autoreply:3",
        "statuses": "5.1.1 5.2.2",
        "recipients": "nobody@mail.example",
        "example": "<20261123.1@mx1.mail.example>",
        "diagnostic": "smtp; 550 5.1.1 User unknown",
        "listed": "unknown",
        "postmaster": "postmaster@mail.example",
    }
    assert (second["host"], second["listed"]) == ("mx2.mail.example", "no")


def test_json_holds_the_same_and_the_note_and_is_ascii() -> None:
    [told] = json.loads(exported([bouncer(listed=("ips.backscatterer.org",))], Export.JSON).decode("ascii"))[
        "bouncers"
    ]
    assert (told["bounces"], told["kinds"], told["listed"]) == (
        15,
        {"bounce": 12, "autoreply": 3},
        ["ips.backscatterer.org"],
    )
    assert told["note"]["to"] == "postmaster@mail.example"
    assert told["note"]["text"].startswith("Hello,\n")


def test_without_any_server_both_are_whole_files() -> None:
    assert rows(exported([], Export.CSV)) == []
    assert exported([], Export.CSV).startswith(b'"host",')
    assert json.loads(exported([], Export.JSON)) == {"bouncers": []}


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        " =1+1",
        "\t=1+1",
        "\r=1+1",
        "\n\n=1+1",
        "\u00a0=1+1",
        "\uff1d1+1",
        "\uff0b1",
        "|cmd",
        "%0A=1",
        "\x00=1+1",
        "\ufeff=1+1",
        "\u200b=1+1",
    ],
)
def test_no_cell_is_calculated_by_a_spreadsheet(text: str) -> None:
    data = exported([bouncer(text, domain=text, diagnostic=text, recipients=(text,))], Export.CSV)
    [row] = rows(data)
    for column in ("host", "domain", "diagnostic", "recipients"):
        assert row[column].lstrip("\ufffd \xa0")[:1] not in {"=", "+", "-", "@", "\uff1d", "\uff0b", "|", "%"}


def test_whatever_strangers_wrote_a_server_stays_one_line_and_no_terminal_obeys() -> None:
    data = exported([hostile_bouncer()], Export.CSV)
    assert data.count(b"\r\n") == 2
    assert len(rows(data)) == 1
    text = data.decode("utf-8").replace("\r\n", "")
    assert not {"\x1b", "\x9b", "\x07", "\u202e", "\u200b", "\n", "\r", "\x00"} & set(text)
    assert len(data) < 30_000
    [told] = json.loads(exported([hostile_bouncer()], Export.JSON))["bouncers"]
    assert told["host"] == HOSTILE


def test_quotation_marks_commas_and_semicolons_stay_inside_their_cell() -> None:
    [row] = rows(exported([bouncer(diagnostic='550 "no, really"; =1+1,"x"')], Export.CSV))
    assert row["diagnostic"] == '550 "no, really"; =1+1,"x"'


def test_half_of_a_pair_of_surrogates_does_not_stop_the_export() -> None:
    [row] = rows(exported([bouncer("mx\ud800.example")], Export.CSV))
    assert row["host"] == "mx\ufffd.example"
    assert json.loads(exported([bouncer("mx\ud800.example")], Export.JSON))
