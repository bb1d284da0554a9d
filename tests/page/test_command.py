"""`scatterclean report` as a person calls it, on a store with some hundred findings."""

from __future__ import annotations

import json
import re
import stat
import webbrowser
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from scatterclean.cli import exits, main
from scatterclean.page import GENERATOR
from scatterclean.store import open_store
from tests.evidence import planted

FINDINGS = 400


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.plant(tmp_path_factory.mktemp("store") / "log.db", FINDINGS)


Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def said(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Said:
    """(exit code, standard output, standard error) of a command; it is typed in a folder of its own."""
    config = tmp_path / "scatterclean.toml"
    config.write_text(
        f'database = "{store}"\n[accounts.{planted.ACCOUNT}]\nhost = "mail.winter.example"\n'
        f'username = "{planted.ME}"\npassword_env = "NONE"\naddresses = ["*@winter.example"]\n'
        '[accounts.other]\nhost = "mail.winter.example"\nusername = "other@winter.example"\npassword_env = "NONE"\n'
    )
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "COLUMNS", "SCATTERCLEAN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--config", str(config), *arguments])
        told, aside = capsys.readouterr()
        assert "Traceback" not in aside
        return code, told, aside

    return call


def the_file() -> Path:
    [file] = Path.cwd().iterdir()
    return file


def test_a_page_for_its_owner_alone_lies_in_this_folder_and_the_answer_is_told(said: Said) -> None:
    code, told, aside = said("report", "--since", "all")
    assert (code, aside) == (exits.DONE, "")
    file = the_file()
    assert re.fullmatch(r"scatterclean-report-\d{4}-\d\d-\d\d\.html", file.name)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text("utf-8")
    assert GENERATOR in text
    assert "Account" in text
    assert f"The report is in {file.name}" in told
    assert re.match("(No sign that|Cannot tell whether) any of your accounts was used: ", told)
    assert told.split(":")[0] in text


def test_again_on_the_same_day_it_takes_the_place_of_the_first_and_says_so(said: Said) -> None:
    said("report", "--since", "all")
    code, told, _ = said("report", "--since", "all")
    assert code == exits.DONE
    assert "in the place of an earlier report" in told
    assert the_file().exists()


def test_a_report_of_one_account_has_a_name_of_its_own(said: Said) -> None:
    assert said("report", planted.ACCOUNT)[0] == exits.DONE
    assert the_file().name.startswith(f"scatterclean-report-{planted.ACCOUNT}-")


def test_an_account_can_be_named_by_option_too(said: Said) -> None:
    code, told, _ = said("report", "--account", planted.ACCOUNT, "--since", "all", "--json")
    assert code == exits.DONE
    assert json.loads(told)["accounts"] == [planted.ACCOUNT]
    assert said("report", "--account", "nobody")[0] == exits.USAGE


def test_what_is_no_report_is_not_overwritten(said: Said) -> None:
    Path("thesis.html").write_text("my thesis")
    code, _, aside = said("report", "--output", "thesis.html")
    assert code == exits.TROUBLE
    assert "thesis.html is there already, and is no report of scatterclean: it was left as it is" in aside
    assert "--output FILE.html" in aside
    assert Path("thesis.html").read_text() == "my thesis"


def test_the_page_goes_to_standard_output_and_words_beside_it(said: Said) -> None:
    code, told, _ = said("report", "--since", "all", "--output", "-")
    assert code == exits.DONE
    assert told.startswith("<!DOCTYPE html>")
    assert told.rstrip().endswith("</html>")
    assert list(Path.cwd().iterdir()) == []


def test_json_holds_all_of_the_report_and_writes_no_file(said: Said) -> None:
    code, told, _ = said("report", "--since", "all", "--json")
    assert code == exits.DONE
    assert list(Path.cwd().iterdir()) == []
    form = json.loads(told)
    end = form["conclusion"]
    assert end["bounces"] == FINDINGS
    assert sum(end[name] for name in ("not_yours", "own", "undecided", "waiting", "alarming")) == FINDINGS
    assert end["sentence"]
    bars = form["course"]["bars"]
    assert sum(bar["bounces"] for bar in bars) + form["course"]["before"] == FINDINGS
    assert all(sum(one["bounces"] for one in bar["counts"]) == bar["bounces"] for bar in bars)
    assert [datetime.fromisoformat(bar["start"]).utcoffset() is not None for bar in bars]
    assert {"forged", "bouncers", "spam", "returned", "open", "more_bouncers", "earlier"} <= form.keys()
    assert form["returned"][0]["failure"]
    assert "." not in "".join(one["text"].replace("[.]", "") for one in form["spam"]["links"])
    assert told.isascii()


def test_json_and_a_page_can_be_had_at_once(said: Said) -> None:
    code, told, aside = said("report", "--json", "--output", "r.html")
    assert code == exits.DONE
    assert json.loads(told)
    assert "r.html" in aside
    assert Path("r.html").exists()
    assert said("report", "--json", "--output", "-")[0] == exits.USAGE


def test_only_what_came_since_then_is_told(said: Said) -> None:
    every = json.loads(said("report", "--json", "--since", "all")[1])
    some = json.loads(said("report", "--json", "--since", "2026-11-23 06:00")[1])
    assert 0 < some["conclusion"]["bounces"] < every["conclusion"]["bounces"]
    assert some["earlier"] == every["conclusion"]["bounces"] - some["conclusion"]["bounces"]
    assert said("report", "--since", "soon")[0] == exits.USAGE


def test_a_browser_is_asked_to_open_it_where_there_is_a_screen(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def browser(url: str) -> bool:
        asked.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", browser)
    _, told, _ = said("report", "--open")
    assert asked == []
    assert "there is no screen here to open it on" in told
    monkeypatch.setenv("DISPLAY", ":0")
    _, told, _ = said("report", "--open")
    assert asked == [the_file().resolve().as_uri()]
    assert "Your browser was asked to open it." in told


def test_before_the_first_sweep_it_says_what_to_do_and_writes_nothing(said: Said, tmp_path: Path) -> None:
    config = tmp_path / "scatterclean.toml"
    config.write_text(config.read_text().replace("log.db", "new.db"))
    code, _, aside = said("report")
    assert code == exits.DATABASE
    assert "`scatterclean sweep`" in aside
    database = Path(re.search(r'database = "(.*)"', config.read_text())[1])  # type: ignore[index]
    with open_store(database):
        pass
    code, _, aside = said("report")
    assert code == exits.TROUBLE
    assert "there was no sweep yet" in aside
    assert "`scatterclean sweep --observe`" in aside
    assert list(Path.cwd().iterdir()) == []


def test_commands_on_the_page_are_those_of_this_configuration(said: Said, tmp_path: Path) -> None:
    said("report", planted.ACCOUNT, "--since", "all", "--output", "r.html")
    text = Path("r.html").read_text("utf-8")
    assert f"scatterclean --config {tmp_path}/scatterclean.toml undo {planted.ACCOUNT} --all" in text


def test_it_can_be_made_while_the_daemon_has_the_database(said: Said, store: Path) -> None:
    with open_store(store):
        assert said("report", "--output", "r.html")[0] == exits.DONE


def test_a_place_that_cannot_be_written_gets_a_hint(said: Said) -> None:
    Path("file").write_text("no folder")
    code, _, aside = said("report", "--output", "file/r.html")
    assert code == exits.TROUBLE
    assert "file/r.html cannot be written: Not a directory" in aside
    assert "--output FILE.html" in aside
