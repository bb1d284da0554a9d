"""The rules of `judge` that weigh origin, calibration, shapes and received mail: row by row, and what changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.judge import judge
from scatterclean.model import (
    Account,
    Answer,
    Because,
    Bounce,
    Checked,
    Coverage,
    Grade,
    Identities,
    Interval,
    Knowledge,
    MessageId,
    Provider,
    Signature,
    Verdict,
    Weight,
    WithoutId,
)
from scatterclean.shapes import shape_of

from .people import ACCOUNT, ARRIVAL, BOUNCE, COVERED, KNOWLEDGE, ME, NOW, days, reference

WITNESSED = Coverage((Interval(NOW - days(100), NOW, Grade.WITNESSED),))
NO_CHAIN = replace(BOUNCE, original=replace(BOUNCE.original, received=()))
OWN_HOP = "from laptop (dip.example [203.0.113.5]) by smtp.winter.example with ESMTP id 1"
HOP = replace(BOUNCE, original=replace(BOUNCE.original, received=(*BOUNCE.original.received, OWN_HOP)))
FORGED_SHAPE = shape_of(MessageId("forged.1@spam.example"))


def signed(checked: Checked) -> Bounce:
    signature = Signature("winter.example", "s1", checked)
    return replace(BOUNCE, original=replace(BOUNCE.original, dkim_signed=True, dkim=(signature,)))


def knowledge(base: Knowledge = KNOWLEDGE, **changes: object) -> Knowledge:
    return replace(base, **changes)  # type: ignore[arg-type]  # the fields of Knowledge


def finding(
    bounce: Bounce = BOUNCE, known: Knowledge = KNOWLEDGE, account: Account = ACCOUNT
) -> tuple[Verdict, Because]:
    found = judge(bounce, ARRIVAL, known, account)
    return found.verdict, found.because[0].because


# --- is silence enough? ---------------------------------------------------------------------------------

CALIBRATED = frozenset(["home"])


@pytest.mark.parametrize(
    ("bounce", "coverage", "calibrated", "expected"),
    [
        # foreign sign: any grade, proved or not
        (BOUNCE, COVERED, frozenset(), (Verdict.ORPHAN, Because.UNKNOWN_ID)),
        (BOUNCE, WITNESSED, frozenset(), (Verdict.ORPHAN, Because.UNKNOWN_ID)),
        # no chain came back: only watched and proved
        (NO_CHAIN, COVERED, frozenset(), (Verdict.UNDECIDED, Because.UNPROVED)),
        (NO_CHAIN, COVERED, CALIBRATED, (Verdict.UNDECIDED, Because.UNPROVED)),
        (NO_CHAIN, WITNESSED, frozenset(), (Verdict.UNDECIDED, Because.UNPROVED)),
        (NO_CHAIN, WITNESSED, CALIBRATED, (Verdict.ORPHAN, Because.UNKNOWN_ID)),
        # a hop of the provider: never
        (HOP, WITNESSED, CALIBRATED, (Verdict.UNDECIDED, Because.PROVIDER_HOP)),
    ],
)
def test_without_a_foreign_sign_only_a_watched_and_proved_log_convicts(
    bounce: Bounce,
    coverage: Coverage,
    calibrated: frozenset[str],
    expected: tuple[Verdict, Because],
) -> None:
    known = knowledge(coverage={"home": coverage}, calibrated=calibrated)
    assert finding(bounce, known) == expected


WATCHED = replace(KNOWLEDGE, coverage={"home": WITNESSED}, calibrated=CALIBRATED)
STORM = replace(WATCHED, storms=((ARRIVAL - days(1), ARRIVAL + days(1)),))


def about(an_id: str = "forged.1@spam.example", sender: str | None = ME) -> Bounce:
    original = replace(NO_CHAIN.original, sender=sender)
    return replace(NO_CHAIN, original=original, references=(reference(an_id),))


@pytest.mark.parametrize(
    ("bounce", "why"),
    [
        (about("7F3C2A1B-0D9E-4A8B-9C7D-1E2F3A4B5C6D@phone.local"), "device"),
        (about("7F3C2A1B-0D9E-4A8B-9C7D-1E2F3A4B5C6D@spam.example"), "device"),
        (about("1700.12@adas-laptop"), "device"),
        (about("1700.12@fritz.box"), "device"),
        (about("1700.12@winter.example"), "device"),
        (about("1700.12@www.winter.example"), "device"),
        (about("abc.123@email.android.com"), "device"),
        (about(sender="x@readers.example"), "passed-on"),
        (about(sender=None), "passed-on"),
    ],
)
def test_what_could_be_of_a_phone_or_forwarder_is_convicted_by_silence_only_in_a_storm(
    bounce: Bounce, why: str
) -> None:
    found = judge(bounce, ARRIVAL, WATCHED, ACCOUNT)
    assert (found.verdict, found.because[0]["why"]) == (Verdict.UNDECIDED, why)
    assert finding(bounce, STORM) == (Verdict.ORPHAN, Because.UNKNOWN_ID)
    strangers = replace(bounce, original=replace(bounce.original, received=BOUNCE.original.received))
    assert finding(strangers, WATCHED) == (Verdict.ORPHAN, Because.UNKNOWN_ID)


@pytest.mark.parametrize(
    "an_id", ["1700.12@spam.example", "1700.12@winter.example.org", "1700.12@203.0.113.9"]
)
def test_what_is_like_nothing_of_the_persons_is_convicted_by_silence_alone(an_id: str) -> None:
    assert finding(about(an_id), WATCHED) == (Verdict.ORPHAN, Because.UNKNOWN_ID)


def test_as_long_as_the_provider_is_unknown_a_chain_is_no_foreign_sign() -> None:
    known = knowledge(provider=Provider(hosts=frozenset([".winter.example"]), known=False))
    assert finding(BOUNCE, known) == (Verdict.UNDECIDED, Because.UNPROVED)
    found = judge(BOUNCE, ARRIVAL, known, ACCOUNT).because[0]
    assert (found["why"], found["sign"]) == ("backfilled", "provider-unknown")


@pytest.mark.parametrize(
    ("domain", "verdict"), [("winter.example", Verdict.ORPHAN), ("x.example", Verdict.UNDECIDED)]
)
def test_spf_makes_the_provider_known_for_its_own_domain_alone(domain: str, verdict: Verdict) -> None:
    provider = Provider(hosts=frozenset([".winter.example"]), known_for=frozenset([domain]))
    assert finding(BOUNCE, knowledge(provider=provider))[0] is verdict


def test_an_orphan_with_a_foreign_sign_says_so() -> None:
    assert [r.because for r in judge(BOUNCE, ARRIVAL, KNOWLEDGE, ACCOUNT).because] == [
        Because.UNKNOWN_ID,
        Because.FOREIGN,
    ]


def two(filing: Mapping[str, frozenset[str]]) -> Knowledge:
    coverage = {"home": WITNESSED, "work": COVERED}
    return knowledge(coverage=coverage, calibrated=CALIBRATED, filing=filing)


def test_every_account_in_which_the_mail_may_be_filed_must_be_watched_and_proved() -> None:
    assert finding(NO_CHAIN, two({})) == (Verdict.UNDECIDED, Because.UNPROVED)


def test_addresses_of_an_account_narrow_whose_mail_is_filed_there() -> None:
    other = two({"home": frozenset(), "work": frozenset(["ada@office.example"])})
    assert finding(NO_CHAIN, other) == (Verdict.ORPHAN, Because.UNKNOWN_ID)
    same = two({"home": frozenset(), "work": frozenset([ME])})
    assert finding(NO_CHAIN, same) == (Verdict.UNDECIDED, Because.UNPROVED)


def test_an_account_that_cannot_file_it_is_not_waited_for() -> None:
    known = knowledge(
        coverage={"home": COVERED, "work": Coverage()},
        filing={"work": frozenset(["ada@office.example"])},
    )
    assert finding(BOUNCE, known) == (Verdict.ORPHAN, Because.UNKNOWN_ID)


# --- may be the person's own ----------------------------------------------------------------------------


def test_an_id_of_a_shape_that_unlogged_mail_has_acquits_also_with_a_foreign_sign() -> None:
    known = knowledge(unlogged=frozenset([FORGED_SHAPE]))
    assert finding(BOUNCE, known) == (Verdict.UNDECIDED, Because.UNLOGGED_SHAPE)


@pytest.mark.parametrize(
    ("pattern", "own"), [("*@spam.example", True), ("FORGED.*", True), ("*@x.example", False)]
)
def test_ids_that_the_person_trusts_acquit(pattern: str, own: bool) -> None:
    account = replace(ACCOUNT, own_ids=(pattern,))
    expected = (Verdict.UNDECIDED, Because.OWN_SHAPE) if own else (Verdict.ORPHAN, Because.UNKNOWN_ID)
    assert finding(account=account) == expected


def test_a_recipient_whom_the_person_writes_to_acquits() -> None:
    known = knowledge(answer=Answer(correspondents=frozenset(["nobody@elsewhere.example"])))
    assert finding(BOUNCE, known) == (Verdict.UNDECIDED, Because.CORRESPONDENT)


def test_what_the_person_received_acquits() -> None:
    known = knowledge(received=frozenset(["forged.1@spam.example"]))
    assert finding(BOUNCE, known) == (Verdict.UNDECIDED, Because.RECEIVED)


def test_a_weak_reference_to_received_mail_acquits_too() -> None:
    bounce = replace(BOUNCE, references=(*BOUNCE.references, reference("letter@firm.example", Weight.WEAK)))
    known = knowledge(received=frozenset(["letter@firm.example"]))
    assert finding(bounce, known) == (Verdict.UNDECIDED, Because.RECEIVED)


def test_what_the_provider_received_for_the_person_acquits() -> None:
    hop = "from mx.firm.example ([192.0.2.9]) by mx.winter.example with ESMTP id 7 for <ada@winter.example>"
    original = replace(BOUNCE.original, sender="bob@firm.example", received=(*BOUNCE.original.received, hop))
    assert finding(replace(BOUNCE, original=original)) == (Verdict.UNDECIDED, Because.FORWARDED)


def test_what_a_program_wrote_in_the_persons_name_convicts_only_with_a_foreign_sign() -> None:
    known = knowledge(coverage={"home": WITNESSED}, calibrated=CALIBRATED)
    automatic = replace(NO_CHAIN, original=replace(NO_CHAIN.original, automatic=True))
    assert finding(automatic, known) == (Verdict.UNDECIDED, Because.AUTOMATIC)
    strange = replace(BOUNCE, original=replace(BOUNCE.original, automatic=True))
    assert finding(strange, known) == (Verdict.ORPHAN, Because.UNKNOWN_ID)


def test_an_own_signature_that_could_not_be_checked_acquits() -> None:
    assert finding(signed(Checked.UNKNOWN)) == (Verdict.UNDECIDED, Because.UNCHECKED)


def test_a_forged_signature_is_no_witness() -> None:
    assert finding(signed(Checked.FAIL)) == (Verdict.ORPHAN, Because.UNKNOWN_ID)


# --- alarm ----------------------------------------------------------------------------------------------


WATCHED = knowledge(coverage={"home": WITNESSED}, calibrated=CALIBRATED)


def test_a_valid_own_signature_on_an_unlogged_message_is_an_alarm() -> None:
    assert finding(signed(Checked.PASS), WATCHED) == (Verdict.ALARM, Because.SENT_BY_YOU)


def test_a_logged_message_is_no_alarm() -> None:
    known = knowledge(WATCHED, answer=Answer(known=frozenset(["forged.1@spam.example"])))
    assert finding(signed(Checked.PASS), known) == (Verdict.GENUINE, Because.ID_LOGGED)


def test_there_is_no_alarm_before_the_log_would_have_known() -> None:
    fresh = knowledge(
        WATCHED, coverage={"home": Coverage((Interval(NOW - days(100), ARRIVAL, Grade.WITNESSED),))}
    )
    assert finding(signed(Checked.PASS), fresh) == (Verdict.WAITING, Because.SENT_UNREAD)
    early = knowledge(WATCHED, now=ARRIVAL + timedelta(minutes=1))
    assert finding(signed(Checked.PASS), early) == (Verdict.WAITING, Because.SETTLING)


def test_where_the_log_has_a_hole_there_is_no_alarm_and_no_conviction() -> None:
    hole = Coverage(
        (
            Interval(NOW - days(100), NOW - days(5), Grade.WITNESSED),
            Interval(NOW - days(4), NOW, Grade.WITNESSED),
        )
    )
    assert finding(signed(Checked.PASS), knowledge(WATCHED, coverage={"home": hole})) == (
        Verdict.UNDECIDED,
        Because.MAY_BE_YOURS,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"unlogged": frozenset([FORGED_SHAPE])},
        {"received": frozenset(["forged.1@spam.example"])},
        {"logged": 0},
        {"coverage": {"home": COVERED}},  # Sent was read later: it may have been tidied
        {"calibrated": frozenset()},  # the person may send from where no copy is filed
    ],
)
def test_a_message_with_a_harmless_explanation_is_no_alarm(changes: dict[str, object]) -> None:
    assert finding(signed(Checked.PASS), knowledge(WATCHED, **changes))[0] is Verdict.UNDECIDED


@pytest.mark.parametrize(
    "changes",
    [
        {"automatic": True},  # a vacation reply of the person's bounced: who wrote to it can cause that
        {"date": None},  # somebody sent an old message again, of a time of which the log says nothing
        {"date": ARRIVAL - days(4000)},
    ],
)
def test_an_original_that_a_stranger_could_have_caused_is_no_alarm(changes: dict[str, object]) -> None:
    original = replace(signed(Checked.PASS).original, **changes)  # type: ignore[arg-type]  # its fields
    assert finding(replace(BOUNCE, original=original), WATCHED)[0] is Verdict.UNDECIDED


@pytest.mark.parametrize("changes", [{"stumbled": ("exim: ValueError",)}, {"incomplete": True}])
def test_what_was_not_read_to_the_end_is_no_alarm(changes: dict[str, object]) -> None:
    bounce = replace(signed(Checked.PASS), **changes)  # type: ignore[arg-type]  # the fields of Bounce
    assert finding(bounce, WATCHED)[0] is Verdict.UNDECIDED


def test_the_signature_of_a_domain_that_others_use_too_is_no_alarm() -> None:
    provider = replace(KNOWLEDGE.provider, own=frozenset())
    assert finding(signed(Checked.PASS), knowledge(WATCHED, provider=provider))[0] is Verdict.UNDECIDED


def test_a_colleagues_message_is_no_alarm() -> None:
    colleague = replace(signed(Checked.PASS).original, sender="bob@winter.example")
    bounce = replace(BOUNCE, original=colleague)
    assert finding(bounce)[0] is Verdict.UNDECIDED


# --- no id ----------------------------------------------------------------------------------------------

NO_ID = replace(BOUNCE, references=())
BY_RECIPIENT = replace(ACCOUNT, without_id=WithoutId.RECIPIENT)


def test_without_an_id_it_stays_by_default() -> None:
    assert finding(NO_ID) == (Verdict.UNDECIDED, Because.NO_REFERENCE)


@pytest.mark.parametrize(
    ("bounce", "known", "expected"),
    [
        (NO_ID, KNOWLEDGE, (Verdict.ORPHAN, Because.NEVER_WROTE)),
        # recipients that are not known
        (replace(NO_ID, recipients=()), KNOWLEDGE, (Verdict.UNDECIDED, Because.NO_REFERENCE)),
        # no foreign sign
        (replace(NO_CHAIN, references=()), KNOWLEDGE, (Verdict.UNDECIDED, Because.NO_REFERENCE)),
        # a header that was cut off
        (
            replace(NO_ID, original=replace(NO_ID.original, subject=None, date=None)),
            KNOWLEDGE,
            (Verdict.UNDECIDED, Because.NO_REFERENCE),
        ),
        # somebody there was written to
        (
            replace(NO_ID, recipients=("a@b.example", "c@d.example")),
            knowledge(answer=Answer(correspondents=frozenset(["c@d.example"]))),
            (Verdict.UNDECIDED, Because.NO_REFERENCE),
        ),
        # not the person's address
        (
            replace(NO_ID, delivered_to=("bob@winter.example",)),
            KNOWLEDGE,
            (Verdict.UNDECIDED, Because.NOT_YOURS),
        ),
        # not covered
        (
            NO_ID,
            knowledge(coverage={"home": Coverage((Interval(ARRIVAL - days(1), NOW, Grade.WITNESSED),))}),
            (Verdict.UNDECIDED, Because.OUTSIDE_COVERAGE),
        ),
    ],
)
def test_by_recipient_only_with_all_evidence_there_is(
    bounce: Bounce, known: Knowledge, expected: tuple[Verdict, Because]
) -> None:
    assert finding(bounce, known, BY_RECIPIENT) == expected


def test_an_address_that_never_sends_convicts_after_every_acquittal_and_coverage() -> None:
    identities = Identities(addresses=frozenset([ME]), never_sends=frozenset(["info@winter.example"]))
    bounce = replace(NO_ID, original=replace(NO_CHAIN.original, sender="info@winter.example"))
    known = knowledge(identities=identities)
    assert finding(bounce, known) == (Verdict.ORPHAN, Because.NEVER_SENDS)
    assert finding(bounce, replace(known, coverage={"home": Coverage()}))[0] is Verdict.WAITING
    assert finding(bounce, replace(known, logged=0)) == (Verdict.UNDECIDED, Because.EMPTY_LOG)


# --- properties -----------------------------------------------------------------------------------------

BAD = frozenset([Verdict.ORPHAN, Verdict.ALARM])
lines = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            OWN_HOP,
            "from x by mx.winter.example for <ada@winter.example>",
            "from [192.0.2.1] (Authenticated sender: ada@winter.example) by smtp.winter.example with ESMTPSA id 1",
            "by 10.0.0.1 with SMTP",
        ]
    ),
)


@given(st.lists(lines, max_size=5), st.booleans())
def test_received_lines_that_a_stranger_adds_can_only_keep_mail_in_the_inbox(
    pasted: list[str], below: bool
) -> None:
    """Whatever else stands in the returned part, what stayed does not move, and no alarm is raised."""
    for bounce, known in ((HOP, KNOWLEDGE), (NO_CHAIN, KNOWLEDGE), (BOUNCE, KNOWLEDGE)):
        before = finding(bounce, known)[0]
        chain = (*bounce.original.received, *pasted) if below else (*pasted, *bounce.original.received)
        after = finding(replace(bounce, original=replace(bounce.original, received=chain)), known)[0]
        assert after is not Verdict.ALARM
        if bounce is not NO_CHAIN:  # a chain that was not there before is a sign of its own
            assert after is not Verdict.ORPHAN or before is Verdict.ORPHAN
