"""Correspondents do not wait by themselves any more: they are the recipients that wait."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

recounted = frozenset({"correspondents", "staged_correspondents"})


def upgrade() -> None:
    # What a harvest that was cut off left there.
    op.execute(
        "INSERT INTO correspondents (domain, address, account_id) "
        "SELECT domain, address, account_id FROM staged_correspondents WHERE true ON CONFLICT DO NOTHING"
    )
    op.drop_table("staged_correspondents")
