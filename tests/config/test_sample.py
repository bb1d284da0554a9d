"""scatterclean.toml is the reference: it loads, names every key, and every line in it that is commented out works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scatterclean.config import Secret, Settings, Source, load
from scatterclean.config.notify import NotifyTable
from scatterclean.config.oauth import OAuthTable
from scatterclean.config.schema import AccountTable, FileTable, KindsTable
from scatterclean.model import Kind

SAMPLE = Path(__file__).parents[2] / "scatterclean.toml"
TEXT = SAMPLE.read_text(encoding="utf-8")
# "#key = value" can be switched on by taking the "#" away; "# words" are words.
# A table of which nothing is there: its lines are switched on together.
_, _, _BEHIND = TEXT.partition("#[accounts.home.oauth]\n")
TABLE = _BEHIND.partition("\n\n")[0]
COMMENTED = re.compile(r"^#([a-z_]+) = [^\n]*$", re.MULTILINE)
SECRETS = ("password", "token", "oauth")
# These show an example, because the default is empty or depends on other things.
EXAMPLES = {
    "database", "allow_plaintext", "ca_file", "addresses", "sent", "also_sent", "keep_backscatter", "outbound",
    "own_ids", "password", "oauth", "oauth_client_id", "oauth_client_secret", "token_command",
    "metrics_file", "ping_url", "backscatter_lists", "apprise", "quiet_hours",
}  # fmt: skip


def _with(key: str, directory: Path) -> Settings:
    """The sample with the line of this key switched on."""
    keys = "oauth|oauth_client_id|oauth_client_secret" if key.startswith("oauth") else key
    text, count = re.subn(rf"^#((?:{keys}) = )", r"\1", TEXT, flags=re.MULTILINE)
    assert count == (3 if key.startswith("oauth") else 1)
    if key.startswith(SECRETS):
        text = re.sub(r"^password_command = .*\n", "", text, flags=re.MULTILINE)
    (directory / "my-server.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    path = directory / "scatterclean.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return load(path)


def test_the_sample_loads_without_a_warning_and_only_observes() -> None:
    settings = load(SAMPLE)
    assert settings.warnings == ()
    (account,) = settings.accounts
    assert account.secret == Secret(Source.COMMAND, ("/bin/sh", "-c", "pass show mail/example.org"))
    assert account.account.mode == "observe"


def test_every_key_of_the_schema_stands_in_the_sample() -> None:
    named = {"defaults", "accounts", "kinds", "notify"}
    shown = set(re.findall(r"^#?([a-z_]+) = ", TEXT, flags=re.MULTILINE)) | named
    tables = (FileTable, AccountTable, KindsTable, OAuthTable, NotifyTable)
    known = {key for table in tables for key in table.model_fields}
    assert shown == known


def test_the_kinds_of_the_schema_are_those_of_the_model() -> None:
    assert set(KindsTable.model_fields) == {kind.value for kind in Kind}


@pytest.mark.parametrize("key", COMMENTED.findall(TEXT.replace(TABLE, "")))
def test_a_line_that_is_commented_out_works_and_shows_the_default(key: str, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = tmp_path / "plain" / "scatterclean.toml"
    plain.write_text(TEXT, encoding="utf-8")
    changed, default = _with(key, tmp_path), load(plain)
    assert changed.warnings == ()
    if key.startswith("oauth"):
        client = changed.accounts[0].oauth
        assert client is not None
        assert (client.client_id[:8], client.secret[:6]) == ("00000000", "GOCSPX")
    elif key.startswith(SECRETS):
        assert changed.accounts[0].secret.source == key
    elif key not in EXAMPLES:
        assert changed.accounts == default.accounts
        assert changed.log_level == default.log_level
        assert changed.notify == default.notify


def test_every_key_is_explained_on_the_lines_above_it() -> None:
    for paragraph in re.split(r"\n\s*\n", TEXT.partition("[accounts.home.kinds]")[0]):
        if re.search(r"^#?[a-z_]+ = ", paragraph, flags=re.MULTILINE):
            assert re.match(r"# [A-Z\"`]|host = ", paragraph), paragraph


def test_the_table_of_another_oauth2_server_works_when_its_lines_are_switched_on(tmp_path: Path) -> None:
    lines = re.sub(r"^#(?=[a-z_]+ = )", "", TABLE, flags=re.MULTILINE)
    text = TEXT.replace(f"#[accounts.home.oauth]\n{TABLE}", f"[accounts.home.oauth]\n{lines}")
    text = re.sub(r"^password_command = .*\n", "", text, flags=re.MULTILINE)
    path = tmp_path / "scatterclean.toml"
    path.write_text(text, encoding="utf-8")
    client = load(path).accounts[0].oauth
    assert client is not None
    assert client.token_endpoint == "https://login.example.org/oauth2/token"
    assert (client.scope, client.redirect) == ("imap offline_access", "127.0.0.1")
    assert client.asks == (("prompt", "select_account"),)  # of the provider that is named
