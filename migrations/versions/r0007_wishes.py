"""What the person asks for in the dashboard, and by what messages are listed and searched there.

The words are made of what is on record, as those of new rows are; they are for people, no judgment rests on them.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_PORTION = 1000
_SEARCHED, _QUOTED = 200, 3


def upgrade() -> None:
    op.create_table(
        "wishes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("move_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("sweep_id", sa.Integer(), nullable=True),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wishes"),
        sa.UniqueConstraint("key", name="uq_wishes_key"),
        sa.ForeignKeyConstraint(["move_id"], ["moves.id"], name="fk_wishes_move_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_wishes_case_id"),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_wishes_sweep_id"),
        sa.ForeignKeyConstraint(["done_by"], ["moves.id"], name="fk_wishes_done_by"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wishes_state", "wishes", ["state"])
    op.add_column("moves", sa.Column("kind", sa.String(), nullable=True))
    op.add_column("moves", sa.Column("recipient", sa.Text(), nullable=True))
    op.add_column("moves", sa.Column("words", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("kind", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("words", sa.Text(), nullable=True))
    _fill(op.get_bind())
    op.create_index(
        "ix_cases_listed", "cases", ["arrival", "id", "account", "verdict", "kind", "closure", "words"]
    )


def _fill(connection: sa.Connection) -> None:
    last = 0
    while rows := connection.execute(
        sa.text("SELECT id, bounce FROM cases WHERE id > :last ORDER BY id LIMIT :portion"),
        {"last": last, "portion": _PORTION},
    ).all():
        connection.execute(
            sa.text("UPDATE cases SET kind = :kind, words = :words WHERE id = :id"),
            [{"id": row.id, **_of(json.loads(row.bounce))} for row in rows],
        )
        last = rows[-1].id
    last = 0
    # Where a case is on record at the very place that the move took it from.
    query = sa.text(
        "SELECT m.id, m.subject, m.sender, m.message_id, c.kind, "
        "json_extract(c.bounce, '$.recipients[0]') AS recipient "
        "FROM moves m LEFT JOIN cases c ON c.account = m.account AND c.folder = m.source_folder "
        "AND c.uidvalidity = m.source_uidvalidity AND c.uid = m.source_uid AND c.fingerprint = m.fingerprint "
        "WHERE m.id > :last ORDER BY m.id LIMIT :portion"
    )
    while rows := connection.execute(query, {"last": last, "portion": _PORTION}).all():
        connection.execute(
            sa.text("UPDATE moves SET kind = :kind, recipient = :recipient, words = :words WHERE id = :id"),
            [
                {
                    "id": row.id,
                    "kind": row.kind,
                    "recipient": row.recipient,
                    "words": _words(row.subject, row.sender, row.recipient, row.message_id),
                }
                for row in rows
            ],
        )
        last = rows[-1].id


def _of(bounce: dict[str, Any]) -> dict[str, str | None]:
    recipients = (bounce.get("recipients") or [])[:_QUOTED]
    references = (bounce.get("references") or [])[:_QUOTED]
    quoted = [reference["id"]["text"] for reference in references]
    named = (bounce.get("subject"), bounce.get("sender"), *recipients, bounce.get("message_id"), *quoted)
    return {"kind": bounce.get("kind"), "words": _words(*named)}


def _words(*texts: str | None) -> str:
    return "\n".join(text[:_SEARCHED].casefold() for text in texts if text)
