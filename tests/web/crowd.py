"""A store with as many findings as a storm of some days leaves, and a configuration for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from scatterclean.store import forms
from tests.evidence.planted import plant


def crowd(folder: Path, count: int) -> Path:
    """The configuration; the store lies beside it."""
    database = plant(folder / "log.db", count, now=datetime.now(UTC).replace(microsecond=0))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.create_function("words", -1, forms.words, deterministic=True)
        connection.execute("PRAGMA synchronous=OFF")
        # As rows have it that a sweep writes.
        connection.execute(
            "UPDATE cases SET kind = bounce ->> '$.kind', words = words(bounce ->> '$.subject', bounce ->> '$.sender', "
            "bounce ->> '$.recipients[0]', bounce ->> '$.message_id', bounce ->> '$.references[0].id.text')"
        )
        connection.execute(
            "UPDATE moves SET kind = 'bounce', recipient = 'p' || id || '@isp.example', "
            "words = words(subject, sender, 'p' || id || '@isp.example', message_id)"
        )
    config = folder / "scatterclean.toml"
    config.touch(mode=0o600)
    config.write_text(
        'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "ada"\n'
        'password = "x"\naddresses = ["ada@winter.example", "*@winter.example"]\noutbound = ["*.winter.example"]\n'
        'dns = false\nmode = "move"\n'
    )
    return config
