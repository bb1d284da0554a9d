"""A damaged database: said without a traceback, the file kept as it is, and the way out that is described works."""

from __future__ import annotations

import pytest

from tests.cli.home import Home, home  # noqa: F401 - a fixture


@pytest.mark.parametrize("damage", ["random bytes", "truncated", "not a database"])
def test_a_damaged_database_is_kept_and_starting_anew_works(home: Home, damage: str) -> None:  # noqa: F811
    path = home.config.parent / "log.db"
    assert home("harvest")[0] == 0
    whole = path.read_bytes()
    content = {
        "random bytes": whole[:100] + b"\xa5" * 20_000,
        "truncated": whole[: 4096 * 2 + 17],
        "not a database": b"Dear Ada,\n" * 1000,
    }[damage]
    for beside in path.parent.glob("log.db-*"):
        beside.unlink()
    path.write_bytes(content)
    code, _, said = home("sweep")
    assert code != 0
    assert str(path) in said
    assert "Move it away" in said
    assert path.read_bytes() == content
    assert (home.count("INBOX"), home.hand.folder_names().count("Backscatter")) == (5, 0)
    for beside in path.parent.glob("log.db*"):
        beside.rename(beside.with_name(f"damaged-{beside.name}"))
    code, _, said = home("harvest")
    assert code == 0, said
    assert path.exists()
    assert home("sweep")[0] in {0, 1}  # fresh coverage may not convict yet; it never loses
    away = home.count("Backscatter") if "Backscatter" in home.hand.folder_names() else 0
    assert home.count("INBOX") + away == 5
    assert away <= 3
