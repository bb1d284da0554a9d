"""What holds for all mail: more knowledge never condemns, weak references never convict, order does not matter, and
what a stranger writes can at worst keep mail in the inbox."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean import bounce as reader
from scatterclean.judge import judge
from scatterclean.model import (
    Answer,
    Bounce,
    Checked,
    Coverage,
    Grade,
    Identities,
    Interval,
    Kind,
    Knowledge,
    Mode,
    Original,
    Signature,
    Tie,
    Verdict,
    Weight,
)
from scatterclean.shapes import shape_of
from tests.core.people import ACCOUNT, ARRIVAL, KNOWLEDGE, ME, NOW, days, reference
from tests.sweeps.world import World, bounce, letter

MILD = frozenset({Verdict.GENUINE, Verdict.UNDECIDED, Verdict.WAITING})
IDS = ("a@x.example", "b@winter.example", "forged.1@spam.example", "calendar-1@mx.posthaus.example", "plain")
PEOPLE = ("nobody@elsewhere.example", "friend@f.example", "eve@other.example")
HOPS = (
    "from dsl-7.stranger.example (dsl-7.stranger.example [198.51.100.7]) by mx.elsewhere.example with ESMTP id 1",
    "from laptop (dip.example [203.0.113.5]) by smtp.winter.example with ESMTPSA id 1",
    "from out.posthaus.example (out.posthaus.example [192.0.2.3]) by mx.elsewhere.example",
    "by 10.0.0.1 with SMTP",
    "from mx.firm.example ([192.0.2.9]) by mx.winter.example with ESMTP id 7 for <ada@winter.example>",
)
references = st.builds(reference, st.sampled_from(IDS), st.sampled_from(list(Weight)), by_reply=st.booleans())
originals = st.builds(
    Original,
    sender=st.sampled_from([None, ME, "eve@other.example"]),
    to=st.lists(st.sampled_from(PEOPLE), max_size=1).map(tuple),
    subject=st.sampled_from([None, "Hello", "Cheap watches"]),
    date=st.sampled_from([None, ARRIVAL, ARRIVAL - days(9), ARRIVAL - days(9000)]),
    received=st.lists(st.sampled_from(HOPS), max_size=3).map(tuple),
    automatic=st.booleans(),
    dkim=st.lists(
        st.builds(
            Signature,
            st.sampled_from(["winter.example", "x.example"]),
            st.just("s"),
            st.sampled_from(Checked),
        ),
        max_size=1,
    ).map(tuple),
)
bounces = st.builds(
    Bounce,
    kind=st.sampled_from(list(Kind)),
    references=st.lists(references, max_size=3).map(tuple),
    recipients=st.lists(st.sampled_from(PEOPLE), max_size=2).map(tuple),
    original=originals,
    sender=st.sampled_from([None, "mailer-daemon@elsewhere.example", "friend@f.example"]),
    delivered_to=st.lists(
        st.sampled_from([ME, "postmaster@winter.example", "eve@other.example"]), max_size=1
    ).map(tuple),
)
answers = st.builds(
    Answer,
    known=st.frozensets(st.sampled_from(IDS)),
    ties=st.lists(
        st.builds(
            Tie,
            st.sampled_from(PEOPLE),
            st.sampled_from([ARRIVAL, ARRIVAL - days(3), ARRIVAL - days(20)]),
            st.sampled_from([None, "Hello", "Cheap watches"]),
        ),
        max_size=2,
    ).map(tuple),
    correspondents=st.frozensets(st.sampled_from((*PEOPLE, "f.example"))),
)
shapes = st.frozensets(st.sampled_from([shape_of(reference(i).id) for i in IDS]))
BASE = replace(
    KNOWLEDGE,
    coverage={"home": Coverage((Interval(NOW - days(1000), NOW, Grade.WITNESSED),))},
    storms=((NOW - days(2), NOW),),
    provider=replace(KNOWLEDGE.provider, hosts=frozenset([".winter.example", ".posthaus.example"])),
)
knowledge = st.builds(
    lambda answer, received, unlogged, calibrated: replace(
        BASE, answer=answer, received=received, unlogged=unlogged, calibrated=calibrated
    ),
    answers,
    st.frozensets(st.sampled_from(IDS)),
    shapes,
    st.sampled_from([frozenset[str](), frozenset(["home"])]),
)


def verdict(found: Bounce, known: Knowledge) -> Verdict:
    return judge(found, ARRIVAL, known, ACCOUNT).verdict


# --- more knowledge -------------------------------------------------------------------------------------


@settings(max_examples=400)
@given(found=bounces, less=knowledge, more=knowledge)
def test_more_knowledge_never_condemns(found: Bounce, less: Knowledge, more: Knowledge) -> None:
    """Rows of the log, received mail, shapes of unlogged mail: whatever is added, what stayed goes on to stay."""
    both = replace(
        less,
        answer=Answer(
            less.answer.known | more.answer.known,
            less.answer.ties + more.answer.ties,
            less.answer.correspondents | more.answer.correspondents,
        ),
        received=less.received | more.received,
        unlogged=less.unlogged | more.unlogged,
    )
    before, after = verdict(found, less), verdict(found, both)
    assert after is not Verdict.ORPHAN or before is Verdict.ORPHAN
    assert after is not Verdict.ALARM or before is Verdict.ALARM
    assert before is not Verdict.GENUINE or after is Verdict.GENUINE


@settings(max_examples=400)
@given(
    found=bounces,
    known=knowledge,
    hosts=st.frozensets(st.sampled_from([".elsewhere.example", ".stranger.example"])),
)
def test_more_hosts_of_the_provider_never_condemn(
    found: Bounce, known: Knowledge, hosts: frozenset[str]
) -> None:
    more = replace(known, provider=replace(known.provider, hosts=known.provider.hosts | hosts))
    assert verdict(found, more) is not Verdict.ORPHAN or verdict(found, known) is Verdict.ORPHAN


@settings(max_examples=400)
@given(found=bounces, known=knowledge)
def test_a_weak_reference_never_convicts(found: Bounce, known: Knowledge) -> None:
    weak = replace(found, references=tuple(replace(r, weight=Weight.WEAK) for r in found.references))
    assert verdict(weak, known) in MILD


@settings(max_examples=400)
@given(found=bounces, known=knowledge, added=references)
def test_one_more_weak_reference_never_condemns(found: Bounce, known: Knowledge, added: object) -> None:
    weak = reference(added.id.text, Weight.WEAK)  # type: ignore[attr-defined]  # a Reference
    more = replace(found, references=(*found.references, weak))
    assert verdict(more, known) is not Verdict.ORPHAN or verdict(found, known) is Verdict.ORPHAN


@settings(max_examples=200)
@given(found=bounces, known=knowledge, of=st.integers(0, 2))
def test_any_reference_that_the_log_knows_acquits(found: Bounce, known: Knowledge, of: int) -> None:
    """Weak or strong, wherever it stands, and whatever else is said."""
    if not found.references:
        return
    ident = found.references[of % len(found.references)].id
    both = replace(known, answer=replace(known.answer, known=known.answer.known | {ident.keys[0]}))
    assert verdict(found, both) is Verdict.GENUINE


# --- what a stranger writes -----------------------------------------------------------------------------

WATCHED = replace(BASE, calibrated=frozenset(["home"]))
returned_lines = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Received: from x (Authenticated sender: ada@winter.example) by smtp.winter.example with ESMTPSA id 1",
                "Authentication-Results: mx.winter.example; auth=pass smtp.auth=ada@winter.example; dkim=pass",
                "DKIM-Signature: v=1; d=winter.example; s=s1; b=AAAA",
                "Message-ID: <sent.1@winter.example>",
                "X-Microsoft-Original-Message-ID: <sent.1@winter.example>",
                "Message-ID: <other@spam.example>",
                "From: ada@winter.example",
                "Date: Mon, 01 Jan 1990 00:00:00 +0000",
                "Auto-Submitted: auto-replied",
            ]
        ),
        st.from_regex(r"[A-Z][a-z-]{1,12}: [ -~]{0,60}", fullmatch=True),
    ),
    max_size=5,
)


@settings(max_examples=150)
@given(lines=returned_lines, where=st.integers(0, 8))
def test_what_is_written_inside_the_returned_part_never_moves_a_genuine_bounce(
    lines: list[str], where: int
) -> None:
    """The id that the log knows came back in it; all else in there is a stranger's."""
    raw = _with_lines(bounce("sent.1@winter.example", at=ARRIVAL), lines, where)
    found = reader.read(raw)
    known = replace(WATCHED, answer=Answer(known=frozenset(["sent.1@winter.example"])))
    assert found is not None
    assert verdict(found, known) in MILD


