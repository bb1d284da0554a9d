"""Whose address, and whose message: what the judge makes of addresses at several providers, in several accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scatterclean.judge import judge
from scatterclean.model import (
    Because,
    Bounce,
    Checked,
    Coverage,
    Identities,
    Knowledge,
    OriginSign,
    Signature,
    Verdict,
    Whose,
)
from scatterclean.origin import trace
from scatterclean.wording.advice import advice
from scatterclean.wording.reasons import reason
from scatterclean.wording.rules import changes

from .people import ACCOUNT, ARRIVAL, BOUNCE, KNOWLEDGE, ME

OTHER = "ada@gmx.de"
GMX = "from mout.gmx.net (mout.gmx.net [192.0.2.40]) by mx.elsewhere.example with ESMTP id 1"


def about(sender: str, *chain: str, delivered_to: str = "") -> Bounce:
    original = replace(BOUNCE.original, sender=sender, received=chain or BOUNCE.original.received)
    return replace(BOUNCE, original=original, delivered_to=(delivered_to or sender,))


def verdict(bounce: Bounce, known: Knowledge) -> Verdict:
    return judge(bounce, ARRIVAL, known, ACCOUNT).verdict


@pytest.mark.parametrize(
    "identities",
    [
        Identities(addresses=frozenset([ME, OTHER])),
        Identities(addresses=frozenset([ME]), learned=frozenset([ME, OTHER])),
    ],
)
def test_the_houses_of_an_address_are_no_strangers_to_mail_from_it(identities: Identities) -> None:
    """What she writes in the web mail of her other provider is in no Sent folder that is read here."""
    known = replace(KNOWLEDGE, identities=identities)
    assert verdict(about(OTHER, GMX), known) is Verdict.UNDECIDED
    assert verdict(about("", GMX, delivered_to=OTHER), known) is Verdict.UNDECIDED
    assert verdict(about(OTHER), known) is Verdict.ORPHAN
    assert verdict(about(ME, GMX), known) is Verdict.ORPHAN  # not in the name of that address


def test_nor_is_the_site_of_an_address_that_was_learned() -> None:
    learned = Identities(addresses=frozenset([ME]), learned=frozenset(["ada@uni.example"]))
    known = replace(KNOWLEDGE, identities=learned)
    hop = "from smtp3.uni.example (smtp3.uni.example [192.0.2.41]) by mx.elsewhere.example with ESMTP id 1"
    assert verdict(about("ada@uni.example", hop), known) is Verdict.UNDECIDED
    signed = about("ada@uni.example")
    signature = Signature("uni.example", "s1", Checked.UNKNOWN)
    signed = replace(signed, original=replace(signed.original, dkim=(signature,)))
    assert verdict(signed, known) is Verdict.UNDECIDED


# --- filters that take lines out of the header ------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "whose", "sign"),
    [
        # all lines, or all but those of the reporter's own rooms: nobody sees who handed it over
        ((), Whose.UNKNOWN, OriginSign.NO_CHAIN),
        (("from mx.elsewhere.example (mx.elsewhere.example [192.0.2.9]) by box.elsewhere.example with LMTP id 2",),
         Whose.UNKNOWN, OriginSign.NO_CHAIN),
        # the reporter's lines on top: what the person's provider wrote is left
        (("from laptop (dip.example [203.0.113.5]) by smtp.winter.example with ESMTPSA id 1",),
         Whose.PROVIDER, OriginSign.HOP),
        # only what the person's program wrote, or a house that says nothing of itself
        (("from [10.1.2.3] by localhost with ESMTP id 1",), Whose.UNKNOWN, OriginSign.NO_CHAIN),
    ],
)  # fmt: skip
def test_a_chain_whose_top_lines_a_filter_took_out_shows_no_stranger(
    left: tuple[str, ...], whose: Whose, sign: OriginSign
) -> None:
    bounce = replace(BOUNCE, original=replace(BOUNCE.original, received=left))
    traced = trace(bounce, KNOWLEDGE.provider, KNOWLEDGE.identities)
    assert (traced.whose, traced.sign) == (whose, sign)


# --- somebody else's --------------------------------------------------------------------------------------


def test_a_colleagues_bounce_that_was_passed_on_to_the_person_is_the_colleagues() -> None:
    """Bob is away, and his mail goes to her; the report is addressed to whom it is about."""
    bob = "bob@winter.example"
    found = judge(replace(about(bob), delivered_to=(ME, bob)), ARRIVAL, KNOWLEDGE, ACCOUNT)
    assert found.verdict is Verdict.UNDECIDED
    assert found.because[0]["address"] == bob


def test_a_forged_envelope_under_another_from_is_still_the_persons() -> None:
    assert verdict(replace(about("lottery@spam.example"), delivered_to=(ME,)), KNOWLEDGE) is Verdict.ORPHAN
    internal = replace(about(ME), delivered_to=("u1234@box.hoster.example", ME))
    assert verdict(internal, KNOWLEDGE) is Verdict.ORPHAN


def test_an_account_that_the_configuration_no_longer_has_is_named_as_such() -> None:
    """No command can read it: the advice is not to sweep it."""
    away = {"old": (frozenset([ME]), Coverage())}
    found = judge(BOUNCE, ARRIVAL, replace(KNOWLEDGE, retired=away), ACCOUNT)
    assert [(r.because, r["account"], r["retired"]) for r in found.because] == [
        (Because.SENT_UNREAD, "old", "yes")
    ]
    told = (*map(reason, found.because), advice(found.because[0], BOUNCE, "home"), changes(found.because[0]))
    assert not any("scatterclean sweep" in text or "harvest" in text for text in told)
    assert "no longer has that account" in told[0]
    assert "[accounts.old]" in told[1]
    assert "[accounts.old]" in told[2]
