"""Signatures: PASS is said only where everything vouches, FAIL only where it is certain, and nothing raises."""

from __future__ import annotations

import re

import dkim.canonicalization
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.model import Checked
from scatterclean.names.dkim import MAX_CHECKED, _body_holds, verify
from tests.names.letters import (
    DOMAIN,
    KEY_NAME,
    LETTER,
    NOW,
    OWN,
    PUBLIC,
    WEAK_PRIVATE,
    WEAK_PUBLIC,
    signed,
    with_tag,
)

P = PUBLIC.rpartition("p=")[2]


def checked(
    message: bytes, key: str | tuple[str, ...] | None = PUBLIC, *, whole: bool = True
) -> list[Checked]:
    records = (key,) if isinstance(key, str) else key
    return [each.checked for each in verify(message, whole, OWN, lambda name: records, NOW)]


def test_a_signed_letter_passes() -> None:
    assert checked(signed()) == [Checked.PASS]


NOT_VOUCHED = {
    "l= leaves the end of the body open": signed(length=True),
    "expired": with_tag(b"x=1800000000"),
    "expires before it was signed": with_tag(b"x=1"),
    "signed in the future": with_tag(b"t=1999999999"),
    "a time that is no number": with_tag(b"t=soon"),
    "SHA-1": signed(algorithm=b"rsa-sha1"),
    "another version": with_tag(b"v=2"),
    "keys from elsewhere": with_tag(b"q=http"),
    "an identity of somebody else": with_tag(b"i=@example.net"),
    "From not signed": with_tag(b"h=message-id"),
    "Message-ID not signed": signed(headers=[b"from", b"subject"]),
}


@pytest.mark.parametrize("message", NOT_VOUCHED.values(), ids=NOT_VOUCHED)
def test_a_signature_that_does_not_vouch_is_unknown_or_fails_but_never_passes(message: bytes) -> None:
    found = checked(message)
    assert found in ([Checked.UNKNOWN], [Checked.FAIL])
    if b"h=message-id;" not in message:  # dkimpy signed that one over another list
        assert found == [Checked.UNKNOWN]


KEYS = {
    "k= left out": (f"p={P}", Checked.PASS),
    "other tags": (f"v=DKIM1; t=y; n=hello; p={P}", Checked.PASS),
    "for sha256": (f"v=DKIM1; h=sha1:sha256; p={P}", Checked.PASS),
    "not for sha256": (f"v=DKIM1; h=sha1; p={P}", Checked.UNKNOWN),
    "for e-mail": (f"v=DKIM1; s=email; p={P}", Checked.PASS),
    "not for e-mail": (f"v=DKIM1; s=tlsrpt; p={P}", Checked.UNKNOWN),
    "ed25519": (f"v=DKIM1; k=ed25519; p={P[:44]}", Checked.FAIL),
    "unknown kind": (f"v=DKIM1; k=dilithium; p={P}", Checked.FAIL),
    "taken back": ("v=DKIM1; p=", Checked.FAIL),
    "a text of a wildcard": ("v=spf1 -all", Checked.FAIL),
    "empty": ("", Checked.FAIL),
    "another version": (f"v=DKIM2; p={P}", Checked.FAIL),
    "not base64": ("v=DKIM1; p=!!!", Checked.UNKNOWN),
    "cut off": (f"v=DKIM1; p={P[:80]}", Checked.UNKNOWN),
    "not a key": ("v=DKIM1; p=aGVsbG8=", Checked.UNKNOWN),
    "tags that are none": (f";;==; p={P}", Checked.UNKNOWN),
    "huge": (f"v=DKIM1; p={P * 10_000}", Checked.UNKNOWN),
    "not ASCII": (f"v=DKIM1; n=\u20ac\u00ff; p={P}", Checked.UNKNOWN),
}


@pytest.mark.parametrize(("key", "expected"), KEYS.values(), ids=KEYS)
def test_what_the_key_record_says_counts(key: str, expected: Checked) -> None:
    assert checked(signed(), key) == [expected]


def test_of_several_keys_under_one_name_any_may_hold() -> None:
    assert checked(signed(), ("v=spf1 -all", WEAK_PUBLIC, PUBLIC)) == [Checked.PASS]
    assert checked(signed(), (WEAK_PUBLIC,)) == [Checked.FAIL]


def test_a_key_that_anybody_can_factor_vouches_for_nothing() -> None:
    assert checked(signed(private=WEAK_PRIVATE), WEAK_PUBLIC) == [Checked.UNKNOWN]


