"""The doctor is asked as any command is, in this process."""

from __future__ import annotations

from tests.cli.conftest import (  # noqa: F401 - fixtures of all tests here
    nobody_elses_environment,
)

from .ward import template, ward  # noqa: F401 - fixtures of all tests here
