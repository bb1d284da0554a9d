"""The listener for the browser's answer: who may speak to it, and what it makes of what is said."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from scatterclean.errors import LoginRefused
from scatterclean.oauth import Asking, Grant, by_browser
from tests.oauth.conftest import Provider
from tests.oauth.idp import PERSON, Browser


def meanwhile(provider: Provider, do: Callable[[str], None], *, patience: float = 20) -> Grant:
    """`do` is given the address that the browser would open, in a thread."""
    failures: list[BaseException] = []

    def run(url: str) -> None:
        try:
            do(url)
        except BaseException as failure:
            failures.append(failure)
            raise

    try:
        return by_browser(
            Asking("home", provider.client),
            PERSON,
            show=lambda url: threading.Thread(target=run, args=(url,)).start(),
            patience=patience,
        )
    finally:
        assert failures == []


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def say(where: str, **query: str) -> tuple[int, str, str]:
    """(status, text, where it sends us) of the listener."""
    try:
        with urllib.request.urlopen(f"{where}?{urlencode(query)}", timeout=5) as answer:
            return answer.status, answer.read().decode(), answer.headers.get("Location", "")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(), refused.headers.get("Location", "")


def test_the_request_has_pkce_state_and_a_loopback_address(provider: Provider) -> None:
    seen: dict[str, str] = {}

    def do(url: str) -> None:
        seen.update(asked(url))
        Browser().log_in(url)

    assert meanwhile(provider, do).refresh
    assert seen["code_challenge_method"] == "S256"
    assert len(seen["code_challenge"]) == 43  # base64url of SHA-256
    assert len(seen["state"]) >= 43
    assert seen["redirect_uri"].startswith("http://127.0.0.1:")


def test_what_does_not_carry_our_state_changes_nothing(provider: Provider) -> None:
    def do(url: str) -> None:
        where = asked(url)["redirect_uri"]
        for wrong in (
            {"code": "x"},
            {"code": "x", "state": "guessed"},
            {"error": "access_denied", "state": "\u2603"},
            {"state": asked(url)["state"]},  # neither code nor error
        ):
            assert say(where, **wrong)[0] == 404
        assert say(f"{where}favicon.ico", state=asked(url)["state"], code="x")[0] == 404
        assert Browser().log_in(url) == 200

    assert meanwhile(provider, do).access


def test_it_sends_nobody_anywhere_and_takes_one_answer(provider: Provider) -> None:
    def do(url: str) -> None:
        query = asked(url)
        browser = Browser()
        assert browser.log_in(url) == 200
        assert urlsplit(browser.where).netloc == urlsplit(query["redirect_uri"]).netloc
        assert "http" not in browser.page
        assert "<" not in browser.page
        try:
            status, _, location = say(query["redirect_uri"], code="later", state=query["state"])
        except OSError:
            return  # gone already
        assert (status, location) == (404, "")

    assert meanwhile(provider, do).access


def test_the_listener_is_gone_afterwards_and_only_on_loopback_before(provider: Provider) -> None:
    ports: list[int] = []

    def do(url: str) -> None:
        ports.append(urlsplit(asked(url)["redirect_uri"]).port or 0)
        Browser().log_in(url)

    meanwhile(provider, do)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]), 2)


def test_a_refusal_of_the_provider_is_told_in_one_sentence(provider: Provider) -> None:
    def do(url: str) -> None:
        query = asked(url)
        said = "you\r\nsaid \x1b[31mno"
        say(query["redirect_uri"], error="access_denied", error_description=said, state=query["state"])

    with pytest.raises(LoginRefused) as refused:
        meanwhile(provider, do)
    assert "the access was not allowed (access_denied: you" in refused.value.what
    assert refused.value.what.isprintable()
    assert "scatterclean login home" in refused.value.hint


def test_a_code_that_is_not_ours_is_refused_by_the_provider(provider: Provider) -> None:
    def do(url: str) -> None:
        query = asked(url)
        say(query["redirect_uri"], code="stolen-code-of-another", state=query["state"])

    with pytest.raises(LoginRefused) as refused:
        meanwhile(provider, do)
    assert "invalid_grant" in refused.value.what
    assert "stolen-code" not in str(refused.value)


def test_nobody_who_answers_is_waited_for_in_vain(provider: Provider) -> None:
    with pytest.raises(LoginRefused, match="no answer came from the browser"):
        meanwhile(provider, lambda _: None, patience=0.3)
