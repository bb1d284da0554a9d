"""SPF records become all that they authorise, or nothing at all: a list that lacks a network convicts the innocent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.names.spf import networks

Known = tuple[str, ...] | None


@dataclass
class Zone:
    """Look-ups in a table; what is not in it does not exist."""

    txt: Mapping[str, str | tuple[str, ...] | None]
    hosts: Mapping[str, Known] = field(default_factory=dict)
    mx: Mapping[str, Known] = field(default_factory=dict)

    def texts(self, name: str) -> Known:
        found = self.txt.get(name.lower().rstrip("."), ())
        return (found,) if isinstance(found, str) else found

    def addresses(self, name: str) -> Known:
        return self.hosts.get(name.lower().rstrip("."), ())

    def exchangers(self, name: str) -> Known:
        return self.mx.get(name.lower().rstrip("."), ())


HOSTS: Mapping[str, Known] = {
    "example.org": ("192.0.2.1", "2001:db8::1"),
    "mail.example.org": ("192.0.2.25",),
    "mx1.example.org": ("198.51.100.1",),
    "mx2.example.org": ("198.51.100.2", "2001:db8::2"),
    "silent.example.org": None,
}
MX: Mapping[str, Known] = {
    "example.org": ("mx1.example.org", "mx2.example.org"),
    "null.example": (),
    "many.example": tuple(f"h{i}.example" for i in range(11)),
    "silent.example.org": None,
}
OTHERS = {
    "_spf.example.net": "v=spf1 ip4:203.0.113.0/24 ~all",
    "open.example": "v=spf1 +all",
    "none.example": "hello",
    "loop.example": "v=spf1 include:loop.example -all",
    "neutral.example": "v=spf1 ip4:203.0.113.9 ?all",
    "silent.example": None,
    "macro.example": "v=spf1 exists:%{i}.example -all",
    **{f"deep{i}.example": f"v=spf1 include:deep{i + 1}.example -all" for i in range(12)},
    "deep12.example": "v=spf1 ip4:192.0.2.9 -all",
}

EXPANDED = {
    "v=spf1 -all": (),
    "v=spf1 ip4:192.0.2.7 -all": ("192.0.2.7/32",),
    "V=SPF1 IP4:192.0.2.7 -ALL": ("192.0.2.7/32",),
    "v=spf1   ip4:192.0.2.0/24  ip6:2001:db8::/32   ~all  ": ("192.0.2.0/24", "2001:db8::/32"),
    "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 ip4:192.0.2.4 -all": ("192.0.2.0/24",),
    "v=spf1 ip4:192.0.2.77/24 -all": ("192.0.2.0/24",),
    "v=spf1 a -all": ("192.0.2.1/32", "2001:db8::1/128"),
    "v=spf1 a/24//64 -all": ("192.0.2.0/24", "2001:db8::/64"),
    "v=spf1 a:mail.example.org -all": ("192.0.2.25/32",),
    "v=spf1 a:mail.example.org/28 -all": ("192.0.2.16/28",),
    "v=spf1 mx -all": ("198.51.100.1/32", "198.51.100.2/32", "2001:db8::2/128"),
    "v=spf1 mx//48 -all": ("198.51.100.1/32", "198.51.100.2/32", "2001:db8::/48"),
    "v=spf1 include:_spf.example.net -all": ("203.0.113.0/24",),
    "v=spf1 redirect=_spf.example.net": ("203.0.113.0/24",),
    "v=spf1 redirect=none.example ip4:192.0.2.7 -all": ("192.0.2.7/32",),
    # What the record is not sure of keeps mail; what it takes out is left in, or was never there.
    "v=spf1 ?ip4:192.0.2.7 ~a:mail.example.org -all": ("192.0.2.7/32", "192.0.2.25/32"),
    "v=spf1 -ip4:192.0.2.7 -exists:%{i}.x.example ip4:192.0.2.0/24 -all": ("192.0.2.0/24",),
    "v=spf1 include:neutral.example -all": ("203.0.113.9/32",),
    "v=spf1 exp=%{d}.example odd=thing ip4:192.0.2.7 -all": ("192.0.2.7/32",),
    "v=spf1 ip4:192.0.2.7 -all ip4:198.51.100.0/24 include:silent.example": ("192.0.2.7/32",),
}
UNKNOWN = (
    "v=spf1 +all",
    "v=spf1 all",
    "v=spf1 ip4:192.0.2.7 ?all",
    "v=spf1 ip4:192.0.2.7",
    "v=spf1",
    "v=spf1 ip4:0.0.0.0/0 -all",
    "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
    "v=spf1 ip6:::/0 -all",
    "v=spf1 a/0 -all",
    "v=spf1 include:open.example -all",
    "v=spf1 include:none.example -all",
    "v=spf1 include:nowhere.example -all",
    "v=spf1 include:silent.example -all",
    "v=spf1 include:loop.example -all",
    "v=spf1 include:macro.example -all",
    "v=spf1 include: -all",
    "v=spf1 include:_spf.example.net/24 -all",
    "v=spf1 include:deep0.example -all",
    "v=spf1 redirect=neutral.example",
    "v=spf1 redirect=nowhere.example",
    "v=spf1 redirect=_spf.example.net redirect=_spf.example.net",
    "v=spf1 exists:a.example -all",
    "v=spf1 ptr -all",
    "v=spf1 ptr:example.org -all",
    "v=spf1 a:%{d} -all",
    "v=spf1 include:%{d2}.example -all",
    "v=spf1 a:silent.example.org -all",
    "v=spf1 mx:silent.example.org -all",
    "v=spf1 mx:many.example -all",
    "v=spf1 a:x1.example a:x2.example a:x3.example -all",
    "v=spf1 ip4:192.0.2.300 -all",
    "v=spf1 ip4:192.0.2.1/33 -all",
    "v=spf1 ip6:fe80::1%eth0 -all",
    "v=spf1 ip4 -all",
    "v=spf1 a/33 -all",
    "v=spf1 a/x -all",
    "v=spf1 foo:bar -all",
    "v=spf1 -all=",  # a modifier, and no all
    "v=spf1 + -all",
    "v=spf10 ip4:192.0.2.7 -all",
    "spf2.0/pra ip4:192.0.2.7 -all",
    "v=spf1 " + "ip4:192.0.2.7 " * 400 + "-all",
)


@pytest.mark.parametrize(("record", "expected"), EXPANDED.items())
def test_a_record_becomes_its_networks(record: str, expected: tuple[str, ...]) -> None:
    assert networks("example.org", Zone({**OTHERS, "example.org": record}, HOSTS, MX)) == expected


@pytest.mark.parametrize("record", UNKNOWN, ids=[each[:60] for each in UNKNOWN])
def test_what_cannot_be_expanded_to_its_end_is_unknown(record: str) -> None:
    assert networks("example.org", Zone({**OTHERS, "example.org": record}, HOSTS, MX)) is None


def test_two_records_are_an_error_and_other_texts_are_not() -> None:
    record = "v=spf1 ip4:192.0.2.7 -all"
    assert networks("a.example", Zone({"a.example": (record, record)})) is None
    assert networks("a.example", Zone({"a.example": ("verification=1", record)})) == ("192.0.2.7/32",)


def test_ten_look_ups_are_allowed_and_two_without_an_answer() -> None:
    ten = "v=spf1 " + "a:mail.example.org " * 10 + "-all"
    assert networks("a.example", Zone({"a.example": ten}, HOSTS)) == ("192.0.2.25/32",)
    eleven = "v=spf1 " + "a:mail.example.org " * 11 + "-all"
    assert networks("a.example", Zone({"a.example": eleven}, HOSTS)) is None
    two = "v=spf1 a:x1.example mx:null.example -all"
    assert networks("a.example", Zone({"a.example": two}, {}, MX)) == ()


def test_a_domain_whose_servers_are_slow_is_given_up() -> None:
    now = iter(range(0, 10_000, 6))
    record = "v=spf1 " + "a:mail.example.org " * 10 + "-all"
    assert networks("a.example", Zone({"a.example": record}, HOSTS), lambda: float(next(now))) is None


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "mx",
                "ptr",
                "all",
                "-all",
                "include:",
                "redirect=",
                "ip4:",
                "ip6:",
                "/",
                "//",
                "%{",
                "192.0.2.1",
                " ",
                ":",
            ]
        )
        | st.text(max_size=5),
        max_size=30,
    ).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_any_record_is_answered(tail: str) -> None:
    found = networks("example.org", Zone({**OTHERS, "example.org": "v=spf1 " + tail}, HOSTS, MX))
    assert found is None or isinstance(found, tuple)
