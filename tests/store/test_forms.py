"""What is kept as JSON: comes back as it was, bounded, and readable for every later version."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.errors import DatabaseUnusable
from scatterclean.model import (
    Because,
    Bounce,
    Finding,
    Kind,
    MessageId,
    Original,
    Reason,
    Reference,
    Verdict,
    Weight,
)
from scatterclean.store import forms
from tests.contracts.records import BOUNCE

# As version 0.1.0 wrote it: never edited, only added to.  Fields that later versions add need defaults.
BOUNCE_0_1 = """{"kind":"bounce","references":[{"id":{"text":"a@spam.example"},"weight":"strong",
"found_in":"message/rfc822 part","level":1,"by_reply":false}],"recipients":["n@example.net"],"original":
{"sender":"ada@winter.example","to":["n@example.net"],"subject":"Hi","date":"2026-11-23T09:00:00.123456Z",
"received":["from a by b"],"dkim_signed":true},"sender":"m@example.net","message_id":"b@example.net",
"subject":"failed","delivered_to":["ada@winter.example"],"reporting_mta":"mx","action":"failed",
"status":"5.1.1","diagnostic":"no","received":["from x by y"],"incomplete":false,"stumbled":["exim: E"]}"""
FINDING_0_1 = '{"verdict":"orphan","because":[{"because":"unknown-id","detail":[["id","a@spam.example"]]}]}'

_clean = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
_any = st.text(st.characters(categories=["L", "Cs", "Cc", "P", "S"]), max_size=30)


def bounces(text: st.SearchStrategy[str]) -> st.SearchStrategy[Bounce]:
    texts = st.lists(text, max_size=4).map(tuple)
    maybe = st.none() | text
    original = st.builds(
        Original,
        sender=maybe,
        to=texts,
        subject=maybe,
        date=st.none() | st.datetimes(timezones=st.just(UTC)),
        received=texts,
        dkim_signed=st.booleans(),
        body=st.booleans(),
        links=texts,
        files=st.lists(st.tuples(text, text), max_size=3).map(tuple),
    )
    reference = st.builds(
        Reference, st.builds(MessageId, text), st.sampled_from(Weight), text, st.integers(1, 9), st.booleans()
    )
    return st.builds(
        Bounce,
        kind=st.sampled_from(Kind),
        references=st.lists(reference, max_size=4).map(tuple),
        recipients=texts,
        original=original,
        subject=maybe,
        received=texts,
        stumbled=texts,
        incomplete=st.booleans(),
    )


@settings(deadline=None)
@given(bounces(_clean))
def test_a_bounce_comes_back_as_it_was(bounce: Bounce) -> None:
    assert forms.bounce_from_json(forms.bounce_to_json(bounce)) == bounce


@settings(deadline=None)
@given(bounces(_any))
def test_whatever_characters_a_bounce_holds_it_is_kept_as_plain_text(bounce: Bounce) -> None:
    text = forms.bounce_to_json(bounce)
    assert "\0" not in text
    kept = forms.bounce_from_json(text)
    all_text = "".join((*kept.recipients, *kept.original.received, kept.subject or ""))
    assert all_text.encode().decode() == all_text  # no lone surrogate is left
    assert (kept.kind, kept.incomplete) == (bounce.kind, bounce.incomplete)
    assert len(kept.references) == len(bounce.references)


@settings(deadline=None)
@given(
    st.builds(
        Finding,
        st.sampled_from(Verdict),
        st.lists(
            st.builds(
                Reason, st.sampled_from(Because), st.lists(st.tuples(_clean, _clean), max_size=3).map(tuple)
            ),
            max_size=3,
        ).map(tuple),
    )
)
def test_a_finding_comes_back_as_it_was(finding: Finding) -> None:
    assert forms.finding_from_json(forms.finding_to_json(finding)) == finding


def test_a_row_of_version_0_1_is_read() -> None:
    bounce = forms.bounce_from_json(BOUNCE_0_1)
    assert bounce.references == (
        Reference(MessageId("a@spam.example"), Weight.STRONG, "message/rfc822 part"),
    )
    assert bounce.original.date == datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
    assert bounce.stumbled == ("exim: E",)
    assert forms.finding_from_json(FINDING_0_1) == Finding(
        Verdict.ORPHAN, (Reason.of(Because.UNKNOWN_ID, id="a@spam.example"),)
    )


def test_fields_that_a_row_lacks_take_their_defaults_and_unknown_ones_are_passed_over() -> None:
    assert forms.bounce_from_json('{"kind":"delay","added_later":{"x":1}}') == Bounce(kind=Kind.DELAY)
    row = json.loads(BOUNCE_0_1)
    row["references"][0]["added_later"] = row["original"]["added_later"] = 1
    assert forms.bounce_from_json(json.dumps(row)) == forms.bounce_from_json(BOUNCE_0_1)


def test_every_field_of_a_bounce_but_its_kind_has_a_default() -> None:
    for optional in fields(Bounce):
        row = json.loads(BOUNCE_0_1)
        row.pop(optional.name, None)
        if optional.name != "kind":
            assert isinstance(forms.bounce_from_json(json.dumps(row)), Bounce)


def test_a_row_of_an_unknown_form_is_an_error_for_the_person_and_shows_no_content() -> None:
    with pytest.raises(DatabaseUnusable) as told:
        forms.bounce_from_json('{"kind":"telepathy","subject":"secret words"}')
    assert "secret" not in str(told.value)
    assert "telepathy" not in str(told.value)


HUGE = "x" * 100_000


@pytest.mark.parametrize(
    "bounce",
    [
        replace(BOUNCE, references=BOUNCE.references * 500),
        replace(BOUNCE, recipients=(HUGE,)),
        replace(BOUNCE, original=replace(BOUNCE.original, received=("from a by b",) * 500)),
        replace(BOUNCE, original=replace(BOUNCE.original, received=(HUGE,))),
        replace(BOUNCE, delivered_to=("a@x.example",) * 500),
    ],
    ids=["references", "recipient", "hops", "hop", "delivered-to"],
)
def test_evidence_that_had_to_be_cut_makes_a_bounce_incomplete_so_that_it_convicts_nobody(
    bounce: Bounce,
) -> None:
    text = forms.bounce_to_json(bounce)
    assert len(text) < 20_000
    assert forms.bounce_from_json(text).incomplete


def test_words_for_people_are_cut_without_making_a_bounce_incomplete() -> None:
    wordy = replace(BOUNCE, diagnostic=HUGE, subject=HUGE, stumbled=("a",) * 500, reporting_mta=HUGE)
    text = forms.bounce_to_json(wordy)
    assert len(text) < 10_000
    assert not forms.bounce_from_json(text).incomplete


def test_the_largest_possible_bounce_takes_less_than_a_megabyte() -> None:
    reference = Reference(MessageId("ß" * 9999), Weight.WEAK, HUGE)
    many = (HUGE,) * 999
    bounce = Bounce(
        kind=Kind.BOUNCE,
        references=(reference,) * 999,
        recipients=many,
        original=Original(sender=HUGE, to=many, subject=HUGE, received=many),
        sender=HUGE,
        message_id=HUGE,
        subject=HUGE,
        delivered_to=many,
        diagnostic=HUGE,
        received=many,
        stumbled=many,
    )
    assert len(forms.bounce_to_json(bounce)) < 1_000_000


def test_links_and_files_are_cut_without_making_the_bounce_incomplete() -> None:
    """No verdict rests on them."""
    many = Original(body=True, links=("a.example",) * 500, files=(("x" * 5000, "application/zip"),) * 500)
    kept = forms.bounce_from_json(forms.bounce_to_json(Bounce(Kind.BOUNCE, original=many)))
    assert not kept.incomplete
    assert len(kept.original.links) == len(kept.original.files) == forms.MAX_ITEMS
    assert len(kept.original.files[0][0]) <= 1024
    assert forms.bounce_from_json(BOUNCE_0_1.replace("\n", "")).original.links == ()
