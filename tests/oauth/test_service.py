"""What a service needs of the machine for an account that logs in by OAuth2."""

from __future__ import annotations

from pathlib import Path

from scatterclean.config import load
from scatterclean.config.offline import problems_here, warnings_here
from scatterclean.units.choosing import unit_of
from scatterclean.units.values import Sandbox

_ACCOUNT = """\
database = "data/log.db"
[accounts.home]
host = "imap.example.org"
username = "me@example.org"
"""
_OAUTH = 'oauth = "microsoft"\noauth_client_id = "an-id"\n'


def written(folder: Path, way: str) -> Path:
    path = folder / "scatterclean.toml"
    path.write_text(_ACCOUNT + way)
    return path


def test_a_login_in_a_file_leaves_the_service_its_sandbox_and_one_in_the_keyring_does_not(
    tmp_path: Path,
) -> None:
    settings = load(written(tmp_path, _OAUTH))
    assert unit_of(settings, environment={}).sandbox is Sandbox.OPEN
    kept = tmp_path / "data" / "log.db.oauth"
    kept.mkdir(parents=True)
    (kept / "home.json").write_text("{}")
    unit = unit_of(settings, environment={})
    assert unit.sandbox is Sandbox.FULL
    assert kept.is_relative_to(unit.folder)  # which the unit may write to


def test_a_program_that_prints_tokens_is_looked_for_as_one_that_prints_passwords(tmp_path: Path) -> None:
    settings = load(written(tmp_path, 'token_command = ["/nowhere/oama", "access", "me"]\n'))
    assert unit_of(settings, environment={}).sandbox is Sandbox.OPEN
    [problem] = problems_here(settings)
    assert problem.startswith("accounts.home.token_command: there is no program '/nowhere/oama'")
    settings = load(written(tmp_path, 'token_command = "no-such-oama access me"\n'))
    [warning] = warnings_here(settings)
    assert warning.startswith("accounts.home.token_command: there is no program 'no-such-oama'")
