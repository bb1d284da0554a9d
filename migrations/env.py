"""Runs the revisions in the transaction that `scatterclean.store.migrate` opened; it opens nothing itself."""

from __future__ import annotations

from alembic import context

from scatterclean.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("the migrations run by themselves when scatterclean starts; see migrations/README.md")
# render_as_batch: SQLite can alter little; alembic then rebuilds the table.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
