"""What the simulated years and the corpus of real servers found, each reduced to its smallest form."""

from __future__ import annotations

from dataclasses import replace

from scatterclean import calibrate
from scatterclean.judge import judge
from scatterclean.model import (
    MAX_HOPS,
    Answer,
    Because,
    Bounce,
    Coverage,
    Grade,
    Identities,
    Interval,
    Knowledge,
    Provider,
    Verdict,
)
from scatterclean.store import forms
from tests.core.people import ACCOUNT, ARRIVAL, BOUNCE, KNOWLEDGE, ME, NOW, days, reference

WATCHED = replace(
    KNOWLEDGE,
    coverage={"home": Coverage((Interval(NOW - days(100), NOW, Grade.WITNESSED),))},
    calibrated=frozenset(["home"]),
    provider=replace(KNOWLEDGE.provider, hosts=frozenset([".winter.example", ".posthaus.example"])),
)


def quoting(ident: str, *, chain: bool) -> Bounce:
    original = BOUNCE.original if chain else replace(BOUNCE.original, received=())
    return replace(BOUNCE, references=(reference(ident),), original=original)


def verdict(bounce: Bounce, known: Knowledge = WATCHED) -> tuple[Verdict, Because]:
    found = judge(bounce, ARRIVAL, known, ACCOUNT)
    return found.verdict, found.because[0].because


def test_an_id_that_the_provider_made_may_be_that_of_an_invitation() -> None:
    """Calendars and web mail send in the person's name and file no copy; no chain came back."""
    invitation = "calendar-5f1e@mx1.posthaus.example"
    assert verdict(quoting(invitation, chain=False)) == (Verdict.UNDECIDED, Because.PROVIDER_HOP)
    # A stranger's machine sent it: then the id was made up.
    assert verdict(quoting(invitation, chain=True))[0] is Verdict.ORPHAN


def test_the_domain_of_the_own_address_in_an_id_says_nothing() -> None:
    """It is no provider's hand; but alone, it may be of a phone or script that files no copy."""
    storm = replace(WATCHED, storms=((ARRIVAL - days(1), ARRIVAL + days(1)),))
    for ident in ("a7@winter.example", "a7@www.winter.example"):
        assert verdict(quoting(ident, chain=False)) == (Verdict.UNDECIDED, Because.UNPROVED)
        assert verdict(quoting(ident, chain=False), storm)[0] is Verdict.ORPHAN
    shared = Identities(addresses=frozenset(["ada@gmail.com"]))
    known = replace(
        WATCHED, identities=shared, provider=Provider(hosts=frozenset([".gmail.com", ".google.com"]))
    )
    bounce = replace(quoting("a7@gmail.com", chain=False), delivered_to=("ada@gmail.com",))
    assert verdict(bounce, replace(known, storms=storm.storms))[0] is Verdict.ORPHAN


def test_a_reply_shows_a_route_below_the_domain_of_another_account_too() -> None:
    """It was swept in an account whose own addresses are elsewhere; the log knows as whom the person writes."""
    reply = calibrate.passing(
        b"From: new@firm.example\r\nTo: ada@winter.example\r\nSubject: Re: Thanks\r\nMessage-ID: <r@firm.example>\r\n"
        b"In-Reply-To: <5a83ac@www.winter.example>\r\n",
        NOW,
    )
    here = Identities(addresses=frozenset(["ada@gmail.com"]), learned=frozenset([ME, "ada@gmail.com"]))
    found = calibrate.from_mail([reply], Answer(), {}, frozenset(), frozenset(), here, NOW)
    assert [route.example for route in found.routes] == ["5a83ac@www.winter.example"]


def test_a_loop_of_sixty_hops_is_kept_whole() -> None:
    """What the reader keeps, the docket keeps: else a loop would never be decided."""
    hops = tuple(f"from h{n}.example by h{n + 1}.example" for n in range(MAX_HOPS))
    looped = replace(BOUNCE, original=replace(BOUNCE.original, received=hops))
    kept = forms.bounce_from_json(forms.bounce_to_json(looped))
    assert not kept.incomplete
    assert kept.original.received == hops
