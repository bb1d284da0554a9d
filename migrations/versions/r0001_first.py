"""The first schema: sent log, journal, docket."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _sent_log()
    _journal()
    _docket()


def _sent_log() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("logged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )
    op.create_index("ix_accounts_person", "accounts", ["person"])
    op.create_table(
        "sent_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sent_messages"),
        sa.UniqueConstraint("account_id", "fingerprint", name="uq_sent_messages_account_id_fingerprint"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sent_messages_account_id"),
    )
    op.create_index("ix_sent_messages_account_id_sent_at", "sent_messages", ["account_id", "sent_at"])
    op.create_table(
        "sent_ids",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "account_id", "message_id", name="pk_sent_ids"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sent_ids_account_id"),
        sa.ForeignKeyConstraint(["message_id"], ["sent_messages.id"], name="fk_sent_ids_message_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sent_recipients",
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "recipient", "account_id", "sent_at", "message_id", name="pk_sent_recipients"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sent_recipients_account_id"),
        sa.ForeignKeyConstraint(["message_id"], ["sent_messages.id"], name="fk_sent_recipients_message_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "correspondents",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "address", "account_id", name="pk_correspondents"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_correspondents_account_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "senders",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "address", name="pk_senders"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_senders_account_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coverage"),
    )
    op.create_index("ix_coverage_account", "coverage", ["account"])
    _cursors("sent_cursors")


def _cursors(table: str) -> None:
    op.create_table(
        table,
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.Integer(), nullable=False),
        sa.Column("uidnext", sa.Integer(), nullable=False),
        sa.Column("exists", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "folder", name=f"pk_{table}"),
    )


def _journal() -> None:
    op.create_table(
        "sweeps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("harvested", sa.Integer(), nullable=False),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("left_alone", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.String(), nullable=True),
        sa.Column("troubles", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sweeps"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sweeps_account", "sweeps", ["account"])
    op.create_table(
        "moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sweep_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("source_folder", sa.Text(), nullable=False),
        sa.Column("source_uidvalidity", sa.Integer(), nullable=False),
        sa.Column("source_uid", sa.Integer(), nullable=False),
        sa.Column("target_folder", sa.Text(), nullable=False),
        sa.Column("target_uidvalidity", sa.Integer(), nullable=False),
        sa.Column("target_uidnext", sa.Integer(), nullable=False),
        sa.Column("target_uid", sa.Integer(), nullable=True),
        sa.Column("errand", sa.String(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=True),
        sa.Column("arrival", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("message_key", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("intended_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_moves"),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name="fk_moves_sweep_id"),
        sa.ForeignKeyConstraint(["returns"], ["moves.id"], name="fk_moves_returns"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_moves_account_fingerprint", "moves", ["account", "fingerprint"])
    op.create_index("ix_moves_account_state", "moves", ["account", "state"])
    op.create_index("ix_moves_message_key", "moves", ["message_key"])
    op.create_index("ix_moves_returns", "moves", ["returns"])
    op.create_index("ix_moves_sweep_id", "moves", ["sweep_id"])


def _docket() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("bounce", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint(
            "account", "folder", "uidvalidity", "uid", name="uq_cases_account_folder_uidvalidity_uid"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cases_account_closed_at", "cases", ["account", "closed_at"])
    op.create_index("ix_cases_account_verdict_arrival", "cases", ["account", "verdict", "arrival"])
    op.create_index("ix_cases_message_key", "cases", ["message_key"])
    _cursors("watch_cursors")
