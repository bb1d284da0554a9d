"""Every command in README and docs is run, or stands in `listed` with the reason; and then its syntax is checked."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from scatterclean.cli import exits, main
from scatterclean.cli.root import COMMANDS, scatterclean
from scatterclean.demo.dovecot import ScratchDovecot, find_dovecot
from tests.conftest import absent
from tests.docs.home import Home
from tests.docs.listed import ENDS_WITH, NOT_RUN
from tests.docs.shown import PAGES, ROOT, Shown, all_shown, shown_in

ALL = all_shown()
LISTED = sorted({one.text for one in ALL if one.text in NOT_RUN})


def _names(text: str) -> bool:
    """Is only the name of a command of ours given, as `scatterclean service install`?"""
    words = text.split()
    if words[0] != "scatterclean":
        return False
    group: click.Command | None = scatterclean
    for word in words[1:]:
        if not isinstance(group, click.Group):
            return False
        group = group.get_command(click.Context(group), word)
        if group is None:
            return False
    return len(words) > 1


def _to_type(page: Path) -> dict[str, Shown]:
    """Those that must be run: a name alone in a sentence names a command and shows none."""
    return {
        one.text: one
        for one in shown_in(page)
        if one.text not in NOT_RUN and (one.block or not _names(one.text))
    }


def _run_in(page: Path) -> list[Shown]:
    """Of the reference what no other page shows: examples of the help are on other pages, too."""
    found = _to_type(page)
    if page.name == "commands.md":
        elsewhere = {text for other in PAGES if other != page for text in _to_type(other)}
        return [one for text, one in found.items() if text not in elsewhere]
    return list(found.values())


@pytest.fixture(scope="module")
def server() -> Iterator[ScratchDovecot]:
    if find_dovecot() is None:
        absent("Dovecot 2.3")
    with ScratchDovecot(tls=True) as server:
        yield server


@pytest.fixture
def home(server: ScratchDovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    home = Home(server, tmp_path, monkeypatch)
    yield home
    home.close()


@pytest.mark.parametrize("page", [page for page in PAGES if _run_in(page)], ids=lambda page: page.name)
def test_every_command_of_a_page_can_be_typed_as_it_stands(
    page: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    def said() -> str:
        return "".join(capsys.readouterr())

    failed = []
    for one in _run_in(page):
        code, told = home.type(one.text, said)
        if code != ENDS_WITH.get(one.text, (0, ""))[0] or "Traceback" in told:
            failed.append(f"{one}: ended with {code}\n{told}")
    assert not failed, (
        "\n".join(failed)
        + "\nMend the page or the program; what cannot be run here goes to tests/docs/listed.py"
    )


def test_pages_show_commands() -> None:
    """If nothing is found any more, the pages are written in another way, or the search is broken."""
    assert len(ALL) > 100
    assert {one.page for one in ALL} >= {
        "README.md",
        "docs/commands.md",
        "docs/service.md",
        "docs/recovering.md",
    }


def test_what_is_listed_as_not_run_is_still_shown() -> None:
    gone = (set(NOT_RUN) | set(ENDS_WITH)) - {one.text for one in ALL}
    assert not gone, f"no page shows it any more: take it out of tests/docs/listed.py ({sorted(gone)})"


@pytest.mark.parametrize("text", sorted(NOT_RUN))
def test_what_is_listed_as_not_run_says_why_and_names_a_test_that_is_there(text: str) -> None:
    entry = NOT_RUN[text]
    assert entry.why
    if entry.elsewhere:
        file, _, name = entry.elsewhere.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8")


@pytest.fixture
def parsed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of ours read their arguments and then do nothing."""
    monkeypatch.setattr(click.Command, "invoke", lambda _self, _ctx: None)


def _ours(text: str) -> list[str] | None:
    found = re.match(r"(?:sudo |\.venv/bin/)?scatterclean (.*)", text)
    return shlex.split(found[1]) if found else None


@cache
def _help_of(script: str) -> str:
    return subprocess.run(
        [sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("text", LISTED)
def test_what_is_not_run_is_understood_all_the_same(
    text: str, parsed_only: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert subprocess.run(["bash", "-n", "-c", text], check=False).returncode == 0
    if (words := _ours(text)) is not None:
        assert main([str(tmp_path) if word == "PATH" else word for word in words]) == exits.DONE
    elif bench := re.match(r"python (bench/\w+\.py)(.*)", text):
        assert [o for o in re.findall(r"--[\w-]+", bench[2]) if o not in _help_of(bench[1])] == []
    capsys.readouterr()


@pytest.mark.parametrize(
    "words", [["sweep", "--obsreve"], ["sweeep"], ["service", "instal"], ["undo", "--sweep", "x"]]
)
def test_the_check_of_the_syntax_sees_what_is_wrong(
    words: list[str], parsed_only: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == exits.USAGE
    capsys.readouterr()


def test_a_name_in_a_sentence_is_that_of_a_command() -> None:
    inline = [one for one in ALL if not one.block and one.text.startswith("scatterclean ")]
    unknown = [
        str(one) for one in inline if one.text.split()[1] not in (*COMMANDS, "COMMAND", "--help", "--version")
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```console\n$ scatterclean a \\\n   --b  # why\nsaid\n```", ["scatterclean a --b"]),
        ("1. so:\n\n   ```console\n   $ scatterclean a\n   ```", ["scatterclean a"]),
        ("say `scatterclean a` and `also_sent` and `systemctl b`", ["scatterclean a", "systemctl b"]),
        ("    python bench/a.py [--b 4]", ["python bench/a.py", "python bench/a.py --b 4"]),
        ('```toml\npassword_command = "scatterclean x"\n```', []),
    ],
)
def test_commands_are_found_however_a_page_shows_them(text: str, found: list[str], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    assert [one.text for one in shown_in(page)] == found


def test_a_block_that_does_not_say_what_it_is_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```\nscatterclean a\n```\n")
    with pytest.raises(ValueError, match="expected one of"):
        list(shown_in(page))
