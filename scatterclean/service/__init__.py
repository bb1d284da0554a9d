"""The daemon: one job per account, signals, a heartbeat, bells; it judges and moves nothing itself.

daemon     the main loop, which hears words and tells the scheduler
jobs       one job per account; rounds, and who cuts them off
health     how an account fares: what is told, how long it is left in peace
watcher    listens for new mail, and only wakes
followups  when an account is swept earlier than its poll
clock      a suspend, a clock that was set
signals    signals as words in the main loop's queue
notify     what systemd is told
telling    what the person is told, and on which ways it gets there
events     what there is to tell: alarms, storms, trouble, a digest
outward    what other programs are told after a round
metrics    figures for Prometheus
ping       one call of an address
logs       where log lines go, and how they look
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from queue import SimpleQueue

from scatterclean.config import load
from scatterclean.service.daemon import Service
from scatterclean.service.logs import about, log, set_up_logging, tell_nothing_else
from scatterclean.service.notify import Notifier
from scatterclean.service.signals import listen_for
from scatterclean.wire import Household

__all__ = ["Service", "run", "set_up_logging"]


def run(config_path: Path, *, verbose: bool = False, log_json: bool = False) -> int:
    """`scatterclean run`: open the store, watch until asked to leave.  Raises ConfigBroken, Database*."""
    words: SimpleQueue[tuple[str, object]] = SimpleQueue()
    # Before anything else: unheard, it ends the process.  The other two may, as long as nothing runs.
    listen_for(words, "SIGHUP")
    notifier = Notifier.of(os.environ)
    settings = load(config_path)
    set_up_logging("debug" if verbose else settings.log_level.value, as_json=log_json)
    tell_nothing_else()
    for warning in settings.warnings:
        log.warning("%s", warning, extra=about("config-unwise"))
    notifier.status("opening the database")
    with Household.open(settings) as household:
        service = Service(household, lambda: load(config_path), verbose, words, notifier=notifier)
        listen_for(words, "SIGTERM", "SIGINT")
        in_time = service.run()
        if not in_time:
            # The interpreter would wait for the thread (a login, a password command) at its exit.  Nothing is
            # lost: the journal is committed, and what was begun is settled at the next start.
            logging.shutdown()
            os._exit(0)
    return 0