@settings(max_examples=150)
@given(lines=returned_lines, where=st.integers(0, 8), known=knowledge)
def test_no_header_that_a_stranger_returns_raises_an_alarm(
    lines: list[str], where: int, known: Knowledge
) -> None:
    """A wholly forged bounce, signed and authenticated by nobody but its writer."""
    found = reader.read(_with_lines(bounce("forged.1@spam.example", at=ARRIVAL), lines, where))
    assert found is None or verdict(found, known) is not Verdict.ALARM


def _with_lines(raw: bytes, lines: Sequence[str], where: int) -> bytes:
    """With these header lines somewhere in the returned header."""
    head, _, returned = raw.partition(b"text/rfc822-headers\r\n\r\n")
    fields = returned.split(b"\r\n")
    at = min(where, 6)
    fields[at:at] = [line.encode() for line in lines]
    return head + b"text/rfc822-headers\r\n\r\n" + b"\r\n".join(fields)


def test_a_wholly_forged_bounce_changes_nothing_for_a_genuine_one(tmp_path: Path) -> None:
    """It quotes the same id, or the same shape and recipient, and says whatever it likes about its way."""
    world = World(tmp_path / "log.db")
    world.history()
    world.watched()
    world.bounced("sent.3@winter.example", number=1)
    for number, hop in enumerate(HOPS, 2):
        world.bounced("sent.3@winter.example", number=number, hop=hop)
        world.bounced(f"f{number}@spam.example", number=number, hop=hop, subject="Hello")
    report = world.sweep()
    assert not report.troubles
    assert "1.sent.3@mx.elsewhere.example" in world.inbox()
    assert not [ident for ident in world.away() if "sent.3" in ident]
    world.close()


