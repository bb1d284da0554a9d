"""A bounded number of examples of the world that fights back; `python -m tests.machine` runs as many as one likes."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from .machine import Machine

EXAMPLES = int(os.environ.get("SCATTERCLEAN_MACHINE_EXAMPLES", "60"))


def test_whatever_other_hands_do_and_whatever_dies_the_books_balance() -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
