"""Every fixture pair is read as its JSON file says; every negative is ordinary mail.  Files are found, not listed."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from scatterclean import bounce
from scatterclean.model import Bounce, Reference, Weight

FIXTURES = Path(__file__).parent / "fixtures"
NEGATIVES = Path(__file__).parent / "negatives"
PAIRS = sorted(FIXTURES.glob("*.eml"))
ORDINARY = sorted(NEGATIVES.glob("*.eml"))

# What a fixture may say of a Bounce, attribute by attribute; the rest is about references.
ATTRIBUTES = (
    "kind",
    "recipients",
    "delivered_to",
    "action",
    "status",
    "diagnostic",
    "reporting_mta",
    "sender",
    "incomplete",
)
SAID = frozenset(
    {*ATTRIBUTES, "seen", "complete", "strong", "weak", "not_cited", "by_reply", "levels", "original"}
)


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def wanted_of(path: Path) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return wanted


def read(path: Path) -> Bounce:
    read = bounce.read(path.read_bytes(), complete=wanted_of(path).get("complete", True))
    assert read is not None, "taken for ordinary mail"
    return read


def plain(value: object) -> object:
    """As JSON has it."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, datetime) else value


def of_weight(references: tuple[Reference, ...], weight: Weight) -> list[str]:
    return [reference.id.text for reference in references if reference.weight is weight]


def test_there_are_fixtures_and_negatives() -> None:
    assert len(PAIRS) >= 40
    assert len(ORDINARY) >= 20


@pytest.mark.parametrize("path", PAIRS, ids=names(PAIRS))
def test_a_fixture_says_where_such_a_message_is_seen_and_nothing_unknown(path: Path) -> None:
    wanted = wanted_of(path)
    assert wanted["seen"]
    assert wanted.keys() <= SAID


@pytest.mark.parametrize("path", PAIRS, ids=names(PAIRS))
def test_a_fixture_is_read_as_its_json_says(path: Path) -> None:
    wanted = wanted_of(path)
    found = read(path)
    assert {name: plain(getattr(found, name)) for name in ATTRIBUTES if name in wanted} == {
        name: wanted[name] for name in ATTRIBUTES if name in wanted
    }
    said = wanted.get("original", {})
    assert {name: plain(getattr(found.original, name)) for name in said} == said
    assert found.stumbled == ()


@pytest.mark.parametrize("path", PAIRS, ids=names(PAIRS))
def test_a_fixture_cites_exactly_its_strong_ids_and_at_least_its_weak_ones(path: Path) -> None:
    wanted = wanted_of(path)
    references = read(path).references
    if "strong" in wanted:
        assert sorted(of_weight(references, Weight.STRONG)) == sorted(wanted["strong"])
    weak = of_weight(references, Weight.WEAK)
    assert set(wanted.get("weak", ())) <= set(weak)
    if wanted.get("weak") == []:
        assert weak == []
    every = {reference.id.text for reference in references}
    assert every.isdisjoint(wanted.get("not_cited", ()))


@pytest.mark.parametrize("path", PAIRS, ids=names(PAIRS))
def test_a_fixture_marks_what_only_a_reply_cites_and_how_deep_an_id_was_found(path: Path) -> None:
    wanted = wanted_of(path)
    references = read(path).references
    if "by_reply" in wanted:
        by_reply = [reference.id.text for reference in references if reference.by_reply]
        assert sorted(by_reply) == sorted(wanted["by_reply"])
    levels = {reference.id.text: reference.level for reference in references}
    assert {text: levels[text] for text in wanted.get("levels", {})} == wanted.get("levels", {})


@pytest.mark.parametrize("path", PAIRS, ids=names(PAIRS))
def test_a_fixture_is_a_candidate_by_the_fields_that_a_sweep_fetches(path: Path) -> None:
    assert bounce.candidate(only_candidate_fields(path.read_bytes()))


@pytest.mark.parametrize("path", ORDINARY, ids=names(ORDINARY))
def test_ordinary_mail_is_left_alone(path: Path) -> None:
    reason = path.with_suffix(".txt").read_text("utf-8").strip()
    found = bounce.read(path.read_bytes())
    assert reason
    assert found is None, reason


def only_candidate_fields(raw: bytes) -> bytes:
    """What an IMAP server answers to BODY.PEEK[HEADER.FIELDS (...)]."""
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\xef\xbb\xbf\n")
    header = text.partition(b"\n\n")[0]
    wanted = {name.lower().encode() for name in bounce.CANDIDATE_FIELDS}
    # No byte may mark the folds while it is cut: a damaged header holds any, NUL too.
    fields = re.split(rb"\n(?![ \t])", header)
    kept = [each for each in fields if each.partition(b":")[0].strip().lower() in wanted]
    return b"\n".join(kept).replace(b"\n", b"\r\n") + b"\r\n\r\n"