# --- order ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_messages_accounts_and_harvests_does_not_change_what_becomes_of_them(seed: int) -> None:
    assert _ended(seed) == _ended(100 + seed) == _ended(200 + seed)


def _ended(seed: int) -> dict[str, tuple[list[str], list[str]]]:
    """Two accounts of a person; what is delivered, filed and swept comes in an order of chance."""
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        home = World(Path(folder) / "log.db", accounts=("home", "work"))
        work = World(Path(folder) / "log.db", accounts=("home", "work"), _store=home.store)
        work.account = replace(
            home.account,
            name="work",
            identities=Identities(addresses=frozenset(["ada@office.example"])),
            mode=Mode.MOVE,
        )
        for world in (home, work):
            world.history()
        worlds = [home, work]
        chance.shuffle(worlds)
        for world in worlds:
            world.sweep()
        home.watched()
        deliveries = [
            (world, raw, folder_name, at) for world in (home, work) for raw, folder_name, at in _mail(world)
        ]
        chance.shuffle(deliveries)
        for world, raw, folder_name, at in deliveries:
            world.server.append(folder_name, raw, arrival=at)
        for after in (0, 7, 60, 60):  # in the end all has settled
            chance.shuffle(worlds)
            for world in worlds:
                home.later(minutes=after + chance.randint(1, 5))
                work.now = home.now
                world.sweep()
        ended = {world.account.name: (world.inbox(), world.away()) for world in (home, work)}
        home.close()
    return ended


def _mail(world: World) -> list[tuple[bytes, str, datetime]]:
    """(message, folder, arrival) of every sort, for one account."""
    me = ME if world.account.name == "home" else "ada@office.example"
    name = world.account.name
    then = NOW - timedelta(hours=5)

    def back(ident: str, number: int, **rest: object) -> bytes:
        return bounce(ident, at=then, number=number, to=me, sender=me, **rest)  # type: ignore[arg-type]

    own = "smtp.winter.example (smtp.winter.example [192.0.2.25])"
    reply = letter(
        "Re: Call", to=me, sender="friend@f.example", ident=f"re@{name}.f.example", at=then
    ).replace(b"Date:", f"In-Reply-To: <phone.7.1@{name}.phone.example>\r\nDate:".encode())
    filed = letter("Minutes", to="carl@firm.example", sender=me, ident=f"new@{name}.winter.example", at=then)
    inbox = [
        back(f"new@{name}.winter.example", 1, hop=own),  # its copy comes with the same delivery
        back("sent.2@winter.example", 2, hop=own),
        back(f"other@{name}.wire.example", 3, recipient="carl@firm.example", subject="Minutes"),  # by tie
        back(f"phone.8.2@{name}.phone.example", 4),  # a reply in the same inbox shows the route
        back(f"f1@{name}.spam.example", 5),
        back(f"f2@{name}.spam.example", 6, hop=own),
        reply,
        letter("News", to=me, ident=f"news@{name}.example", at=then),
    ]
    return [*((raw, "INBOX", then) for raw in inbox), (filed, "Sent", then)]
