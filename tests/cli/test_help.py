"""Help: every command explains itself with examples, wrong names get a suggestion, and nothing heavy is imported."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from scatterclean.cli import exits, main
from scatterclean.cli.root import COMMANDS, scatterclean
from scatterclean.store import open_store

from .program import environment

HEAVY = ("sqlalchemy", "pydantic", "imapclient", "apscheduler", "alembic", "rich", "pymap", "jinja2")
README = Path(__file__).parents[2] / "README.md"


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments, "--help"]) == exits.DONE
    return capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_call_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, examples, after = help_of(capsys, name).partition("Examples:")
    assert examples, name
    assert re.search(rf"scatterclean (--config \S+ )?{name}\b", after.partition("Options:")[0])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_every_command_is_explained(name: str) -> None:
    command = scatterclean.get_command(click.Context(scatterclean), name)
    assert command is not None
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.name}"


def test_the_list_of_commands_says_of_each_in_one_line_what_it_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = help_of(capsys)
    for name in COMMANDS:
        line = re.search(rf"^  {name} +(\S.*)$", told, re.MULTILINE)
        assert line, name
        assert line[1].endswith(".")
        assert not line[1].endswith("...")


def test_the_exit_codes_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    told = help_of(capsys)
    for code, meaning in exits.MEANINGS:
        assert re.search(rf"^  {code} +{re.escape(meaning[:20])}", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("swep", "sweep"),
        ("sweeep", "sweep"),
        ("statsu", "status"),
        ("check", "check-config"),
        ("checkconfig", "check-config"),
        ("daemon", "run"),
        ("restore", "undo"),
    ],
)
def test_a_mistyped_command_gets_a_suggestion(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([typed]) == exits.USAGE
    assert f"Did you mean '{meant}'?" in capsys.readouterr().err


def test_a_name_that_is_like_no_command_gets_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["xyzzyx"]) == exits.USAGE
    told = capsys.readouterr().err
    assert "there is no command 'xyzzyx'" in told
    assert "Did you mean" not in told


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    probe = (
        "import sys; from scatterclean.cli import main; code = main(sys.argv[1:]);"
        f"print('HEAVY', sorted(set(sys.modules) & set({HEAVY!r}))); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


# What `status` needs none of: it looks into the store.  The first part of a module's name, or all of it.
NOT_FOR_STATUS = (
    *("imapclient", "imaplib", "apscheduler", "alembic", "pymap", "dns", "dkim"),
    *(f"scatterclean.{room}" for room in ("bounce", "deeds", "demo", "gather", "harvest", "outbox", "sent")),
    *(f"scatterclean.{room}" for room in ("service", "settling", "sweep", "trial", "undo", "why")),
    *(f"scatterclean.mailbox.{part}" for part in ("connection", "imap", "login", "session")),
)


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_status_imports_no_room_that_it_does_not_enter(how: list[str], tmp_path: Path) -> None:
    file = tmp_path / "scatterclean.toml"
    file.write_text(
        'database = "log.db"\n[accounts.home]\nhost = "mail.winter.example"\nusername = "ada@winter.example"\n'
        'password_env = "MAIL_PASSWORD"\n'
    )
    with open_store(tmp_path / "log.db"):
        pass
    probe = (
        "import sys; from scatterclean.cli import main; code = main(sys.argv[1:]);"
        f"print('TOO MUCH', [m for m in sys.modules for no in {NOT_FOR_STATUS!r} if f'{{m}}.'.startswith(f'{{no}}.')]);"
        "print('STORE' if 'scatterclean.store' in sys.modules else 'NO STORE'); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, "--config", str(file), "status", *how],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    assert done.stdout.splitlines()[-2:] == ["TOO MUCH []", "STORE"]


def test_status_leaves_the_search_for_garbage_as_it_was(tmp_path: Path) -> None:
    assert gc.isenabled()
    main(["--config", str(tmp_path / "nothing.toml"), "status"])
    assert gc.isenabled()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_in_the_readme(name: str) -> None:
    assert f"scatterclean {name}" in README.read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_prints_a_script_for_the_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == exits.DONE
    assert "_SCATTERCLEAN_COMPLETE" in capsys.readouterr().out


def complete(words: str, tmp_path: Path) -> list[str]:
    """What bash would be offered for the last of these words."""
    told = subprocess.run(
        [sys.executable, "-m", "scatterclean"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(
            {
                "_SCATTERCLEAN_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split(" ")) - 1),
                "SCATTERCLEAN_CONFIG": str(tmp_path / "c.toml"),
            }
        ),
    )
    assert told.stderr == ""
    return [line.partition(",")[2] for line in told.stdout.splitlines() if line]


def test_a_shell_completes_commands_options_and_accounts(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[accounts.home]\nhost = "h.example"\nusername = "me"\npassword_env = "X"\n'
        '[accounts.work]\nhost = "w.example"\nusername = "me"\npassword_env = "X"\n'
    )
    assert complete("scatterclean s", tmp_path) == ["sweep", "service", "status", "storm", "sendmail"]
    assert complete("scatterclean sweep --ob", tmp_path) == ["--observe"]
    assert complete("scatterclean sweep ", tmp_path) == ["home", "work"]
    assert complete("scatterclean why w", tmp_path) == ["work"]


def test_a_shell_gets_no_complaint_when_there_is_no_configuration(tmp_path: Path) -> None:
    assert complete("scatterclean sweep ", tmp_path) == []


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        (["scatterclean", "s"], "s", ["sweep", "service", "status", "storm", "sendmail"]),
        (["scatterclean", "service"], "", ["install", "uninstall", "status", "logs"]),
        (["scatterclean", "why", "w"], "w", ["work"]),
        (["scatterclean", "sweep", "--ob"], "--ob", ["--observe"]),
    ],
)
def test_powershell_is_answered_with_words_and_what_they_mean(
    words: list[str], begun: str, offered: list[str], tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text(
        '[accounts.work]\nhost = "w.example"\nusername = "me"\npassword_env = "X"\n'
    )
    asked = {
        "_SCATTERCLEAN_COMPLETE": "powershell_complete",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": begun,
        "SCATTERCLEAN_CONFIG": str(tmp_path / "c.toml"),
    }
    told = subprocess.run(
        [sys.executable, "-m", "scatterclean"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(asked),
    )
    assert told.stderr == ""
    answers = [line.split("\t") for line in told.stdout.splitlines()]
    assert [value for _, value, _ in answers] == offered
    assert {kind for kind, _, _ in answers} == {"plain"}


@pytest.mark.parametrize(
    ("arguments", "meant"), [(["sweep", "--obsreve"], "--observe"), (["service", "instal"], "install")]
)
def test_a_mistyped_option_or_inner_command_gets_a_suggestion(
    arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == exits.USAGE
    said = capsys.readouterr().err
    assert meant in said.partition("Did you mean")[2]


@pytest.mark.parametrize("name", ["install", "uninstall", "status", "logs"])
def test_every_command_of_service_has_examples_that_call_it(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, examples, after = help_of(capsys, "service", name).partition("Examples:")
    assert examples
    assert f"scatterclean service {name}" in after.partition("Options:")[0]
