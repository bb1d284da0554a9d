"""The page as a file."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scatterclean import page
from scatterclean.page.saving import CannotSave, save, usual_name
from tests.page import reports


@pytest.fixture(scope="module")
def text() -> str:
    return page.render(reports.matter(reports.nothing()))


def test_only_its_owner_can_read_it(text: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert save(text, tmp_path / "r.html") is False
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r.html").stat().st_mode) == 0o600
    assert (tmp_path / "r.html").read_text("utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_an_earlier_report_is_replaced_and_that_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text(text)
    (tmp_path / "r.html").chmod(0o644)
    assert save(text + " ", tmp_path / "r.html") is True
    assert (tmp_path / "r.html").read_text().endswith(" ")
    assert stat.S_IMODE((tmp_path / "r.html").stat().st_mode) == 0o600


@pytest.mark.parametrize("theirs", ["\n", "<html>my thesis</html>", "x" * 600 + page.GENERATOR])
def test_what_is_no_report_of_ours_is_left_alone(theirs: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text(theirs)
    with pytest.raises(CannotSave, match="left as it is"):
        save(text, tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text() == theirs
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_file_is_nobodys(text: str, tmp_path: Path) -> None:
    (tmp_path / "tmp.Xa3").touch()
    assert save(text, tmp_path / "tmp.Xa3") is False


def test_through_a_link_the_file_that_it_leads_to_is_looked_at(text: str, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("mine")
    (tmp_path / "link.html").symlink_to(tmp_path / "theirs")
    with pytest.raises(CannotSave, match="left as it is"):
        save(text, tmp_path / "link.html")
    (tmp_path / "theirs").unlink()
    assert save(text, tmp_path / "link.html") is False
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "theirs").read_text() == text


def test_a_folder_a_device_and_a_place_that_is_not_there_are_refused_with_a_hint(
    text: str, tmp_path: Path
) -> None:
    for path, what, hint in (
        (tmp_path, "is a folder", f"--output {tmp_path}/report.html"),
        (Path("/dev/null"), "is no file", "--output - "),
        (tmp_path / "gone" / "r.html", "there is no such folder", "--output FILE.html"),
    ):
        with pytest.raises(CannotSave) as refused:
            save(text, path)
        assert what in refused.value.what
        assert hint in refused.value.hint


def test_a_full_disk_leaves_no_half_page(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r.html").write_text(text)

    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CannotSave, match="No space left"):
        save(text + " ", tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text() == text
    assert len(list(tmp_path.iterdir())) == 1


def test_a_lone_surrogate_that_came_through_all_the_same_does_not_lose_the_page(tmp_path: Path) -> None:
    save("a\ud83db", tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text("utf-8") == "a?b"


def test_the_usual_name_holds_the_day_and_only_what_a_name_may_hold() -> None:
    at = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
    assert usual_name(at, ()) == "scatterclean-report-2026-11-29.html"
    assert usual_name(at, ("home",)) == "scatterclean-report-home-2026-11-29.html"
    assert usual_name(at, ("../a b",)) == "scatterclean-report-.._a_b-2026-11-29.html"
