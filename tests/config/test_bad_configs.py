"""Every file in bad/ gives exactly the complaint that stands beside it, and nothing else ever happens."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scatterclean.config import load
from scatterclean.errors import ConfigBroken, ConfigMissing, Reach
from tests.unprivileged import without_privileges

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.toml"))


def test_the_table_of_bad_files_is_there() -> None:
    assert len(FILES) >= 40
    assert {path.stem for path in FILES} == {path.stem for path in BAD.glob("*.expected")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_bad_file_gives_exactly_the_expected_complaint(path: Path) -> None:
    with pytest.raises(ConfigBroken) as caught:
        load(path)
    expected = path.with_suffix(".expected").read_text(encoding="utf-8")
    assert str(caught.value).replace(str(path), "{file}").replace(str(BAD), "{dir}") + "\n" == expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_complaint_has_one_line_for_each_problem_and_holds_no_password(path: Path) -> None:
    with pytest.raises(ConfigBroken) as caught:
        load(path)
    lines = str(caught.value).splitlines()
    assert tuple(lines) == caught.value.problems
    assert all(line.startswith(f"{path}:") and line.isprintable() for line in lines)
    assert "sesame" not in f"{caught.value!r}{caught.value}{caught.value.__context__!r}"


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path / "no" / "none.toml", tmp_path / "a\0b"):
        with pytest.raises(ConfigMissing, match="no such file") as caught:
            load(path)
        assert "--config" in caught.value.hint
        assert caught.value.reach is Reach.EVERYTHING


def test_a_directory_in_place_of_the_file_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(ConfigBroken, match="is a directory, expected a TOML file"):
        load(tmp_path)


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigBroken, match="is no regular file"):
        load(tmp_path / "pipe")


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0)
    with without_privileges(), pytest.raises(ConfigBroken, match="Permission denied"):
        load(path)


def test_a_loop_of_links_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to(path)
    with pytest.raises(ConfigBroken, match="cannot be read"):
        load(path)


def test_a_file_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with path.open("wb") as file:
        file.truncate(10**10)  # sparse
    with pytest.raises(ConfigBroken, match="larger than"):
        load(path)


def test_a_file_name_with_line_breaks_and_foreign_bytes_still_gives_one_line(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\n\x1b[31m\xff.toml")
    path.write_text("x = ")
    with pytest.raises(ConfigBroken) as caught:
        load(path)
    assert str(caught.value).isprintable()
    str(caught.value).encode("utf-8")


def test_a_certificate_file_that_may_not_be_read_is_a_problem_of_the_configuration() -> None:
    # mkdtemp in place of tmp_path, whose parents only their owner may enter.
    with TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "ca.pem").touch(mode=0)
        path = directory / "config.toml"
        path.write_text(
            '[accounts.home]\nhost = "h.example"\nusername = "me"\npassword_env = "P"\nca_file = "ca.pem"\n'
        )
        path.chmod(0o644)
        with without_privileges(), pytest.raises(ConfigBroken, match=r'ca\.pem" cannot be read'):
            load(path)


def test_paths_that_are_too_long_for_the_system_are_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        f'database = "{"d" * 4000}"\n[accounts.home]\nhost = "h.example"\nusername = "me"\n'
        f'password_env = "P"\nca_file = "{"c" * 4000}"\n'
    )
    with pytest.raises(ConfigBroken, match=r"ca_file: .* cannot be read"):
        load(path)
