"""The shared corpora of real messages, measured: the thresholds of the table that the reader was built to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scatterclean import bounce
from scatterclean.headers import ids_in
from scatterclean.model import Bounce, MessageId, Weight

BOUNCES = frozenset({"bounce", "delay"})
OTHERS = frozenset({"notice", "challenge", "receipt", "complaint", "success"})


@dataclass(frozen=True)
class Case:
    """A labelled message and what was read.  `ids` are those that the file holds, `right` all that are right."""

    file: str
    kind: str | None
    ids: frozenset[str]
    right: frozenset[str]
    carried: str
    malformed: bool
    read: Bounce | None

    @property
    def quoted(self) -> frozenset[str]:
        return keys(ref.id for ref in self.read.references) if self.read else frozenset()


def keys(ids: Iterator[MessageId] | tuple[MessageId, ...]) -> frozenset[str]:
    return frozenset(key for each in ids for key in each.keys)


@pytest.fixture(scope="module")
def cases(corpora: Path) -> list[Case]:
    found = []
    for line in (corpora / "published" / "labels.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line)
        ids = keys((MessageId(label["id"]),)) if label["id"] else frozenset()
        found.append(
            Case(
                file=label["file"],
                kind=label["kind"],
                ids=ids,
                right=ids | keys(tuple(map(MessageId, label["also_right"]))),
                carried=label["carried"],
                malformed=label["malformed"],
                read=bounce.read((corpora / "published" / label["file"]).read_bytes()),
            )
        )
    for line in (corpora / "mta" / "labels.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line)
        right = keys(tuple(each for value in label["ids"] for each in ids_in(value)))
        found.append(
            Case(
                file=label["file"],
                kind=label["kind"],
                ids=right if label["id_in_file"] else frozenset(),
                right=right,
                carried="",
                malformed=False,
                read=bounce.read((corpora / "mta" / label["file"]).read_bytes()),
            )
        )
    assert len(found) > 2000
    return found


def missed(cases: list[Case], share: float, wanted: list[Case]) -> None:
    """Fail, with the files, when more than `share` of `wanted` is in `cases`."""
    assert wanted, "nothing to measure"
    assert len(cases) <= share * len(wanted), "\n".join(case.file for case in cases)


def test_bounces_and_delays_are_recognised(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.kind in BOUNCES]
    missed([case for case in wanted if case.read is None], 0.007, wanted)


def test_automatic_replies_are_recognised(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.kind == "autoreply"]
    missed([case for case in wanted if case.read is None], 0.03, wanted)


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_every_other_kind_is_recognised(cases: list[Case], kind: str) -> None:
    wanted = [case for case in cases if case.kind == kind]
    missed([case for case in wanted if case.read is None], 0.05, wanted)


def test_kinds_are_told_apart(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.kind]
    missed([case for case in wanted if case.read and case.read.kind != case.kind], 0.01, wanted)


def test_no_ordinary_mail_is_taken_for_automatic(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.kind is None]
    missed([case for case in wanted if case.read is not None], 0, wanted)


def test_the_right_id_is_cited_where_the_file_holds_one(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.ids and case.kind]
    missed([case for case in wanted if case.ids.isdisjoint(case.quoted)], 0.01, wanted)


def test_the_right_id_comes_first(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.ids and case.kind and case.read and case.read.references]
    wrong = [case for case in wanted if case.read and case.right.isdisjoint(case.read.references[0].id.keys)]
    missed(wrong, 0.01, wanted)


def test_no_strong_id_is_anothers(cases: list[Case]) -> None:
    wrong = [
        f"{case.file}: {ref.id.text} ({ref.found_in})"
        for case in cases
        if case.kind and case.read
        for ref in case.read.references
        if ref.weight is Weight.STRONG and case.right.isdisjoint(ref.id.keys)
    ]
    assert wrong == []


def test_ids_that_only_the_header_cites_are_found(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.carried == "in-reply-to/references only"]
    missed([case for case in wanted if case.ids.isdisjoint(case.quoted)], 0.02, wanted)


def test_malformed_messages_yield_their_id(cases: list[Case]) -> None:
    wanted = [case for case in cases if case.malformed and case.ids]
    missed([case for case in wanted if case.ids.isdisjoint(case.quoted)], 0.05, wanted)


def test_no_format_stumbles(cases: list[Case]) -> None:
    assert [case.file for case in cases if case.read and case.read.stumbled] == []
