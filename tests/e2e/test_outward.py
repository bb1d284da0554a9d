"""The daemon as a process: its figures, its heartbeat, what `status` tells of it, its log while a server is away."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import forked
from tests.e2e import test_run
from tests.e2e.test_run import Daemon, Person, wait_for

SECRET = "sesame-42"
person = test_run.person


class Switch(ThreadingHTTPServer):
    """A dead man's switch."""

    def __init__(self) -> None:
        self.called: list[str] = []
        switch = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                switch.called.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        super().__init__(("127.0.0.1", 0), Answering)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as switch:
        yield switch
        switch.shutdown()


def figures(path: Path) -> dict[str, float]:
    """Of the one account, by name and verdict, as Prometheus reads them."""
    if not path.exists():
        return {}
    read = text_string_to_metric_families(path.read_text())
    return {s.name + s.labels.get("verdict", ""): s.value for family in read for s in family.samples}


def status(config: Path) -> dict[str, Any]:
    done = forked.run(["--config", str(config), "status", "--json"], env=os.environ)
    assert done.returncode == 0, done.stderr
    account: dict[str, Any] = json.loads(done.stdout)["accounts"][0]
    return account


def test_what_it_tells_of_itself_is_true(
    person: Person,
    config: Path,
    password_file: Path,
    switch: Switch,
) -> None:
    person.history()
    person.flood(3)
    person.genuine()
    prom = config.with_name("mine.prom")
    config.write_text(
        f'database = "log.db"\nmetrics_file = "mine.prom"\n'
        f'ping_url = "http://127.0.0.1:{switch.server_port}/{SECRET}"\n'
        + person.table("home", password_file).replace("timeout", "push = false\ntimeout")
    )
    config.chmod(0o600)
    daemon = Daemon(config)
    try:
        wait_for(lambda: figures(prom).get("scatterclean_moved_total") == 3, daemon)
        wait_for(lambda: bool(switch.called), daemon)
        told = figures(prom)
        assert told["scatterclean_genuine_messages"] == 1
        assert told["scatterclean_open_messageswaiting"] == 0
        assert told["scatterclean_consecutive_failures"] == 0
        assert told["scatterclean_sent_log_messages"] == 20
        assert told["scatterclean_last_sweep_duration_seconds"] > 0
        assert told["scatterclean_coverage_end_timestamp_seconds"] > 1.7e9
        well = status(config)
        assert well["watched"]["running"]
        assert well["watched"]["next"] > well["last_success"]
        assert (well["failed"], well["put_away"]["today"]) == (None, 3)

        person.server.stop()
        wait_for(lambda: figures(prom).get("scatterclean_failures_total", 0) >= 2, daemon)
        assert (
            figures(prom)["scatterclean_last_success_timestamp_seconds"]
            >= told["scatterclean_last_success_timestamp_seconds"]
        )
        ill = status(config)
        assert ill["failed"]["since"] <= ill["failed"]["at"]
        assert ill["last_success"] >= well["last_success"]
        assert ill["troubles"][0]["what"]

        person.server.start()
        wait_for(daemon.says("works again"), daemon)
        wait_for(lambda: figures(prom)["scatterclean_consecutive_failures"] == 0, daemon)
        assert daemon.leave() == 0
    finally:
        daemon.process.kill()
        daemon.process.wait()
    assert switch.called == [f"/{SECRET}"], "once a minute, and only while all is well"
    lines = daemon.log().splitlines()
    words = [line.partition(" home: ")[2] for line in lines]
    assert SECRET not in daemon.log()
    assert sum("trying again" in line for line in words) == 1
    assert sum("works again" in line for line in words) == 1
    repeated = {line for line in words if line and words.count(line) > 1}
    assert not repeated, "no line at every poll"
    assert not status(config)["watched"]["running"]
    assert status(config)["watched"]["next"] is None
