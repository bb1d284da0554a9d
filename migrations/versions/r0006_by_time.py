"""Sent messages are found again by moment and fingerprint: about the order in which a Sent folder is read.

Fingerprints alone come in no order.  Of a message with a Date the moment follows from the fingerprint; the few without
one have a small index of their own.  (What was logged before 0003 counts as dated, also where it is not: if such a
message is read again as filed at another moment, it is logged twice, which acquits no less.)
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.drop_index("ix_sent_messages_account_id_sent_at", "sent_messages")
    # SQLite cannot drop a constraint.  Foreign keys are off: the children keep what they refer to.
    op.create_table(
        "sent_messages_anew",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("dated", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("id", name="pk_sent_messages"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sent_messages_account_id"),
    )
    op.execute(
        "INSERT INTO sent_messages_anew SELECT id, account_id, fingerprint, sender, subject, sent_at, filed_at, dated "
        "FROM sent_messages ORDER BY id"
    )
    op.drop_table("sent_messages")
    op.rename_table("sent_messages_anew", "sent_messages")
    op.create_index(
        "ix_sent_messages_account_id_sent_at_fingerprint",
        "sent_messages",
        ["account_id", "sent_at", "fingerprint"],
        unique=True,
    )
    op.create_index(
        "ix_sent_messages_account_id_fingerprint",
        "sent_messages",
        ["account_id", "fingerprint"],
        unique=True,
        sqlite_where=sa.text("dated = 0"),
    )