def test_a_name_under_which_several_kinds_of_text_stand_is_asked_once_per_signature() -> None:
    asked: list[str] = []

    def keys(name: str) -> tuple[str, ...]:
        asked.append(name)
        return (PUBLIC,)

    verify(signed(domain="EXAMPLE.org", selector="S1"), True, OWN, keys, NOW)
    assert asked == [KEY_NAME]


@pytest.mark.parametrize(
    "added",
    [
        b"Message-ID: <forged@example.org>\r\n",
        b"message-id : <forged@example.org>\r\n",
        b"From: x@example.org\r\n",
    ],
)
def test_who_adds_an_id_or_a_sender_to_a_signed_letter_is_not_vouched_for(added: bytes) -> None:
    assert checked(added + signed()) != [Checked.PASS]
    once = signed(headers=[b"from", b"message-id", b"subject"])
    assert checked(added + once) != [Checked.PASS]


def test_hops_and_mbox_lines_above_a_signed_letter_change_nothing() -> None:
    hop = b"Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000\r\n"
    assert checked(
        b"From me@example.org Mon Mar  2 10:00:00 2026\r\nReturn-Path: <me@example.org>\r\n" + hop + signed()
    ) == [Checked.PASS]
    assert checked(b"\r\n\r\n" + signed()) == [Checked.PASS]


def test_a_header_that_lost_its_folding_is_unknown() -> None:
    broken = signed().replace(b"\r\n the  meeting", b"\r\nthe  meeting")
    assert checked(broken) == [Checked.UNKNOWN]


def test_a_header_that_came_back_without_its_content_type_is_unknown() -> None:
    # Dovecot over quota, Pigeonhole's reject: both return it so.
    assert checked(signed().replace(b"Content-Type: text/plain\r\n", b"")) == [Checked.UNKNOWN]
    assert checked(signed().replace(b"MIME-Version: 1.0\r\n", b"")) == [Checked.FAIL]


