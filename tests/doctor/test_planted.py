"""Each fault, planted as a real thing in a healthy set-up, is found and named, with its mend; no secret is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scatterclean.cli import exits
from scatterclean.doctor import Topic

from .faults_here import HERE, Planted
from .faults_known import KNOWN
from .faults_there import THERE, expired_certificate, server_of
from .ward import Ward

FAULTS = [*HERE, *THERE, *KNOWN]
# What stops each of them is looked at elsewhere, or is that what is planted.
_ENDS = {"configuration": exits.CONFIG, "database": exits.DATABASE}


def test_there_are_at_least_25_faults_and_each_is_another() -> None:
    assert len(FAULTS) == 83
    assert len({each.plant for each in FAULTS}) == len(FAULTS)
    assert len({(each.codes, each.says) for each in FAULTS}) == len(FAULTS)
    assert len({each.codes for each in FAULTS}) >= 50


def _params() -> list[Any]:
    return [pytest.param(each, id=each.plant.__name__, marks=each.marks) for each in FAULTS]


@pytest.mark.parametrize("planted", _params())
def test_a_planted_fault_is_named_with_its_mend_and_no_secret(planted: Planted, ward: Ward) -> None:
    planted.plant(ward)
    code, form, printed = ward.json()
    found = [each for each in form["observations"] if each["code"] in planted.codes]
    assert found, json.dumps(form["observations"], indent=1)
    hit = next((each for each in found if planted.says in each["what"]), None)
    assert hit is not None, found
    assert hit["rating"] == planted.rating
    assert planted.mend in hit["mend"]
    # Everything else was looked at, or is told as not looked at.
    topics = {each["topic"] for each in form["observations"]}
    assert topics == ({str(t) for t in Topic} if form["accounts"] else {str(t) for t in list(Topic)[:7]})
    for each in form["observations"]:
        assert bool(each["mend"]) == (each["rating"] in ("fault", "warning"))
    if planted.rating == "fault":
        assert form["ok"] is False
        assert code == _ENDS.get(hit["topic"], exits.TROUBLE)
    else:
        assert (code == exits.DONE) == form["ok"]
    if ward.disk or "_hang" in planted.plant.__name__:
        told = said = ""
    else:
        _, told, said = ward()
        assert f"{planted.rating.upper()}: {hit['topic']}: " in told
        assert "To mend it: " in told
    for secret in ward.secrets:
        assert secret not in printed
        assert secret not in told + said
    assert "Traceback" not in printed + said


def test_a_server_that_repeats_the_password_long_after_the_login_tells_nobody(ward: Ward) -> None:
    gone = f"TAG NO [NONEXISTENT] no such mailbox, {ward.server.password}\r\n".encode()
    server_of(ward, script={"STATUS": [gone]})
    code, form, printed = ward.json()
    assert code == exits.TROUBLE
    [missing] = [each for each in form["observations"] if each["code"] == "inbox-missing"]
    assert "no such mailbox, ***" in missing["what"]
    assert ward.server.password not in printed


def test_what_rests_on_a_fault_is_told_once_as_not_looked_at_and_the_rest_is_looked_at(ward: Ward) -> None:
    expired_certificate(ward)
    _, told, _ = ward()
    assert told.count("not looked at: login: for it rests on: tls\n") == 1
    assert told.count("not looked at: folders: for it rests on: login\n") == 1
    assert told.count("not looked at: capabilities: for it rests on: login\n") == 1
    assert "ok: secret: " in told
    assert "ok: sweeps: " in told
    assert told.rstrip().endswith("1 fault, no warnings, 3 not looked at.")
