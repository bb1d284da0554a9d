"""Where the rows of a large harvest wait, without order, until they are put in their places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "staged_ids",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_staged_ids_account_id"),
        sa.ForeignKeyConstraint(["message_id"], ["sent_messages.id"], name="fk_staged_ids_message_id"),
    )
    op.create_table(
        "staged_recipients",
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_staged_recipients_account_id"),
        sa.ForeignKeyConstraint(["message_id"], ["sent_messages.id"], name="fk_staged_recipients_message_id"),
    )
    op.create_table(
        "staged_correspondents",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_staged_correspondents_account_id"),
    )
