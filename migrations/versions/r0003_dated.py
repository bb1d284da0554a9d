"""Whether a sent message's moment is that of its own Date."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """What was logged before counts as dated, as it did: a Date in the very second of filing is common, so that
    equal moments do not tell.  SQLite adds the column without touching a row."""
    op.add_column(
        "sent_messages", sa.Column("dated", sa.Integer(), nullable=False, server_default=sa.text("1"))
    )
