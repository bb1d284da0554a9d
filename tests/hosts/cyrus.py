"""A real Cyrus IMAP server on loopback in a directory of its own; tried with 3.6.1 (Debian 12)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.hosts.unpacked import HOST, HostBroken, environment, find, free_port, give, make, new_base, owner

_PATIENCE = 30.0  # seconds to come up or to go down
_PROGRAMS = "usr/lib/cyrus/bin"


def find_cyrus() -> Path | None:
    """The folder of its programs, or None."""
    found = find(f"{_PROGRAMS}/master")
    return found.parent if found else None


class ScratchCyrus:
    """A context manager; every user name exists, with `password`, and gets Sent, Drafts, Junk and Trash at login.

    `classic`: names as before Cyrus 3 ("INBOX.Sent"), else "/" and no prefix.  `quota`: KiB for each user.
    Passwords are asked of a saslauthd of ours, in a thread: Cyrus can ask PAM, a database or that.
    """

    password = "let-me-in-8"

    def __init__(self, *, classic: bool = False, quota: int = 0) -> None:
        self._classic = classic
        self._quota = quota
        self._base: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._doorkeeper: _Doorkeeper | None = None
        self.port = 0

    def __enter__(self) -> ScratchCyrus:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._doorkeeper is not None:
            self._doorkeeper.close()
        if self._base is not None:
            shutil.rmtree(self._base, ignore_errors=True)
            self._base = None

    @property
    def base(self) -> Path:
        """The directory of everything."""
        if self._base is None:
            self._base = new_base()
        return self._base

    def start(self) -> None:
        """Start and wait until it answers.  The port stays the same over a restart."""
        programs = find_cyrus()
        if programs is None:
            raise HostBroken("there is no Cyrus here; .ci/servers unpacks it")
        for name in ("conf/db", "conf/proc", "conf/log", "conf/socket", "conf/lock", "spool"):
            make(self.base / name)
        if self._doorkeeper is None:
            self._doorkeeper = _Doorkeeper(self.base / "mux", self.password)
        surroundings = {**environment(), "CYRUS_USER": owner().pw_name}
        for attempt in range(3):  # another process may take the port between our look and Cyrus' bind
            if not self.port or attempt:
                self.port = free_port()
            self._settings(programs)
            who, root = owner(), os.geteuid() == 0
            with (self.base / "out").open("ab") as out:
                self._process = subprocess.Popen(
                    [
                        *(programs / "master", "-C", self.base / "imapd.conf"),
                        *("-M", self.base / "cyrus.conf", "-p", self.base / "master.pid"),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env=surroundings,
                    cwd=self.base,
                    # The master wants to begin with the group of its user, too.
                    user=who.pw_uid if root else None,
                    group=who.pw_gid if root else None,
                    extra_groups=[] if root else None,
                    start_new_session=True,
                )
            if self._answers():
                return
            self.stop()
        raise HostBroken(
            f"Cyrus did not come up; it said:\n{(self.base / 'out').read_text(errors='replace')}"
        )

    def stop(self) -> None:
        """Stop it and all sessions."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):  # the whole group is ours by start_new_session
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(2)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_PATIENCE)

    def restart(self) -> None:
        """Cut every session and come up again on the same port, with the same mail."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        until = time.monotonic() + _PATIENCE
        while self._process is not None and self._process.poll() is None and time.monotonic() < until:
            try:
                with socket.create_connection((HOST, self.port), 1) as probe:
                    probe.settimeout(_PATIENCE)
                    if probe.recv(4) == b"* OK":
                        return True
            except OSError:
                time.sleep(0.02)
        return False

    def _settings(self, programs: Path) -> None:
        base, modern = self.base, "no" if self._classic else "yes"
        (base / "imapd.conf").write_text(
            f"configdirectory: {base}/conf\n"
            f"partition-default: {base}/spool\n"
            "defaultpartition: default\n"
            "allowplaintext: yes\n"
            "sasl_pwcheck_method: saslauthd\n"
            f"sasl_saslauthd_path: {base}/mux\n"
            "sasl_mech_list: PLAIN\n"
            "failedloginpause: 0\n"
            f"autocreate_quota: {self._quota}\n"
            "autocreate_inbox_folders: Sent|Drafts|Junk|Trash\n"
            "autocreate_subscribe_folders: Sent|Drafts|Junk|Trash\n"
            "xlist-Sent: Sent\nxlist-Drafts: Drafts\nxlist-Junk: Junk\nxlist-Trash: Trash\n"
            "specialusealways: yes\n"
            f"unixhierarchysep: {modern}\n"
            f"altnamespace: {modern}\n"
            "virtdomains: off\n"
            "maxlogins_per_user: 200\n"
            f"idlesocket: {base}/conf/socket/idle\n"
        )
        (base / "cyrus.conf").write_text(
            "START {\n"
            f'  recover cmd="{programs}/ctl_cyrusdb -C {base}/imapd.conf -r"\n'
            f'  idled cmd="{programs}/idled -C {base}/imapd.conf"\n'
            "}\n"
            "SERVICES {\n"
            f'  imap cmd="{programs}/imapd -C {base}/imapd.conf" listen="{HOST}:{self.port}" '
            "prefork=1 maxchild=200\n"
            "}\n"
            "EVENTS {\n}\n"
        )


class _Doorkeeper:
    """A saslauthd that knows one password for all (protocol: cyrus-sasl, saslauthd/lak.c and lib/checkpw.c).

    Four strings, each after its length in two bytes: login, password, service, realm; the answer likewise.
    """

    def __init__(self, path: Path, password: str) -> None:
        self._password = password.encode()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        give(path)
        self._socket.listen(50)
        threading.Thread(target=self._serve, daemon=True, name="saslauthd").start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the accept
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client, client.makefile("rb") as said, suppress(OSError, struct.error):
                strings = [said.read(struct.unpack("!H", said.read(2))[0]) for _ in range(4)]
                answer = b"OK" if strings[1] == self._password else b"NO"
                client.sendall(struct.pack("!H", len(answer)) + answer)
