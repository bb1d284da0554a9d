"""Fixtures that every test may use; real servers and the shared corpora are skipped aloud where absent.

With SCATTERCLEAN_REQUIRE_SERVERS=1 (set by .ci/run) an absent server is a failure, not a skip.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.mailbox.together import manners_of
from tests.hosts.kinds import KINDS
from tests.servers import Host

# No timed asserts: on a busy machine a deadline tells of the machine, not of the code.
settings.register_profile("scatterclean", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("scatterclean")

# In the background of a shell without job control, as CI may run us, these are ignored by this process and by all that
# it starts: no Ctrl-C of a test would reach anybody.
with suppress(ValueError):  # not in the main thread
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)

HERE = Path(__file__).parent
CORPORA = HERE.parents[1] / "shared" / "corpora"


# A file is the work of one process.  Those that take longest begin first, or all others would wait for them in the end.
LONGEST = (
    "sweeps/test_crash_points_without_move.py",
    "sweeps/test_crash_points.py",
    "e2e/test_push.py",
    "e2e/test_quirks.py",
    "e2e/test_every_server.py",
    "docs/test_commands.py",
    "e2e/test_releases.py",
    "web/test_deeds.py",
    "web/test_browser.py",
    "sweeps/test_death.py",
    "e2e/test_renamed.py",
    "page/test_browser.py",
    "e2e/test_run.py",
    "faults/test_killed.py",
    "faults/test_handshake.py",
    "review/test_process.py",
    "years/test_years.py",
    "mutants/test_mutants.py",
    "sweeps/test_rebuilt.py",
    "faults/test_machine_fails.py",
    "e2e/test_retention.py",
    "machine/test_machine.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Needs --no-loadscope-reorder, which `python -m tests` gives: xdist would begin with the files of most tests."""
    order = {HERE / name: number for number, name in enumerate(LONGEST)}
    if gone := [str(path) for path in order if not path.exists()]:
        raise pytest.UsageError(f"conftest.LONGEST names what is not there: {', '.join(gone)}")
    items.sort(key=lambda item: order.get(item.path, len(order)))


def absent(what: str) -> None:
    """Skip, or fail where everything must be present."""
    if os.environ.get("SCATTERCLEAN_REQUIRE_SERVERS"):
        pytest.fail(f"{what} is absent, and SCATTERCLEAN_REQUIRE_SERVERS is set")
    pytest.skip(f"{what} is absent")


@pytest.fixture(autouse=True)
def _no_server_has_a_past() -> None:
    """A connection that one test cut must not make the server of another one be asked one thing at a time."""
    manners_of.cache_clear()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Commands and daemons in this process set up logging, also in fixtures that serve many tests: each test finds it
    as the process began."""
    _nobody_logs()
    yield
    _nobody_logs()


def _nobody_logs() -> None:
    log = logging.getLogger("scatterclean")
    log.handlers.clear()
    log.setLevel(logging.NOTSET)
    log.propagate = True


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The shared corpora of real messages, which are not part of the project."""
    if not CORPORA.is_dir():
        pytest.skip("../shared/corpora is absent")
    return CORPORA


@pytest.fixture(scope="session")
def hosts() -> Iterator[Callable[[str], Host]]:
    """The real servers of `tests.hosts.kinds` by name, each started when it is first asked for, one for the session
    (and worker); each test takes a user of its own (`servers.fresh_user`)."""
    with ExitStack() as stack:
        up: dict[str, Host] = {}

        def host(name: str) -> Host:
            if name not in up:
                kind = KINDS[name]
                if not kind.found():
                    absent(kind.needs)
                up[name] = stack.enter_context(kind.make())
            return up[name]

        yield host


@pytest.fixture(scope="session")
def dovecot(hosts: Callable[[str], Host]) -> ScratchDovecot:
    """The Dovecot that is asked for most."""
    server = hosts("dovecot")
    assert isinstance(server, ScratchDovecot)
    return server
