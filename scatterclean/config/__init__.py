"""The configuration: one TOML file -> frozen values, or every problem at once, each with its line.

It fetches no password (that is `Secret.fetch`, later, where a session begins) and writes nothing.

settings         the values
secret           where passwords are
outward          what the daemon tells other programs
schema           what each key may hold
notify           what the person is told, and how
checks           what keys and accounts must not be together
lines, problems  where something is wrong, and in which words
reading          all of it in a row
"""

from __future__ import annotations

from scatterclean.config.reading import ENVIRONMENT, default_database, default_path, load
from scatterclean.config.secret import Secret, Source
from scatterclean.config.settings import AccountSettings, LogLevel, Settings, Tls, tokens_beside

__all__ = [
    "ENVIRONMENT",
    "AccountSettings",
    "LogLevel",
    "Secret",
    "Settings",
    "Source",
    "Tls",
    "default_database",
    "default_path",
    "load",
    "tokens_beside",
]
