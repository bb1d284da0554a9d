"""A provider's answers that are meant to do harm, or are broken: no token is told, and none is lost."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import pytest

from scatterclean.errors import Trouble
from scatterclean.model import OAuthClient
from scatterclean.oauth import Asking, Safe, Tokens, web
from scatterclean.oauth.safe import Kept

REFRESH = "1//0gSecret+Refresh=Token~with-signs"
CLIENT = OAuthClient(
    "id", "https://idp.example/authorize", "https://idp.example/token", secret="client/secret+x"
)


def answering(told: object, status: int = 200) -> Asking:
    def post(_: str, __: Mapping[str, str]) -> web.Reply:
        return web.Reply(status, told if isinstance(told, str) else json.dumps(told))

    return Asking("home", CLIENT, post)


@pytest.mark.parametrize(
    "echo",
    [
        REFRESH,
        urllib.parse.quote(REFRESH, safe=""),
        urllib.parse.quote(REFRESH),
        urllib.parse.quote_plus(REFRESH),
        urllib.parse.quote_plus(REFRESH).replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
        base64.b64encode(REFRESH.encode()).decode(),
        REFRESH.upper(),
        f"grant_type=refresh_token&refresh_token={urllib.parse.quote_plus(REFRESH)}",
        "client/secret+x",
        urllib.parse.quote_plus("client/secret+x"),
    ],
)
@pytest.mark.parametrize("where", ["error", "error_description"])
def test_what_a_server_repeats_of_a_secret_is_not_told(echo: str, where: str) -> None:
    told = {"error": "invalid_grant", where: echo}
    with pytest.raises(Trouble) as caught:
        answering(told, 400).refresh(REFRESH)
    assert echo not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("life", ["1" + "0" * 400, '"1e999"', "-1", "null", "[]", "NaN", "Infinity", "true"])
def test_a_life_that_is_no_number_of_seconds_is_the_usual_one_or_short(life: str) -> None:
    grant = answering('{"access_token": "a", "expires_in": ' + life + "}").refresh(REFRESH)
    assert 0 <= grant.life <= 3600


@pytest.mark.parametrize("fresh", ["\ud800", "a\nb", "ü", "x" * 100_000, "a\0b"])
def test_a_new_refresh_token_that_cannot_be_one_does_not_replace_the_good_one(
    fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Safe("home", "ada", tmp_path).keep(
        Kept(REFRESH, CLIENT.token_endpoint, CLIENT.client_id), in_keyring=False
    )
    sent: list[str] = []

    def post(_: str, form: Mapping[str, str]) -> web.Reply:
        sent.append(form["refresh_token"])
        return web.Reply(200, json.dumps({"access_token": "a", "expires_in": 0, "refresh_token": fresh}))

    tokens = Tokens("home", "ada", CLIENT, tmp_path)
    monkeypatch.setattr(tokens, "_asking", Asking("home", CLIENT, post))
    assert [tokens.access(), tokens.access()] == ["a", "a"]
    assert sent == [REFRESH, REFRESH]