MALFORMED = {
    "nothing but d=": b"DKIM-Signature: d=example.org\r\n",
    "no tags": b"DKIM-Signature: ; d=example.org;;\r\n",
    "a tag twice": b"DKIM-Signature: v=1; d=example.org; s=a; s=b\r\n",
    "b= is not base64": b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a; h=from; bh=%%; b=%%%\r\n",
    "unknown algorithm": b"DKIM-Signature: v=1; a=md5; d=example.org; s=a; h=from; bh=aaaa; b=aaaa\r\n",
    "ed25519 with an RSA key": b"DKIM-Signature: v=1; a=ed25519-sha256; d=example.org; s=a; h=from; bh=aaaa; b=a\r\n",
    "a selector of control characters": b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=\x1b[31m; h=from\r\n",
    "a selector too long": b"DKIM-Signature: v=1; d=example.org; h=from; s=" + b"x." * 400 + b"\r\n",
    "a selector in Latin-1": b"DKIM-Signature: v=1; d=example.org; h=from; s=\xe9; b=aaaa\r\n",
    "canonicalisation unknown": b"DKIM-Signature: v=1; a=rsa-sha256; c=odd/odd; d=example.org; s=a; h=from; b=aaaa\r\n",
    "empty h=": b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=a; h=; bh=aaaa; b=aaaa\r\n",
    "a selector that is a path": b"DKIM-Signature: v=1; d=example.org; s=../../x; h=from; b=aaaa\r\n",
}


@pytest.mark.parametrize("field", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_signature_is_seen_and_never_passes(field: bytes) -> None:
    for whole in (True, False):
        (found,) = verify(field + LETTER, whole, OWN, lambda name: (PUBLIC,), NOW)
        assert found.checked in (Checked.FAIL, Checked.UNKNOWN)
        assert found.domain == DOMAIN
        assert re.fullmatch(r"[a-z0-9_.?-]{0,253}", found.selector)


# Quadratic patterns of dkimpy (blanks, b=), and what only grows with the size of a message.
COSTLY = {
    "blanks in the body": signed() + b" " * 3_000_000 + b"x",
    "blank lines in the body": signed() + b"\r\n" * 1_000_000 + b"x",
    "blanks behind b=": b"DKIM-Signature: v=1; d=example.org; s=a; b="
    + b"\r\n " * 60_000
    + b"!\r\n"
    + LETTER,
    "b= again and again": b"DKIM-Signature: d=example.org; s=a; h=from; a=rsa-sha256;"
    + b" b =" * 50_000
    + b"\r\n"
    + LETTER,
    "many fields": b"DKIM-Signature: d=example.org; s=a; h=from\r\n" + b"X: y\r\n" * 100_000 + LETTER,
    "a huge header": b"DKIM-Signature: d=example.org; s=a; h=from\r\nX: "
    + b"y" * 3_000_000
    + b"\r\n"
    + LETTER,
    "many names signed": signed().replace(b"; h=", b"; h=" + b"".join(b"n%d:" % i for i in range(2000))),
    "folded for ever": b"DKIM-Signature: d=example.org; s=a\r\n" + b" \r\n" * 500_000 + LETTER,
}


@pytest.mark.parametrize("message", COSTLY.values(), ids=COSTLY)
def test_what_is_made_to_cost_time_is_not_checked_and_never_passes(message: bytes) -> None:
    assert set(checked(message)) <= {Checked.UNKNOWN, Checked.FAIL}
    assert len(checked(message)) == 1


def test_a_key_that_is_made_to_cost_time_is_not_used() -> None:
    def number(n: int) -> bytes:
        body = n.to_bytes(n.bit_length() // 8 + 1, "big")
        return b"\x02\x82" + len(body).to_bytes(2, "big") + body

    def key(modulus: int, exponent: int) -> str:
        from base64 import b64encode

        inner = number(modulus) + number(exponent)
        return "p=" + b64encode(b"\x30\x82" + len(inner).to_bytes(2, "big") + inner).decode()

    assert checked(signed(), key((1 << 11_000) + 1, 65_537)) == [Checked.UNKNOWN]
    assert checked(signed(), key((1 << 4000) + 1, (1 << 4000) + 1)) == [Checked.UNKNOWN]
    assert checked(signed(), key(0, 0)) == [Checked.UNKNOWN]


def test_at_most_five_signatures_are_checked_and_one_more_is_told_of() -> None:
    asked: list[str] = []

    def keys(name: str) -> tuple[str, ...]:
        asked.append(name)
        return ()

    many = b"".join(b"DKIM-Signature: v=1; d=example.org; s=s%d; h=from; b=aaaa\r\n" % i for i in range(50))
    found = verify(many + LETTER, True, OWN, keys, NOW)
    assert [each.checked for each in found] == [*[Checked.FAIL] * MAX_CHECKED, Checked.UNKNOWN]
    assert len(asked) == MAX_CHECKED


def test_others_signatures_do_not_hide_an_own_one() -> None:
    others = b"DKIM-Signature: v=1; d=example.net; s=a; h=from; b=aaaa\r\n" * 60
    assert checked(others + signed()) == [Checked.PASS]


def test_a_domain_in_another_script_is_known_in_both_spellings() -> None:
    letter = signed(domain="xn--bcher-kva.example")
    for own in ("bücher.example", "xn--bcher-kva.example", "Bücher.Example."):
        (found,) = verify(letter, True, [own], lambda name: (PUBLIC,), NOW)
        assert found.checked is Checked.PASS


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"\r", b"b  c", b"\x00"]), max_size=40))
@settings(max_examples=300, deadline=None)
def test_bodies_are_hashed_as_dkimpy_hashes_them(pieces: list[bytes]) -> None:
    from base64 import b64encode
    from hashlib import sha256

    body = b"".join(pieces) + b"\r\n"
    for how in (b"relaxed/relaxed", b"relaxed/simple"):
        theirs = dkim.canonicalization.CanonicalizationPolicy.from_c_value(how).canonicalize_body(body)
        assert _body_holds(body, {b"c": how, b"bh": b64encode(sha256(theirs).digest())})


_GOOD = signed()


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_answered_and_no_change_of_what_was_signed_passes(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(_GOOD)))
    until = data.draw(st.integers(at, min(len(_GOOD), at + 40)))
    junk = data.draw(
        st.binary(max_size=30) | st.sampled_from([b"\r\n", b";", b"=", b"b=", b"\r\nFrom: x@y\r\n"])
    )
    message = _GOOD[:at] + junk + _GOOD[until:]
    for whole in (True, False):
        for found in verify(message, whole, OWN, lambda name: (PUBLIC,), NOW):
            assert isinstance(found.checked, Checked)
            if found.checked is Checked.PASS:  # nothing that tells whose it is was changed
                ids = re.findall(rb"(?im)^message-id[ \t]*:\s*(.*?)\s*$", message.partition(b"\r\n\r\n")[0])
                assert ids == [b"<minutes.1@example.org>"]


@given(st.binary(max_size=400), st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_signature_and_any_key_are_answered(field: bytes, key: str) -> None:
    message = b"DKIM-Signature: d=example.org; s=a; " + field + b"\r\n" + LETTER
    for found in verify(message, True, OWN, lambda name: (key, PUBLIC), NOW):
        assert found.checked is not Checked.PASS
