"""Exit codes and what stands behind them: no traceback for what a person can mend, and quiet where nobody reads."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import scatterclean.config
from scatterclean.cli import exits, main
from scatterclean.store import open_store

from .program import COMMAND, environment, objects, run

ACCOUNT = """
[accounts.home]
host = "127.0.0.1"
port = {port}
tls = "none"
username = "me"
password_env = "MAIL_PASSWORD"
addresses = ["ada@winter.example"]
timeout = "5s"
"""


def config(folder: Path, port: int = 1) -> Path:
    path = folder / "scatterclean.toml"
    path.write_text('database = "log.db"\n' + ACCOUNT.format(port=port))
    return path


def test_a_missing_configuration_ends_with_3_and_the_way_out(tmp_path: Path) -> None:
    done = run("--config", str(tmp_path / "none.toml"), "sweep")
    assert done.returncode == exits.CONFIG
    assert b"none.toml: there is no such file" in done.stderr
    assert b"in a few questions: scatterclean init\n" in done.stderr
    assert b"--config" in done.stderr
    assert b"[accounts" not in done.stderr
    assert done.stdout == b""


def test_a_broken_configuration_ends_with_3_and_all_its_problems(tmp_path: Path) -> None:
    path = config(tmp_path)
    path.write_text(path.read_text() + 'colour = "red"\nmode = "destroy"\n')
    done = run("--config", str(path), "status")
    assert done.returncode == exits.CONFIG
    said = done.stderr.decode()
    assert f"{path}:11: accounts.home.colour: unknown key" in said
    assert f"{path}:12: accounts.home.mode: " in said


def test_check_config_prints_every_problem_of_a_bad_file_as_the_table_says(tmp_path: Path) -> None:
    table = Path(__file__).parents[1] / "config" / "bad"
    bad, expected = table / "everything-at-once.toml", table / "everything-at-once.expected"
    done = run("--config", str(bad), "check-config")
    assert done.returncode == exits.CONFIG
    assert done.stderr.decode().strip() == expected.read_text().replace("{file}", str(bad)).strip()


def test_check_config_gives_problems_to_programs_too(tmp_path: Path) -> None:
    path = config(tmp_path)
    path.write_text(path.read_text() + 'colour = "red"\n')
    done = run("check-config", "--json", "--config", str(path))
    [told] = objects(done.stdout)
    assert (done.returncode, told["ok"], len(told["problems"])) == (exits.CONFIG, False, 1)
    assert done.stderr == b""


def test_check_config_says_one_line_for_each_account(tmp_path: Path) -> None:
    path = config(tmp_path)
    done = run("--config", str(path), "check-config")
    assert done.returncode == exits.DONE
    assert done.stdout.decode().splitlines() == [
        "home: me at 127.0.0.1:1 (tls none), watches INBOX, mode observe, to Backscatter",
        f"{path}: no problems found; whether the password is right, `scatterclean sweep` tells",
    ]
    assert b"MAIL_PASSWORD is not set here" in done.stderr
    done = run("--config", str(path), "check-config", env={"MAIL_PASSWORD": "secret"})
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('password_env = "MAIL_PASSWORD"', 'password_file = "none"', "chmod 600"),
        ('password_env = "MAIL_PASSWORD"', 'password_file = "open"', "others may read"),
        ('password_env = "MAIL_PASSWORD"', 'password_command = ["no-such-program"]', "'no-such-program'"),
        ('database = "log.db"', 'database = "open/log.db"', "is no folder"),
    ],
    ids=["no-file", "open-file", "no-program", "no-folder"],
)
def test_check_config_tells_what_is_not_on_this_machine(
    old: str, new: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(tmp_path)
    path.write_text(path.read_text().replace(old, new))
    (tmp_path / "open").write_text("sesame")
    (tmp_path / "open").chmod(0o644)
    assert main(["--config", str(path), "check-config"]) == exits.CONFIG
    said = capsys.readouterr().err
    assert told in said
    assert "sesame" not in said


def test_a_command_line_for_the_shell_whose_program_is_not_there_is_only_warned_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config(tmp_path)
    old, new = 'password_env = "MAIL_PASSWORD"', 'password_command = "no-such-program mail | head -1"'
    path.write_text(path.read_text().replace(old, new))
    assert main(["--config", str(path), "check-config"]) == exits.DONE
    assert "there is no program 'no-such-program' in PATH here" in capsys.readouterr().err


def test_the_configuration_is_found_by_the_environment_and_not_in_the_working_directory(
    tmp_path: Path,
) -> None:
    path = config(tmp_path)
    nowhere = {"XDG_CONFIG_HOME": str(tmp_path / "no"), "HOME": str(tmp_path / "no")}
    assert run("check-config", cwd=tmp_path, env=nowhere).returncode == exits.CONFIG
    assert run("check-config", env=nowhere | {"SCATTERCLEAN_CONFIG": str(path)}).returncode == exits.DONE


def test_a_database_in_use_ends_with_4_and_says_by_whom(tmp_path: Path) -> None:
    with open_store(tmp_path / "log.db"):
        done = run("--config", str(config(tmp_path)), "sweep")
    assert done.returncode == exits.DATABASE
    assert f"process {os.getpid()}".encode() in done.stderr


def test_status_works_while_another_process_has_the_database(tmp_path: Path) -> None:
    with open_store(tmp_path / "log.db"):
        done = run("--config", str(config(tmp_path)), "status")
    assert done.returncode == exits.DONE
    assert b"not read yet" in done.stdout


def test_status_without_a_database_ends_with_4_and_says_what_makes_one(tmp_path: Path) -> None:
    done = run("--config", str(config(tmp_path)), "status")
    assert done.returncode == exits.DATABASE
    assert b"scatterclean sweep" in done.stderr


def test_a_file_that_is_no_database_ends_with_4(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("this is not a database, " * 100)
    done = run("--config", str(config(tmp_path)), "sweep")
    assert done.returncode == exits.DATABASE
    assert b"log.db" in done.stderr


def test_an_account_that_cannot_be_reached_ends_with_1_and_is_told_by_name(tmp_path: Path) -> None:
    env = {"MAIL_PASSWORD": "secret"}
    done = run("--config", str(config(tmp_path)), "sweep", env=env)
    assert done.returncode == exits.TROUBLE
    assert b"127.0.0.1" in done.stderr
    done = run("--config", str(config(tmp_path)), "sweep", "--json", env=env)
    [told] = objects(done.stdout)
    assert told["accounts"][0]["failed"]["kind"] == "ServerUnreachable"
    assert done.returncode == exits.TROUBLE


def test_status_tells_that_the_last_try_failed_and_why(tmp_path: Path) -> None:
    file = str(config(tmp_path))
    run("--config", file, "sweep", env={"MAIL_PASSWORD": "secret"})
    said = run("--config", file, "status").stdout.decode()
    assert "The last try (" in said
    assert ") failed: home: 127.0.0.1:1 refuses the connection" in said
    [told] = objects(run("--config", file, "status", "--json").stdout)
    assert "refuses the connection" in told["accounts"][0]["failed"]["troubles"][0]
    assert told["accounts"][0]["sweeps"][0]["refusal"] == "no-session"


@pytest.mark.parametrize(
    "arguments",
    [
        ["sweep", "house"],
        ["undo"],
        ["undo", "--all", "--sweep", "3"],
        ["undo", "--sweep", "0"],
        ["undo", "--since", "tomorrowish"],
        ["sweep", "--since", "31-31-31"],
        ["try"],
        ["try", "--covered", "2026", "x.eml"],
        ["completion", "tcsh"],
        ["sweep", "--colour"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config(tmp_path)), *arguments]) == exits.USAGE
    assert "Error: " in capsys.readouterr().err


def test_an_unknown_account_is_told_with_those_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config(tmp_path)), "sweep", "house"]) == exits.USAGE
    assert "It has: home" in capsys.readouterr().err


def test_a_bug_is_called_a_bug_and_shows_its_traceback_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Path) -> None:
        raise ZeroDivisionError("only a test")

    monkeypatch.setattr(scatterclean.config, "load", broken)
    assert main(["status"]) == exits.BUG
    told = capsys.readouterr().err
    assert "this is a bug of scatterclean, please report it: ZeroDivisionError" in told
    assert "Traceback" not in told
    assert main(["-v", "status"]) == exits.BUG
    assert "Traceback" in capsys.readouterr().err


def test_a_full_disk_behind_the_output_is_no_bug(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "version"], stdout=full, stderr=subprocess.PIPE, check=False, env=environment()
        )
    assert done.returncode == exits.TROUBLE
    assert b"the system refused" in done.stderr
    assert b"bug" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["for people", "for programs"])
def test_a_reader_that_goes_away_is_no_trouble_worth_a_word(tmp_path: Path, options: list[str]) -> None:
    for number in range(300):
        (tmp_path / f"{number}.eml").write_text("From: a@b.example\nSubject: hello\n\nhello\n")
    process = subprocess.Popen(
        [*COMMAND, "try", *options, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), said) == (exits.READER_GONE, b"")


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, exits.INTERRUPTED), (signal.SIGTERM, exits.TERMINATED)]
)
def test_a_signal_in_the_middle_ends_without_a_traceback(
    tmp_path: Path, signum: signal.Signals, code: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        process = subprocess.Popen(
            [*COMMAND, "--config", str(config(tmp_path, silent.getsockname()[1])), "sweep"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment({"MAIL_PASSWORD": "x"}),
        )
        connection, _ = silent.accept()
        process.send_signal(signum)
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signum)  # the second one does not wait for the server
        said = process.communicate(timeout=60)[1]
        connection.close()
    assert b"stopping as soon as" in first
    assert process.returncode == code
    assert b"Traceback" not in said


def test_version_and_options_behind_the_command_are_understood(tmp_path: Path) -> None:
    assert run("version", "--no-color", "-v").stdout.startswith(b"scatterclean ")
    [told] = objects(run("version", "--json").stdout)
    assert told["python"] == ".".join(map(str, sys.version_info[:3]))
    assert run("check-config", "--config", str(config(tmp_path))).returncode == exits.DONE
