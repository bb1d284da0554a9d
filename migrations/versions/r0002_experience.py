"""What the mail that passes by taught, shapes of sent ids, alarms."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BATCH = 10_000


def upgrade() -> None:
    op.create_table(
        "sent_shapes",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "shape", name="pk_sent_shapes"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sent_shapes_account_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "proofs",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name="pk_proofs"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_proofs_account_id"),
    )
    op.create_table(
        "routes",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("example", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "shape", name="pk_routes"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_routes_account_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbound_hosts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbound_hosts"),
        sa.UniqueConstraint("account_id", "host", name="uq_outbound_hosts_account_id_host"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_outbound_hosts_account_id"),
    )
    op.create_table(
        "received_ids",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "account_id", name="pk_received_ids"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_received_ids_account_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_received_ids_arrived", "received_ids", ["arrived"])
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("rung_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
        sa.UniqueConstraint("account", "key", name="uq_alarms_account_key"),
        sqlite_autoincrement=True,
    )
    _shapes_of_what_is_logged()


def _shapes_of_what_is_logged() -> None:
    """Keys are folded, and so are shapes: nothing is lost by making them from the keys."""
    connection = op.get_bind()
    after, account = "", -1
    while True:
        rows = connection.execute(
            sa.text(
                "SELECT key, account_id FROM sent_ids WHERE (key, account_id) > (:after, :account) "
                "ORDER BY key, account_id LIMIT :most"
            ),
            {"after": after, "account": account, "most": _BATCH},
        ).all()
        if not rows:
            return
        shapes = {(account_id, _shape(key)) for key, account_id in rows}
        connection.execute(
            sa.text("INSERT OR IGNORE INTO sent_shapes (account_id, shape) VALUES (:account_id, :shape)"),
            [{"account_id": account_id, "shape": shape} for account_id, shape in sorted(shapes) if shape],
        )
        after, account = rows[-1]


# `scatterclean.shapes` as it was when this revision was written.
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(r"[0-9a-z_+/=]+")
_ASSP_TAG = re.compile(r"^[0-9a-z]{2,5}\.[0-9]{4}[0-9a-f]{6}\.(?=.)")


def _shape(key: str) -> str:
    left, at, right = _ASSP_TAG.sub("", key).rpartition("@")
    if not at:
        left, right = right, ""
    if len(left) >= 20 and "." not in left and "$" not in left and not _UUID.search(left):
        made = "w"
    else:
        made = "uuid".join(_TOKEN.sub(_made_of, part) for part in _UUID.split(left))
    host = ".".join("*" if any(c.isdigit() for c in label) else label for label in right.split("."))
    return f"{made}@{host}"[:120]


def _made_of(token: re.Match[str]) -> str:
    if token[0].isalpha():
        return "a"
    return "n" if len(token[0]) <= 8 else "N"
