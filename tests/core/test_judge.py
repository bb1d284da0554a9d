"""The table of rules in `judge`, row by row: what decides, and what it takes to change the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.judge import judge, question_for
from scatterclean.model import (
    Account,
    Answer,
    Because,
    Bounce,
    Coverage,
    Finding,
    Grade,
    Identities,
    Interval,
    Kind,
    Knowledge,
    Original,
    Switch,
    Tie,
    Verdict,
    Weight,
)

from .people import ACCOUNT, ARRIVAL, BOUNCE, COVERED, KNOWLEDGE, ME, NOW, days, knowing, reference


def finding(
    bounce: Bounce = BOUNCE, knowledge: Knowledge = KNOWLEDGE, account: Account = ACCOUNT
) -> tuple[Verdict, Because]:
    found = judge(bounce, ARRIVAL, knowledge, account)
    return found.verdict, found.because[0].because


def test_an_unknown_strong_id_in_covered_time_is_an_orphan() -> None:
    assert finding() == (Verdict.ORPHAN, Because.UNKNOWN_ID)


# --- acquittals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("logged", ["forged.1@spam.example"])
@pytest.mark.parametrize(
    "quoted",
    [
        "forged.1@spam.example",
        "Forged.1@SPAM.example",
        "forged.1@spam.exa mple",
        "<forged.1@spam.example>",
        "ab123.0123abcdef.forged.1@spam.example",
    ],
)
def test_an_id_in_the_log_acquits_in_any_case_folding_brackets_or_assp_tag(logged: str, quoted: str) -> None:
    bounce = replace(BOUNCE, references=(reference(quoted),))
    assert finding(bounce, knowing(logged)) == (Verdict.GENUINE, Because.ID_LOGGED)


@pytest.mark.parametrize(
    "quoted", ["CA+a=3Db=3Dc@mail.gmail.com", "ab1.0123abcdef.CA+a=3Db=3Dc@mail.gmail.com"]
)
def test_an_id_that_came_back_in_undeclared_quoted_printable_acquits(quoted: str) -> None:
    bounce = replace(BOUNCE, references=(reference(quoted),))
    assert finding(bounce, knowing("ca+a=b=c@mail.gmail.com")) == (Verdict.GENUINE, Because.ID_LOGGED)


def test_an_id_that_came_back_as_html_acquits() -> None:
    bounce = replace(BOUNCE, references=(reference("a&amp;b@firm.example"),))
    assert finding(bounce, knowing("a&b@firm.example")) == (Verdict.GENUINE, Because.ID_LOGGED)


def test_a_weak_reference_acquits_as_well() -> None:
    bounce = replace(BOUNCE, references=(reference(), reference("mine@winter.example", Weight.WEAK)))
    assert finding(bounce, knowing("mine@winter.example")) == (Verdict.GENUINE, Because.ID_LOGGED)


def tied(subject: str | None, *, ago: timedelta = timedelta(hours=1)) -> Knowledge:
    tie = Tie("nobody@elsewhere.example", ARRIVAL - ago, subject)
    return replace(KNOWLEDGE, answer=Answer(ties=(tie,)))


@pytest.mark.parametrize(
    "subject",
    [
        "Cheap watches",
        "Re: cheap watches",
        "AW: [list] Cheap   Watches!",
        "Cheap watches, and m",
        None,
        "...",
    ],
)
def test_mail_to_the_failed_recipient_acquits_if_the_subjects_do_not_contradict(subject: str | None) -> None:
    assert finding(knowledge=tied(subject)) == (Verdict.GENUINE, Because.TIE)


@pytest.mark.parametrize(
    ("subject", "ago"),
    [
        ("Minutes of the meeting", timedelta(hours=1)),
        ("Cheap watches", days(15)),
        ("Cheap watches", -days(2)),
    ],
)
def test_mail_to_the_failed_recipient_does_not_acquit_otherwise(subject: str, ago: timedelta) -> None:
    assert finding(knowledge=tied(subject, ago=ago))[0] is Verdict.ORPHAN


def test_a_tie_to_somebody_else_does_not_acquit() -> None:
    tie = Tie("friend@elsewhere.example", ARRIVAL, "Cheap watches")
    assert finding(knowledge=replace(KNOWLEDGE, answer=Answer(ties=(tie,))))[0] is Verdict.ORPHAN


# --- undecided ------------------------------------------------------------------------------------------

BY_REPLY = replace(
    BOUNCE,
    kind=Kind.AUTOREPLY,
    references=(reference("x@spam.example", by_reply=True),),
    recipients=(),
    sender="bob@firm.example",
)
STORM = replace(KNOWLEDGE, storms=((ARRIVAL - timedelta(hours=1), ARRIVAL + timedelta(hours=1)),))

UNDECIDED: list[tuple[str, Bounce, Knowledge, Account, Because]] = [
    ("no reference", replace(BOUNCE, references=()), KNOWLEDGE, ACCOUNT, Because.NO_REFERENCE),
    (
        "weak reference only",
        replace(BOUNCE, references=(reference(weight=Weight.WEAK),)),
        KNOWLEDGE,
        ACCOUNT,
        Because.WEAK_ONLY,
    ),
    (
        "format stumbled",
        replace(BOUNCE, stumbled=("exim: ValueError",)),
        KNOWLEDGE,
        ACCOUNT,
        Because.STUMBLED,
    ),
    ("cut by the cap", replace(BOUNCE, incomplete=True), KNOWLEDGE, ACCOUNT, Because.INCOMPLETE),
    (
        "an id at the replier's own domain",
        replace(BY_REPLY, references=(reference("t1@mail.firm.example", by_reply=True),)),
        STORM,
        ACCOUNT,
        Because.REPLY_ID,
    ),
    (
        "a replier whom the person knows",
        BY_REPLY,
        replace(STORM, answer=Answer(correspondents=frozenset(["bob@firm.example"]))),
        ACCOUNT,
        Because.REPLY_ID,
    ),
    (
        "a replier of a domain that the person writes to",
        BY_REPLY,
        replace(STORM, answer=Answer(correspondents=frozenset(["firm.example"]))),
        ACCOUNT,
        Because.REPLY_ID,
    ),
    (
        "delivered to somebody else",
        replace(BOUNCE, delivered_to=("eve@other.example",)),
        KNOWLEDGE,
        ACCOUNT,
        Because.NOT_YOURS,
    ),
    (
        "somebody else's mail, delivered to nobody known",
        replace(BOUNCE, delivered_to=(), original=Original(sender="eve@other.example")),
        KNOWLEDGE,
        ACCOUNT,
        Because.NOT_YOURS,
    ),
    (
        "nobody's address at all",
        replace(BOUNCE, delivered_to=(), original=Original()),
        KNOWLEDGE,
        ACCOUNT,
        Because.NO_ADDRESS,
    ),
    (
        "a copy for the postmaster of a wildcard domain",
        replace(BOUNCE, delivered_to=("postmaster@winter.example", ME)),
        replace(KNOWLEDGE, identities=Identities(addresses=frozenset(["*@winter.example"]))),
        ACCOUNT,
        Because.ROLE_COPY,
    ),
    (
        "shared mailbox",
        replace(BOUNCE, delivered_to=("info@winter.example",)),
        replace(
            KNOWLEDGE,
            identities=Identities(
                addresses=frozenset(["*@winter.example"]), shared=frozenset(["info@winter.example"])
            ),
        ),
        ACCOUNT,
        Because.SHARED,
    ),
    ("empty log", BOUNCE, replace(KNOWLEDGE, logged=0), ACCOUNT, Because.EMPTY_LOG),
    (
        "coverage begins too late",
        BOUNCE,
        replace(KNOWLEDGE, coverage={"home": Coverage((Interval(ARRIVAL - days(8), NOW, Grade.WITNESSED),))}),
        ACCOUNT,
        Because.OUTSIDE_COVERAGE,
    ),
    (
        "a hole in the coverage",
        BOUNCE,
        replace(
            KNOWLEDGE,
            coverage={
                "home": Coverage(
                    (
                        Interval(NOW - days(100), NOW - days(3), Grade.WITNESSED),
                        Interval(NOW - days(2), NOW, Grade.WITNESSED),
                    )
                )
            },
        ),
        ACCOUNT,
        Because.OUTSIDE_COVERAGE,
    ),
    (
        "an original older than the log",
        replace(BOUNCE, original=replace(BOUNCE.original, date=ARRIVAL - days(30))),
        replace(KNOWLEDGE, coverage={"home": Coverage((Interval(NOW - days(20), NOW, Grade.WITNESSED),))}),
        ACCOUNT,
        Because.OUTSIDE_COVERAGE,
    ),
    (
        "another account of the person has a hole",
        BOUNCE,
        replace(
            KNOWLEDGE,
            coverage={"home": COVERED, "work": Coverage((Interval(NOW - days(1), NOW, Grade.WITNESSED),))},
        ),
        ACCOUNT,
        Because.OUTSIDE_COVERAGE,
    ),
    (
        "complaints are never moved",
        replace(BOUNCE, kind=Kind.COMPLAINT),
        KNOWLEDGE,
        ACCOUNT,
        Because.KIND_OFF,
    ),
    (
        "a kind that is switched off",
        BOUNCE,
        KNOWLEDGE,
        replace(ACCOUNT, switches={**ACCOUNT.switches, Kind.BOUNCE: Switch.NEVER}),
        Because.KIND_OFF,
    ),
    ("an automatic reply outside of a storm", BY_REPLY, KNOWLEDGE, ACCOUNT, Because.NO_STORM),
]


@pytest.mark.parametrize(
    ("bounce", "knowledge", "account", "because"),
    [row[1:] for row in UNDECIDED],
    ids=[row[0] for row in UNDECIDED],
)
def test_it_stays_undecided(bounce: Bounce, knowledge: Knowledge, account: Account, because: Because) -> None:
    assert finding(bounce, knowledge, account) == (Verdict.UNDECIDED, because)


def test_an_automatic_reply_in_a_storm_to_an_id_of_a_stranger_is_an_orphan() -> None:
    assert finding(BY_REPLY, STORM) == (Verdict.ORPHAN, Because.UNKNOWN_ID)


def test_an_absurd_date_of_the_original_falls_back_on_the_arrival() -> None:
    coverage = {"home": Coverage((Interval(NOW - days(20), NOW, Grade.WITNESSED),))}
    for date in (ARRIVAL - days(9000), ARRIVAL + days(400)):
        bounce = replace(BOUNCE, original=replace(BOUNCE.original, date=date))
        assert finding(bounce, replace(KNOWLEDGE, coverage=coverage))[0] is Verdict.ORPHAN


def test_an_address_that_never_sends_convicts_without_an_id_but_not_outside_of_coverage() -> None:
    bounce = replace(BOUNCE, references=(), original=Original(sender="old@winter.example"), delivered_to=())
    identities = Identities(never_sends=frozenset(["old@winter.example"]))
    knowledge = replace(KNOWLEDGE, identities=identities)
    assert finding(bounce, knowledge) == (Verdict.ORPHAN, Because.NEVER_SENDS)
    late = {"home": Coverage((Interval(NOW - days(1), NOW, Grade.WITNESSED),))}
    assert finding(bounce, replace(knowledge, coverage=late))[0] is Verdict.UNDECIDED


# --- waiting --------------------------------------------------------------------------------------------


def test_it_waits_until_the_settle_time_is_over() -> None:
    early = replace(KNOWLEDGE, now=ARRIVAL + timedelta(minutes=9))
    assert finding(knowledge=early) == (Verdict.WAITING, Because.SETTLING)


@pytest.mark.parametrize(
    "coverage",
    [
        Coverage(),
        Coverage((Interval(NOW - days(100), ARRIVAL + timedelta(minutes=9), Grade.WITNESSED),)),
        Coverage((Interval(NOW - days(100), NOW - days(50), Grade.WITNESSED),)),
    ],
    ids=["never read", "read before the settle time was over", "not read for weeks"],
)
def test_it_waits_for_an_account_whose_sent_folder_was_not_read_since_and_names_it(
    coverage: Coverage,
) -> None:
    found = judge(BOUNCE, ARRIVAL, replace(KNOWLEDGE, coverage={"home": COVERED, "work": coverage}), ACCOUNT)
    assert found.verdict is Verdict.WAITING
    assert [(r.because, r["account"]) for r in found.because] == [(Because.SENT_UNREAD, "work")]


# --- what holds for all ---------------------------------------------------------------------------------

KEYS = st.sampled_from(["a@x", "b@x", "forged.1@spam.example", "x@spam.example"])
REFERENCES = st.builds(reference, KEYS, st.sampled_from(list(Weight)), by_reply=st.booleans())
BOUNCES = st.builds(
    Bounce,
    kind=st.sampled_from(list(Kind)),
    references=st.lists(REFERENCES, max_size=4).map(tuple),
    recipients=st.lists(st.sampled_from(["nobody@elsewhere.example", "friend@f.example"]), max_size=2).map(
        tuple
    ),
    original=st.builds(
        Original,
        sender=st.sampled_from([None, ME, "eve@other.example"]),
        subject=st.sampled_from([None, "", "Hello", "Cheap watches"]),
        date=st.sampled_from([None, ARRIVAL, ARRIVAL - days(30), ARRIVAL - days(9000)]),
    ),
    sender=st.sampled_from([None, "bob@firm.example", "mailer-daemon@x"]),
    delivered_to=st.lists(st.sampled_from([ME, "postmaster@x", "eve@other.example"]), max_size=2).map(tuple),
    incomplete=st.booleans(),
    stumbled=st.sampled_from([(), ("exim: ValueError",)]),
)
TIES = st.lists(
    st.builds(
        Tie,
        st.sampled_from(["nobody@elsewhere.example", "friend@f.example"]),
        st.sampled_from([ARRIVAL, ARRIVAL - days(3), ARRIVAL - days(20)]),
        st.sampled_from([None, "Hello", "Cheap watches"]),
    ),
    max_size=3,
).map(tuple)
ANSWERS = st.builds(Answer, known=st.frozensets(KEYS), ties=TIES, correspondents=st.just(frozenset()))


@given(bounce=BOUNCES, less=ANSWERS, more=ANSWERS)
def test_more_rows_in_the_log_never_condemn(bounce: Bounce, less: Answer, more: Answer) -> None:
    both = Answer(less.known | more.known, less.ties + more.ties)
    before = judge(bounce, ARRIVAL, replace(STORM, answer=less), ACCOUNT)
    after = judge(bounce, ARRIVAL, replace(STORM, answer=both), ACCOUNT)
    assert not (after.verdict is Verdict.ORPHAN and before.verdict is not Verdict.ORPHAN)
    assert not (before.verdict is Verdict.GENUINE and after.verdict is not Verdict.GENUINE)


@given(
    bounce=BOUNCES,
    sender=st.sampled_from([None, ME, "new@other.example", "third@x.example"]),
    delivered=st.sampled_from([(), (ME,), ("new@other.example",)]),
    stormy=st.booleans(),
)
def test_a_row_with_a_new_sender_condemns_nothing_but_what_is_about_that_address(
    bounce: Bounce, sender: str | None, delivered: tuple[str, ...], stormy: bool
) -> None:
    """What the person sends from is the person's from then on (design, 5).  Else such a row condemns none."""
    bounce = replace(bounce, delivered_to=delivered, original=replace(bounce.original, sender=sender))
    less = STORM if stormy else KNOWLEDGE
    more = replace(less, identities=replace(less.identities, learned=frozenset(["new@other.example"])))
    before, after = (judge(bounce, ARRIVAL, each, ACCOUNT) for each in (less, more))
    if "new@other.example" in (sender, *delivered):
        if after.verdict is Verdict.ORPHAN and before.verdict is not Verdict.ORPHAN:
            assert before.because[0].because in {Because.NOT_YOURS, Because.UNPROVED}
    else:
        assert after == before


@given(bounce=BOUNCES, answer=ANSWERS)
def test_an_orphan_always_has_a_strong_reference_that_the_log_does_not_know(
    bounce: Bounce, answer: Answer
) -> None:
    found: Finding = judge(bounce, ARRIVAL, replace(STORM, answer=answer), ACCOUNT)
    if found.verdict is Verdict.ORPHAN:
        assert any(r.weight is Weight.STRONG for r in bounce.references)
        assert all(answer.known.isdisjoint(r.id.keys) for r in bounce.references)


@given(bounces=st.lists(BOUNCES, max_size=5))
def test_the_question_holds_every_key_of_every_reference(bounces: list[Bounce]) -> None:
    question = question_for("", [(bounce, ARRIVAL) for bounce in bounces])
    assert {key for b in bounces for r in b.references for key in r.id.keys} == question.keys
