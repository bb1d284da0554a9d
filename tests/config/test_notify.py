"""`[notify]`: what is told by default, and what the keys make of it."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from scatterclean.config import load
from scatterclean.config.notify import Digest, NotifySettings
from scatterclean.model import NoticeKind

ACCOUNT = '\n[accounts.home]\nhost = "h.example"\nusername = "me@h.example"\npassword_env = "X"\n'


def settings(tmp_path: Path, text: str, mode: int = 0o600) -> tuple[NotifySettings, tuple[str, ...]]:
    path = tmp_path / "scatterclean.toml"
    path.write_text(text + ACCOUNT)
    path.chmod(mode)
    loaded = load(path)
    return loaded.notify, loaded.warnings


def test_without_the_table_everything_goes_into_the_inbox_at_any_hour(tmp_path: Path) -> None:
    found, warnings = settings(tmp_path, "")
    assert found == NotifySettings()
    assert (found.ways, found.kinds, found.quiet) == (("inbox",), frozenset(NoticeKind), None)
    assert warnings == ()


def test_every_key_is_heard(tmp_path: Path) -> None:
    found, _ = settings(
        tmp_path,
        """[notify]
        inbox = false
        desktop = true
        apprise = ["ntfy://topic"]
        alarm = false
        storm = false
        trouble = false
        trouble_after = "2h"
        digest = "daily"
        digest_at = "7:30"
        quiet_hours = "22:00-07:00"
        quiet_alarms = true
        """,
    )
    assert found == NotifySettings(
        ways=("desktop", "apprise"),
        kinds=frozenset((NoticeKind.DIGEST,)),
        digest=Digest.DAILY,
        digest_at=time(7, 30),
        quiet=(time(22), time(7)),
        quiet_alarms=True,
        trouble_after=timedelta(hours=2),
        apprise=("ntfy://topic",),
    )


def test_a_digest_that_never_comes_is_no_kind(tmp_path: Path) -> None:
    found, _ = settings(tmp_path, '[notify]\ndigest = "never"\n')
    assert NoticeKind.DIGEST not in found.kinds


@pytest.mark.parametrize(("mode", "warned"), [(0o600, 0), (0o644, 1)])
def test_who_lets_others_read_the_addresses_of_services_is_warned_and_they_are_not_shown(
    tmp_path: Path, mode: int, warned: int
) -> None:
    found, warnings = settings(tmp_path, '[notify]\napprise = ["tgram://sesame/1"]\n', mode)
    assert len(warnings) == warned
    assert "sesame" not in f"{found!r}{warnings}"
