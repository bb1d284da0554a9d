"""Records as they are published, well and badly: read without asking anybody."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.advise import dkim, dmarc, spf
from scatterclean.advise.known import Known
from scatterclean.advise.naming import NoDomain, ascii_of, domain_in
from scatterclean.advise.transport import transport_of
from scatterclean.advise.weighing import Asked, weigh
from scatterclean.model.advised import Answer, Caution, Heard, Mute, Outcome, Point, Question, Topic, When
from scatterclean.wording import advised as words
from scatterclean.wording import shown

NONE = Answer(Heard.NO_NAME)


class Zone(dict[Question, Answer]):
    """What is not planted is not there."""

    def __missing__(self, _: Question) -> Answer:
        return NONE

    def get(self, key: Question, default: object = None) -> Answer:
        return self[key]


def zone(**texts: str | tuple[str, ...]) -> Known:
    """TXT records; "__" in a name stands for a dot; addresses of h.example are there."""
    planted = Zone({Question("A", "h.example"): Answer(Heard.RECORDS, ("192.0.2.1",))})
    for name, text in texts.items():
        records = (text,) if isinstance(text, str) else text
        planted[Question("TXT", name.replace("__", "."))] = Answer(Heard.RECORDS, records)
    return Known(planted)


def points(found: spf.Spf) -> list[Point]:
    return [each.point for each in found.remarks if each.point is not Point.RECORD]


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 -all",
        "V=SPF1 A -ALL",
        "v=spf1  a   -all ",
        "v=spf1 a:h.example/24//64 mx:h.example/32 -all",
        "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::1 -all",
        "v=spf1 exists:%{i}._spf.%{d2} -all",
        "v=spf1 exists:%{l1r-}.%{h}.example -all",
        "v=spf1 a -all exp=explain._spf.%{d}",
        "v=spf1 x-unknown=anything a -all",
        "v=spf1 -ip4:192.0.2.1 ?a:h.example -all",
    ],
)
def test_records_that_are_right_have_no_fault(record: str) -> None:
    found = spf.spf_of("h.example", zone(h__example=record))
    assert [p for p in points(found) if p is not Point.SPF_VOID] == [Point.SPF_STRICT]
    assert not found.broken


@pytest.mark.parametrize(
    ("term", "meant"),
    [
        ("ipv4:192.0.2.1", "ip4:192.0.2.1"),
        ("ip:192.0.2.0/24", "ip4:192.0.2.0/24"),
        ("ip4:2001:db8::1", "ip6:2001:db8::1"),
        ("ip4=192.0.2.1", "ip4:192.0.2.1"),
        ("include=_spf.host.example", "include:_spf.host.example"),
        ("include:_spf.host.example,", "include:_spf.host.example"),
        ("ip4:192.0.2.1;", "ip4:192.0.2.1"),
        ("include:_spf.host.example~all", "include:_spf.host.example"),
        ("ip4:192.0.2.1ip4:192.0.2.2", "ip4:192.0.2.1 ip4:192.0.2.2"),
        ("include:192.0.2.1", "ip4:192.0.2.1"),
        ("a:2001:db8::1", "ip6:2001:db8::1"),
        ("redirect:_spf.host.example", "include:_spf.host.example"),
        ("ip4:192.0.2.1-192.0.2.9", ""),
        ("ip4:192.0.2.*", ""),
        ("include._spf.host.example", "include:_spf.host.example"),
        ("2001:db8::/32", "ip6:2001:db8::/32"),
        ("192.0.2.1", "ip4:192.0.2.1"),
        ("include:host", ""),
        ("include:", ""),
        ("include", ""),
        ("include:https://host.example", ""),
        ("ip4:192.0.2.300", ""),
        ("ip4:192.0.2.0/33", ""),
        ("ip4:h.example", ""),
        ("mx:h.example/99", ""),
        ("all:h.example", ""),
        ("-", ""),
        ("hello", ""),
        ("a:%{x}.h.example", ""),
        ("redirect=", ""),
    ],
)
def test_a_term_that_is_none_is_put_right_where_it_is_plain_what_was_meant(term: str, meant: str) -> None:
    known = zone(h__example=f"v=spf1 {term} -all", _spf__host__example="v=spf1 ip4:192.0.2.1 -all")
    found = spf.spf_of("h.example", known)
    assert Point.SPF_SYNTAX in points(found)
    assert found.broken
    assert found.mended == (f"v=spf1 {meant} -all" if meant else "")


@pytest.mark.parametrize(
    "text",
    [
        "spf1 a -all",
        "v=spf a -all",
        "v=spf2 a -all",
        '"v=spf1 a -all"',
        "v = spf1 a -all",
        "v:spf1 a -all",
        "SPF",
    ],
)
def test_what_looks_like_spf_and_is_none_is_told_as_that(text: str) -> None:
    assert Point.SPF_NEARLY in points(spf.spf_of("h.example", zone(h__example=text)))


@pytest.mark.parametrize(
    "text", ["spf2.0/pra -all", "google-site-verification=spf", "v=DMARC1; p=none", "x v=spf1"]
)
def test_other_texts_are_not_taken_for_it(text: str) -> None:
    found = points(spf.spf_of("h.example", zone(h__example=text)))
    assert found == [Point.SPF_NONE]


def test_a_dash_of_a_word_processor_is_no_minus() -> None:
    published = "v=spf1 a \u2013all".encode().decode("latin-1")
    found = spf.spf_of("h.example", zone(h__example=published))
    assert Point.SPF_SYNTAX in points(found)
    assert found.mended == "v=spf1 a -all"


def test_an_include_that_lets_everybody_pass_is_found_and_left_out() -> None:
    known = zone(h__example="v=spf1 a include:open.example -all", open__example="v=spf1 +all")
    found = spf.spf_of("h.example", known)
    assert Point.SPF_OPEN in points(found)
    assert found.mended == "v=spf1 a -all"


def test_half_of_the_internet_is_too_much() -> None:
    found = spf.spf_of("h.example", zone(h__example="v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 a -all"))
    assert points(found).count(Point.SPF_WIDE) == 2
    assert found.mended == "v=spf1 a -all"


def test_what_stands_behind_all_is_brought_before_it() -> None:
    found = spf.spf_of("h.example", zone(h__example="v=spf1 -all a"))
    assert Point.SPF_AFTER_ALL in points(found)
    assert found.mended == "v=spf1 a -all"


def test_a_redirect_beside_all_does_not_count() -> None:
    found = spf.spf_of("h.example", zone(h__example="v=spf1 a redirect=gone.example -all"))
    assert points(found) == [Point.SPF_AFTER_ALL, Point.SPF_STRICT]
    assert found.mended == "v=spf1 a -all", "there is nothing where it leads"


def test_look_ups_are_counted_through_redirects_and_all_of_them() -> None:
    texts = {f"r{i}__example": f"v=spf1 redirect=r{i + 1}.example" for i in range(11)}
    found = spf.spf_of("r0.example", zone(**texts, r11__example="v=spf1 -all"))
    assert Point.SPF_LOOKUPS in points(found)
    assert found.lookups == 11


def test_a_tree_of_includes_that_never_ends_is_cut() -> None:
    texts = {
        f"n{i}__example": "v=spf1 " + " ".join(f"include:n{j}.example" for j in range(i + 1, i + 4)) + " -all"
        for i in range(40)
    }
    found = spf.spf_of("n0.example", zone(**texts))
    assert Point.SPF_LOOKUPS in points(found)
    assert found.lookups < 60


TERMS = st.sampled_from(
    (
        *("a", "mx", "ptr", "-all", "~all", "?all", "+all", "all", "a:h.example", "ip4:192.0.2.1"),
        *("ip4:0.0.0.0/0", "ipv4:192.0.2.9", "ip4:192.0.2.1,", "nonsense", "exists:%{i}.x", "exp=x.example"),
        *("include:ok.example", "include:open.example", "include:gone.example", "include:h.example"),
        *("redirect=ok.example", "include:ok.example~all"),
    )
)


@given(st.lists(TERMS, max_size=12))
def test_a_mended_record_has_no_fault_left_and_lets_no_stranger_pass(terms: list[str]) -> None:
    others = {"ok__example": "v=spf1 ip4:192.0.2.7 ?all", "open__example": "v=spf1 all"}
    found = spf.spf_of("h.example", zone(h__example=" ".join(("v=spf1", *terms)), **others))
    if not found.mended:
        return
    again = spf.spf_of("h.example", zone(h__example=found.mended, **others))
    assert set(points(again)) <= {Point.SPF_STRICT, Point.SPF_SOFT, Point.SPF_VOID}, found.mended
    assert again.all in "-~"


@pytest.mark.parametrize(
    ("text", "p"),
    [
        ("v=DMARC1; p=reject", "reject"),
        ("v=DMARC1;p=REJECT;", "reject"),
        ("v = DMARC1 ; p = quarantine", "quarantine"),
        ("v=DMARC1; rua=mailto:a@b.example; p=reject", "reject"),
        ("v=DMARC1; p=", "none"),
        ("v=DMARC1", "none"),
        ("v=DMARC1; p=block", "none"),
        ("v=DMARC1; p=none; p=reject", "none"),
    ],
)
def test_a_dmarc_record_is_read_as_receivers_do(text: str, p: str) -> None:
    policy = dmarc.read(text)
    assert policy is not None
    assert policy.p == p


@pytest.mark.parametrize(
    "text", ["v=dmarc1; p=reject", "DMARC1; p=reject", "p=reject; v=DMARC1", "v=DMARC1, p=none", ""]
)
def test_what_is_no_dmarc_record_is_none(text: str) -> None:
    assert dmarc.read(text) is None


@pytest.mark.parametrize(
    ("records", "owner", "asked"),
    [
        ({"b__c__d__example": "p=reject"}, "b.c.d.example", "reject"),
        ({"c__d__example": "p=quarantine", "d__example": "p=reject"}, "d.example", "reject"),
        ({"c__d__example": "p=quarantine; psd=n", "d__example": "p=reject"}, "c.d.example", "quarantine"),
        ({"c__d__example": "p=quarantine", "d__example": "p=reject; psd=y"}, "c.d.example", "quarantine"),
        ({"d__example": "p=reject; psd=y"}, "d.example", "reject"),
        ({"example": "p=reject"}, "", ""),
        ({"example": "p=reject; psd=y"}, "example", "reject"),
        ({}, "", ""),
    ],
)
def test_whose_record_holds_is_found_by_walking_up(records: dict[str, str], owner: str, asked: str) -> None:
    texts = {f"_dmarc__{name}": f"v=DMARC1; {text}" for name, text in records.items()}
    found = dmarc.dmarc_of("b.c.d.example", zone(**texts))
    assert (found.owner, found.asked) == (owner, asked)


def test_of_a_long_name_only_seven_labels_are_walked() -> None:
    known = zone()
    assert dmarc.dmarc_of("a.b.c.d.e.f.g.h.i.example", known).owner == ""
    assert dmarc._walk("a.b.c.d.e.f.g.h.i.example")[1] == "d.e.f.g.h.i.example"


def test_a_record_that_is_published_anew_keeps_what_does_no_harm() -> None:
    policy = dmarc.read(
        "v=DMARC1; p=none; sp=none; np=reject; pct=5; t=y; rua=dmarc@a.example, mailto:b@b.example!10m; "
        "ruf=mailto:c@c.example; adkim=s; aspf=r; fo=1; ri=3600; x=\x1b"
    )
    assert dmarc.record_of(policy, "reject") == (
        "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@a.example,mailto:b@b.example!10m; ruf=mailto:c@c.example; "
        "adkim=s; aspf=r; fo=1"
    )


def _key(bits: int, *, bare: bool = False) -> str:
    """The shape of a key is what counts; its number is no product of primes."""

    def der(tag: int, body: bytes) -> bytes:
        size = len(body)
        length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
        return bytes([tag]) + length + body

    modulus = b"\0" * (bits % 8 == 0) + ((1 << (bits - 1)) | 1).to_bytes((bits + 7) // 8, "big")
    inner = der(0x30, der(0x02, modulus) + der(0x02, b"\1\0\1"))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    whole = inner if bare else der(0x30, algorithm + der(0x03, b"\0" + inner))
    return base64.b64encode(whole).decode()


@pytest.mark.parametrize(
    ("text", "point"),
    [
        (f"v=DKIM1; k=rsa; p={_key(2048)}", Point.DKIM_GOOD),
        (f"p={_key(2048)}", Point.DKIM_GOOD),
        (f"v=DKIM1; p={_key(2048, bare=True)}", Point.DKIM_GOOD),
        (f"v=DKIM1; h=sha1:sha256; t=s; p={_key(4096)}", Point.DKIM_GOOD),
        (f"v=DKIM1; p={_key(2048)[:100]} {_key(2048)[100:]}", Point.DKIM_GOOD),
        (f"v=DKIM1; p={_key(1024)}", Point.DKIM_SHORT),
        (f"v=DKIM1; t=y; p={_key(1024)}", Point.DKIM_SHORT),
        (f"v=DKIM1; p={_key(1023)}", Point.DKIM_FACTORED),
        (f"v=DKIM1; h=sha1; p={_key(2048)}", Point.DKIM_SHA1),
        (f"v=DKIM1; t=y:s; p={_key(2048)}", Point.DKIM_TESTING),
        ("v=DKIM1; p=", Point.DKIM_REVOKED),
        ("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Point.DKIM_GOOD),
        ("v=DKIM1; k=ed25519; p=AAAA", Point.DKIM_BROKEN),
        ("v=DKIM1; k=dsa; p=AAAA", Point.DKIM_BROKEN),
        ("v=DKIM1; p=not base64!", Point.DKIM_BROKEN),
        (f"v=DKIM1; p={_key(2048)[:300]}", Point.DKIM_BROKEN),
        ("v=DKIM1; k=rsa", Point.DKIM_BROKEN),
    ],
)
def test_a_key_is_judged_by_what_is_in_it(text: str, point: Point) -> None:
    found = dkim.dkim_of("h.example", ("s1",), (), zone(s1___domainkey__h__example=text))
    assert [each.point for each in found.remarks] == [point]


@given(st.binary(max_size=60))
def test_no_key_is_too_odd_to_be_read(data: bytes) -> None:
    text = f"v=DKIM1; p={base64.b64encode(data).decode()}"
    found = dkim.dkim_of("h.example", ("s1",), (), zone(s1___domainkey__h__example=text))
    assert len(found.remarks) == 1


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_whatever_is_published_is_weighed_and_told(apex: str, policy: str, key: str) -> None:
    texts: dict[str, str | tuple[str, ...]] = {
        "h__example": (apex, f"v=spf1 {apex}"),
        "_dmarc__h__example": f"v=DMARC1; {policy}",
        "s1___domainkey__h__example": key,
        "_mta-sts__h__example": policy,
        "_smtp___tls__h__example": key,
    }
    known = zone(**texts)
    found = weigh(Asked("h.example", "h.example", ("s1",), today="20261129"), known)
    lines = words.told(found)
    assert found.outcome is not Outcome.NO_SUCH_DOMAIN
    assert [line.text for line in lines] == [shown(line.text, 10_000) for line in lines]
    for step in found.steps:
        for stage in step.stages:
            for record in stage.records:
                assert record.value.replace("\n", "").isascii()
                assert record.value.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("version: STSv1\r\nmode: enforce\r\nmx: mx.h.example\r\nmax_age: 604800\r\n", Point.STS_ENFORCE),
        ("version: STSv1\nmode: enforce\nmx: *.h.example\nmax_age: 604800", Point.STS_ENFORCE),
        ("version: STSv1\nmode: none\nmax_age: 86400", Point.STS_OFF),
        ("version: STSv1\nmode: enforce\nmx: *.example\nmax_age: 604800", Point.STS_MISMATCH),
        ("version: STSv1\nmode: enforce\nmx: mx.h.example\nmax_age: 60", Point.STS_SHORT),
        ("version: STSv1\nmode: enforce\nmax_age: 604800", Point.STS_POLICY_BROKEN),
        ("version: STSv1\nmode: on\nmx: mx.h.example\nmax_age: 604800", Point.STS_POLICY_BROKEN),
        ("version: STSv1\nmode: testing\nmx: mx.h.example\nmax_age: long", Point.STS_POLICY_BROKEN),
        ("mode: enforce\nmx: mx.h.example\nmax_age: 604800", Point.STS_POLICY_BROKEN),
        ("", Point.STS_POLICY_BROKEN),
    ],
)
def test_a_policy_is_read_as_senders_do(text: str, point: Point) -> None:
    planted = Zone(
        {
            Question("TXT", "_mta-sts.h.example"): Answer(Heard.RECORDS, ("v=STSv1; id=1;",)),
            Question("POLICY", "h.example"): Answer(Heard.RECORDS, (text,)),
        }
    )
    found = transport_of("h.example", ("mx.h.example",), Known(planted), "20261129")
    assert point in [each.point for each in found.remarks]


@pytest.mark.parametrize(
    ("typed", "ascii_form"),
    [
        ("Bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("winter.example.", "winter.example"),
        ("x_y.example", "x_y.example"),
    ],
)
def test_a_name_has_the_form_that_dns_knows(typed: str, ascii_form: str) -> None:
    assert ascii_of(domain_in(typed)) == ascii_form


@given(st.text(max_size=80))
def test_any_text_is_a_domain_or_is_none(typed: str) -> None:
    try:
        name = ascii_of(domain_in(typed))
    except NoDomain:
        return
    assert name.isascii()
    assert len(name) <= 253


def test_everything_that_can_be_found_has_its_words() -> None:
    assert set(words._POINTS) | {Point.PARKED} == set(Point)
    assert set(words._CAUTIONS) == set(Caution)
    assert set(words._WHEN) == set(When)
    assert set(words.MUTE) == set(Mute)
    assert set(words._TOPICS) == set(Topic)


@pytest.mark.parametrize(
    "text",
    [
        "v=dmarc1; p=reject; rua=mailto:d@h.example",
        " v=DMARC1; p=reject; rua=mailto:d@h.example",
        "v=DMARCl; p=reject; rua=mailto:d@h.example",
        "v=DMARC; p=reject; rua=mailto:d@h.example",
        "v=DMARC1, p=reject, rua=mailto:d@h.example",
        "v=DMARC1 p=reject rua=mailto:d@h.example",
        "v=DMARC1\\; p=reject\\; rua=mailto:d@h.example\\;",
        '"v=DMARC1; p=reject; rua=mailto:d@h.example"',
        "p=reject; rua=mailto:d@h.example",
    ],
)
def test_what_is_meant_as_a_dmarc_record_is_told_and_its_reports_are_kept(text: str) -> None:
    found = dmarc.dmarc_of("h.example", zone(_dmarc__h__example=text))
    assert [each.point for each in found.remarks] == [Point.DMARC_NEARLY]
    assert dmarc.record_of(found.near, "none") == "v=DMARC1; p=none; rua=mailto:d@h.example"


def test_ten_look_ups_and_two_that_find_nothing_are_allowed() -> None:
    hosts = " ".join(["a:h.example"] * 8)
    found = spf.spf_of("h.example", zone(h__example=f"v=spf1 {hosts} a:gone1.example mx:gone2.example -all"))
    assert points(found) == [Point.SPF_STRICT]
    more = spf.spf_of(
        "h.example", zone(h__example=f"v=spf1 {hosts} a:gone1.example mx:gone2.example a:gone3.example -all")
    )
    assert points(more) == [Point.SPF_LOOKUPS, Point.SPF_VOID]


def test_what_is_as_it_should_be_in_dmarc_is_no_fault() -> None:
    text = "v=DMARC1; p=reject; sp=reject; np=reject; pct=100; t=n; fo=1; adkim=r; rua=mailto:a@h.example"
    found = dmarc.dmarc_of("h.example", zone(_dmarc__h__example=text))
    assert [each.point for each in found.remarks] == [Point.RECORD, Point.DMARC_REJECT]


def test_reports_to_a_host_that_takes_them_are_no_fault() -> None:
    found = dmarc.dmarc_of(
        "h.example",
        zone(
            _dmarc__h__example="v=DMARC1; p=reject; rua=mailto:a@reports.example!10m",
            h__example___report___dmarc__reports__example="v=DMARC1",
        ),
    )
    assert [each.point for each in found.remarks] == [Point.RECORD, Point.DMARC_REJECT]
