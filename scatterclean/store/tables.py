"""The tables.  It opens nothing and asks nothing.

`metadata` is what the migrations add up to; a test compares the two.  Whoever changes a table here adds a
revision in `migrations/versions` and raises `REVISION`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from scatterclean.store.columns import Moment, Words

# The newest revision in `migrations/versions`: compared at every start, so that alembic is imported only
# when a migration is due.
REVISION = "0008"

# "SCLN": stands in the file header (PRAGMA application_id), so that another program's database is told apart.
APPLICATION_ID = 0x53434C4E

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- the sent log ---------------------------------------------------------------------------------------
# There is no ON DELETE CASCADE anywhere: a table that is rebuilt must never take its children with it
# (field guide, 7).

# Whose an account is stands here alone, so that a change in the configuration takes its messages along.
# `logged` counts its rows of sent_messages: counting millions at every sweep would take half a second.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("person", Words, nullable=False, index=True),
    Column("logged", Integer, nullable=False, default=0),
)

sent_messages = Table(
    "sent_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("fingerprint", Words, nullable=False),
    Column("sender", Words),
    Column("subject", Words),
    Column("sent_at", Moment, nullable=False),
    Column("filed_at", Moment, nullable=False),
    # 0: its copy bears no believable Date, and `sent_at` may be the day on which old mail was imported.
    Column("dated", Integer, nullable=False, server_default=text("1")),
    # A Sent folder is read about in the order of time, while fingerprints come in no order.  Of a dated message the
    # moment follows from the fingerprint; of the few others it is that of filing, and each copy has its own.
    Index(None, "account_id", "sent_at", "fingerprint", unique=True),
    Index(None, "account_id", "fingerprint", unique=True, sqlite_where=text("dated = 0")),
)

# WITHOUT ROWID: the table is its index, so that a lookup is one descent and nothing is stored twice.
# `account_id` stands in the children too: the person's scope is decided without a join.
sent_ids = Table(
    "sent_ids",
    metadata,
    Column("key", Words, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("message_id", ForeignKey("sent_messages.id"), nullable=False),
    PrimaryKeyConstraint("key", "account_id", "message_id"),
    sqlite_with_rowid=False,
)

sent_recipients = Table(
    "sent_recipients",
    metadata,
    Column("recipient", Words, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("message_id", ForeignKey("sent_messages.id"), nullable=False),
    PrimaryKeyConstraint("recipient", "account_id", "sent_at", "message_id"),
    sqlite_with_rowid=False,
)

# Every address that an account ever wrote to, or wrote from, once: asked at every sweep.
correspondents = Table(
    "correspondents",
    metadata,
    Column("domain", Words, nullable=False),
    Column("address", Words, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    PrimaryKeyConstraint("domain", "address", "account_id"),
    sqlite_with_rowid=False,
)

senders = Table(
    "senders",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("address", Words, nullable=False),
    PrimaryKeyConstraint("account_id", "address"),
    sqlite_with_rowid=False,
)

# Rows of a large harvest on their way to the three tables above (see `staging`): without an index, so that they are
# only ever appended.
staged_ids = Table(
    "staged_ids",
    metadata,
    Column("key", Words, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("message_id", ForeignKey("sent_messages.id"), nullable=False),
)

staged_recipients = Table(
    "staged_recipients",
    metadata,
    Column("recipient", Words, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("message_id", ForeignKey("sent_messages.id"), nullable=False),
)


# The shapes of all ids that an account logged (see `shapes`), once each.
sent_shapes = Table(
    "sent_shapes",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("shape", Words, nullable=False),
    PrimaryKeyConstraint("account_id", "shape"),
    sqlite_with_rowid=False,
)

coverage = Table(
    "coverage",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False, index=True),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False),
    Column("grade", String, nullable=False),
)


def _cursor_columns() -> tuple[Column[Any] | PrimaryKeyConstraint, ...]:
    return (
        Column("account", Words, nullable=False),
        Column("folder", Words, nullable=False),
        Column("uidvalidity", Integer, nullable=False),
        Column("uidnext", Integer, nullable=False),
        Column("exists", Integer, nullable=False),
        Column("read_at", Moment, nullable=False),
        PrimaryKeyConstraint("account", "folder"),
    )


sent_cursors = Table("sent_cursors", metadata, *_cursor_columns())
watch_cursors = Table("watch_cursors", metadata, *_cursor_columns())

# --- experience -----------------------------------------------------------------------------------------
# What the mail that passed by taught about the log; `account_id` is whose mail it was, for proofs whose log.

proofs = Table(
    "proofs",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("replies", Integer, nullable=False),
    Column("last", Moment),
)

routes = Table(
    "routes",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("shape", Words, nullable=False),
    Column("cause", String, nullable=False),
    Column("example", Words, nullable=False),
    Column("seen_at", Moment, nullable=False),
    PrimaryKeyConstraint("account_id", "shape"),
    sqlite_with_rowid=False,
)

# `id` ascends: of too many hosts the oldest go.
outbound_hosts = Table(
    "outbound_hosts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("host", Words, nullable=False),
    UniqueConstraint("account_id", "host"),
)

received_ids = Table(
    "received_ids",
    metadata,
    Column("key", Words, nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("arrived", Moment, nullable=False, index=True),
    PrimaryKeyConstraint("key", "account_id"),
    sqlite_with_rowid=False,
)

# --- the journal ----------------------------------------------------------------------------------------

sweeps = Table(
    "sweeps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False, index=True),
    Column("mode", String, nullable=False),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),  # NULL: it is running, or it was cut off
    Column("looked_at", Integer, nullable=False, default=0),
    Column("harvested", Integer, nullable=False, default=0),
    Column("verdicts", Text, nullable=False, default="{}"),  # JSON: {verdict: count}
    Column("moved", Integer, nullable=False, default=0),
    Column("returned", Integer, nullable=False, default=0),
    Column("left_alone", Integer, nullable=False, default=0),
    Column("refusal", String),
    Column("troubles", Text, nullable=False, default="[]"),  # JSON: [sentence]
    sqlite_autoincrement=True,
)

moves = Table(
    "moves",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sweep_id", ForeignKey("sweeps.id"), nullable=False, index=True),
    Column("account", Words, nullable=False),
    Column("fingerprint", Words, nullable=False),
    Column("source_folder", Words, nullable=False),
    Column("source_uidvalidity", Integer, nullable=False),
    Column("source_uid", Integer, nullable=False),
    Column("target_folder", Words, nullable=False),
    Column("target_uidvalidity", Integer, nullable=False),
    Column("target_uidnext", Integer, nullable=False),
    Column("target_uid", Integer),
    Column("errand", String, nullable=False),
    Column("returns", ForeignKey("moves.id"), index=True),
    Column("arrival", Moment),
    Column("message_id", Words),
    Column("message_key", Words, index=True),  # the first of MessageId.keys: what people look it up by
    Column("subject", Words),
    Column("sender", Words),
    Column("state", String, nullable=False),
    Column("intended_at", Moment, nullable=False),
    Column("settled_at", Moment),
    # For people: what it is, whom it is about, and what is looked through when they search (forms.py).
    Column("kind", String),
    Column("recipient", Words),
    Column("words", Text),
    Index(None, "account", "fingerprint"),
    Index(None, "account", "state"),
    sqlite_autoincrement=True,
)

# What the person asked for in the dashboard, written by another process than all other tables; `state` and its changes:
# `model.WISH_PERMITTED`.
wishes = Table(
    "wishes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False, unique=True),
    Column("move_id", ForeignKey("moves.id")),
    Column("case_id", ForeignKey("cases.id")),
    Column("state", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("sweep_id", ForeignKey("sweeps.id")),
    Column("tried_at", Moment),
    Column("told", Words, nullable=False),
    Column("settled_at", Moment),
    Column("done_by", ForeignKey("moves.id")),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("detail", Text, nullable=False),  # JSON: [[name, text]]
    Column("rung_at", Moment, nullable=False),
    UniqueConstraint("account", "key"),
    sqlite_autoincrement=True,
)

# What the person is to be told, once for each way; `state` and its changes: `model.NOTICE_PERMITTED`.
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("way", String, nullable=False),  # empty: on no way, as the person has set
    Column("kind", String, nullable=False),
    Column("subject", Words, nullable=False),
    Column("body", Text, nullable=False),
    Column("made", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("next", Moment),
    Column("inbox", Words),
    Column("settled_at", Moment),
    UniqueConstraint("account", "key", "way"),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

storms = Table(
    "storms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False),
    Column("since", Moment, nullable=False),
    Column("noticed", Moment, nullable=False),
    Column("ended", Moment),  # NULL: it is in progress
    Index(None, "account"),
    sqlite_autoincrement=True,
)

# --- the docket -----------------------------------------------------------------------------------------

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Words, nullable=False),
    Column("folder", Words, nullable=False),
    Column("uidvalidity", Integer, nullable=False),
    Column("uid", Integer, nullable=False),
    Column("fingerprint", Words, nullable=False),
    Column("arrival", Moment, nullable=False),
    Column("message_key", Words, index=True),
    Column("verdict", String, nullable=False),
    Column("bounce", Text, nullable=False),  # JSON, see forms.py
    Column("finding", Text, nullable=False),  # JSON
    Column("closed_at", Moment),
    Column("closure", String),
    Column("kind", String),
    Column("words", Text),
    UniqueConstraint("account", "folder", "uidvalidity", "uid"),
    Index(None, "account", "closed_at"),
    Index(None, "account", "verdict", "arrival"),
    # A list of cases is filtered in here: the row itself is a page or two, and 100,000 of them are read in seconds.
    Index("ix_cases_listed", "arrival", "id", "account", "verdict", "kind", "closure", "words"),
    sqlite_autoincrement=True,
)
