"""Whose was it?  The cases stand in chains.txt, each with its verdict and why; here is what no line of text can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean import origin
from scatterclean.model import (
    MAX_HOP,
    MAX_HOPS,
    Bounce,
    Checked,
    Identities,
    Kind,
    Origin,
    Original,
    OriginSign,
    Provider,
    Signature,
    Whose,
)

ME = "ada@winter.example"
IDENTITIES = Identities(addresses=frozenset([ME]), shared=frozenset(["info@winter.example"]))
# The person's own server (winter), a provider that many share (bigmail), one machine of a relay.
PROVIDER = Provider(
    hosts=frozenset([".winter.example", ".bigmail.example", "smtp-out7.relay.example", "203.0.113.9"]),
    networks=("198.51.100.64/27", "2001:db8:25::/48", "not a network"),
    known=True,
    domains=frozenset(["winter.example"]),
    own=frozenset(["winter.example"]),
)
PROVIDERS = {
    "guessed": replace(PROVIDER, known=False),
    "none": Provider(),
    "shared": replace(PROVIDER, domains=frozenset(), own=frozenset()),
    "company": replace(PROVIDER, own=frozenset()),
    "sub": replace(PROVIDER, domains=frozenset(["ada.example.org"]), own=frozenset(["ada.example.org"])),
}
CASES = Path(__file__).with_name("chains.txt")

SPAM = (
    "from h7.spam.example (h7.spam.example [192.0.2.66]) by mx.elsewhere.example (Postfix) with ESMTP id 4AB"
)


@dataclass
class Case:
    why: str
    expected: str = ""
    got: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    dkim: list[Signature] = field(default_factory=list)
    sender: str | None = ME
    provider: Provider = PROVIDER


def read_cases() -> Iterator[Case]:
    case = None
    for line in CASES.read_text("utf-8").splitlines():
        mark, _, text = line.partition(" ")
        if mark == "=":
            if case is not None:
                yield case
            case = Case(text)
        if mark in {"", "#", "="}:
            continue
        assert case is not None, line
        if mark == "->":
            case.expected = text
        elif mark == "dkim:":
            domain, checked = text.split()
            case.dkim.append(Signature(domain, "s1", Checked(checked)))
        elif mark == "from:":
            case.sender = None if text == "-" else text
        elif mark == "provider:":
            case.provider = PROVIDERS[text]
        else:
            {"got:": case.got, "out:": case.out}[mark].append(text)
    assert case is not None, "no cases"
    yield case


TABLE = list(read_cases())


def traced(
    got: list[str],
    out: list[str] | None = None,
    *,
    dkim: list[Signature] | None = None,
    sender: str | None = ME,
    provider: Provider = PROVIDER,
) -> Origin:
    original = Original(sender=sender, received=tuple(got), dkim=tuple(dkim or ()), dkim_signed=bool(dkim))
    bounce = Bounce(kind=Kind.BOUNCE, original=original, received=tuple(out or ()))
    return origin.trace(bounce, provider, IDENTITIES)


def of(case: Case) -> Origin:
    return traced(case.got, case.out, dkim=case.dkim, sender=case.sender, provider=case.provider)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.why)
def test_origin(case: Case) -> None:
    found = of(case)
    assert f"{found.whose}, {found.sign}" == case.expected, f"{case.why}: {found.line}"


def test_the_table_has_every_sign_and_says_why_only_once() -> None:
    assert len({case.why for case in TABLE}) == len(TABLE) >= 60
    assert {case.expected.partition(", ")[2] for case in TABLE} == {sign.value for sign in OriginSign}


# --- what comes back in pieces --------------------------------------------------------------------------


def test_lines_that_were_not_kept_to_their_end_might_have_named_the_provider() -> None:
    assert traced([SPAM, "x" * (MAX_HOP - 1)]).whose is Whose.STRANGER
    assert traced([SPAM, "x" * MAX_HOP]).whose is Whose.UNKNOWN
    assert traced([SPAM] * (MAX_HOPS - 1)).whose is Whose.STRANGER
    assert traced([SPAM] * MAX_HOPS).whose is Whose.UNKNOWN


def test_a_line_that_does_not_say_whose_it_is_was_written_by_who_reports() -> None:
    room = "from mx.elsewhere.example (HELO mx.elsewhere.example) (192.0.2.80) by 0 with SMTP"
    original = Original(sender=ME, received=(room,))
    bounce = Bounce(kind=Kind.BOUNCE, original=original, sender="mailer-daemon@elsewhere.example")
    assert origin.trace(bounce, PROVIDER, IDENTITIES).whose is Whose.UNKNOWN
    foreign = replace(original, received=(room.replace("mx.elsewhere", "h7.spam"),))
    assert origin.trace(replace(bounce, original=foreign), PROVIDER, IDENTITIES).whose is Whose.STRANGER


def test_a_chain_of_junk_shows_no_stranger() -> None:
    junk = ["\x00", "from", "by by by", "(" * 99, "", ";", "from by", "\ud800 from \x01"]
    assert traced(junk).sign is OriginSign.NO_CHAIN
    assert traced([SPAM, *junk]).sign is OriginSign.CHAIN


def test_networks_contain_private_addresses_only_where_they_say_so() -> None:
    line = "from pc (pc.spam.example [10.1.2.3]) by mx.elsewhere.example (Postfix) with ESMTP id 1"
    assert traced([line]).whose is Whose.STRANGER
    assert traced([line], provider=replace(PROVIDER, networks=("10.1.0.0/16",))).sign is OriginSign.HOP


# --- the line of evidence -------------------------------------------------------------------------------

OWN = "from pc (unknown [203.0.113.9]) by mx.elsewhere.example (Postfix) with ESMTP id 7"


@pytest.mark.parametrize(
    ("got", "line"),
    [
        ([SPAM, OWN], OWN),
        ([SPAM, SPAM + "x"], SPAM),
        ([SPAM + "x" * 900], (SPAM + "x" * 200)[:200]),
        ([], ""),
    ],
)
def test_the_evidence_is_the_line_that_names_the_provider_or_the_topmost(got: list[str], line: str) -> None:
    assert traced(got).line == line


def test_a_signature_is_quoted_by_domain_and_selector() -> None:
    signature = Signature("winter.example", "s1", Checked.PASS)
    assert traced([], dkim=[signature]).line == "d=winter.example s=s1"
    assert traced([], dkim=[replace(signature, checked=Checked.UNKNOWN)]).line == "winter.example"


# --- what a stranger can write --------------------------------------------------------------------------

PIECES = st.sampled_from(
    [line for case in TABLE for line in (*case.got, *case.out)]
    + [piece for case in TABLE for line in case.got[:1] for piece in line.split()]
)
LINES = st.one_of(PIECES, st.lists(PIECES, max_size=6).map(" ".join), st.text(max_size=60))
SEVERITY = {Whose.STRANGER: 0, Whose.UNKNOWN: 1, Whose.PROVIDER: 2, Whose.YOURS: 3}


@given(case=st.sampled_from(TABLE), pasted=st.lists(LINES, max_size=4))
def test_received_lines_pasted_below_condemn_nothing_and_make_nothing_yours(
    case: Case, pasted: list[str]
) -> None:
    before = of(case)
    after = of(replace(case, got=[*case.got, *pasted]))
    if case.got:
        assert after.whose is not Whose.YOURS or before.whose is Whose.YOURS
        # Who handed it over may only now be seen: without a hand-over it was unknown, and no acquittal.
        assert after.whose is not Whose.STRANGER or before.sign in {OriginSign.CHAIN, OriginSign.NO_CHAIN}
        assert before.whose is not Whose.PROVIDER or after.whose is not Whose.UNKNOWN


@given(lines=st.lists(LINES, max_size=5), inner=st.lists(LINES, max_size=5), known=st.booleans())
def test_a_wholly_forged_bounce_is_never_yours(lines: list[str], inner: list[str], *, known: bool) -> None:
    outside = SPAM.replace("mx.elsewhere", "mail.winter")
    found = traced(inner, [outside, *lines], provider=replace(PROVIDER, known=known))
    assert found.whose is not Whose.YOURS


@given(
    got=st.lists(st.text(max_size=200), max_size=4),
    out=st.lists(st.text(max_size=200), max_size=3),
    hosts=st.frozensets(st.text(max_size=20), max_size=3),
    networks=st.lists(st.text(max_size=20), max_size=2),
)
def test_no_text_makes_it_raise(
    got: list[str], out: list[str], hosts: frozenset[str], networks: list[str]
) -> None:
    found = traced(got, out, provider=Provider(hosts, tuple(networks), known=True, domains=hosts, own=hosts))
    assert len(found.line) <= 200
    origin.outbound(got, ME, "".join(out))


@settings(max_examples=20)
@given(hosts=st.frozensets(st.sampled_from(["spam.example", ".example", "192.0.2.66", ".elsewhere.example"])))
def test_to_know_more_of_the_provider_makes_no_stranger(hosts: frozenset[str]) -> None:
    for case in TABLE:
        more = replace(case.provider, hosts=case.provider.hosts | hosts)
        before, after = of(case), of(replace(case, provider=more))
        assert SEVERITY[after.whose] >= SEVERITY[before.whose]


JUNK = [
    "(" * 100_000,
    "a" * 100_000,
    "a." * 50_000,
    "@" * 100_000,
    "a@" * 50_000,
    "from " * 20_000,
    "for <" * 20_000,
    "1." * 50_000,
    ":" * 100_000,
    "::1 " * 25_000,
    " " * 100_000,
    "(auth" * 20_000,
    "helo=" * 20_000,
    "by x (Postfix" * 8_000,
]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: junk[:8])
def test_a_line_of_100_kilobytes_is_read_in_linear_time(junk: str) -> None:
    """Quadratic ones would take minutes."""
    assert traced([junk, SPAM], [junk]).whose is not Whose.YOURS
    assert origin.outbound([junk], ME, "imap.winter.example") is not None
