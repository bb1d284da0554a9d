"""A real Dovecot on loopback in a directory of its own, as root or as anybody; it knows no mail.

For the tests and for `scatterclean demo --server dovecot`.  Dovecot 2.3 only: 2.4 has another language for its
configuration.  The settings were tried on 2.3.19 (Debian 12), as root and as a user without rights.
"""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from scatterclean.demo.certificates import make_authority, make_certificate

_PLACES = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    "/usr/local/opt/dovecot/sbin",
    "/opt/local/sbin",
)
_PATIENCE = 15.0  # seconds to come up or to go down
_HOST = "127.0.0.1"


class DovecotBroken(RuntimeError):
    """Dovecot did not start or stop as it should; the text holds what it said."""


def find_dovecot() -> Path | None:
    """The `dovecot` program if there is one of version 2.3, else None."""
    found = shutil.which("dovecot", path=os.pathsep.join((os.environ.get("PATH", ""), *_PLACES)))
    if found is None:
        return None
    try:
        said = subprocess.run(  # noqa: S603 - the program just found, no shell
            [found, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(found) if re.match(r"2\.3\.", said) else None


class ScratchDovecot:
    """A context manager: up when entered, gone without a trace when left.

    Every user name exists, with `password`, and has a home of its own on first login.  Sent, Drafts, Junk and
    Trash have their SPECIAL-USE.  `storage` is "sdbox", "mdbox" or "maildir".  `separator` and `prefix` shape the
    namespace; `capability` is advertised after the login instead of all that Dovecot can ("" means all); `quota` is
    a rule such as "*:storage=100k".  With `tls` there is a second port with TLS from the first byte (and STARTTLS
    on the first), its certificate for `tls_names` made by an authority of its own, whose file is `ca_file`.  With
    `trace` all that was said in sessions can be read by `trace_of`.  With `compress` it knows COMPRESS=DEFLATE.
    """

    password = "let-me-in-8"  # noqa: S105 - of a server on loopback that lives for seconds

    def __init__(
        self,
        *,
        storage: str = "sdbox",
        separator: str = "/",
        prefix: str = "",
        capability: str = "",
        quota: str = "",
        tls: bool = False,
        trace: bool = False,
        compress: bool = False,
    ) -> None:
        self._storage = storage
        self._separator = separator
        self._prefix = prefix
        self._capability = capability
        self._quota = quota
        self._tls = tls
        self._trace = trace
        self._compress = compress
        self._process: subprocess.Popen[bytes] | None = None
        self._base: Path | None = None
        self.port = 0
        self.tls_port = 0

    # --- life --------------------------------------------------------------------------------------------

    def __enter__(self) -> ScratchDovecot:
        try:
            self.start()
        except BaseException:  # Ctrl-C, too: `__exit__` is not called for what was not entered
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._base is not None:
            shutil.rmtree(self._base, ignore_errors=True)
            self._base = None

    @property
    def base(self) -> Path:
        """The directory of everything; short, because the paths of sockets may have 107 characters."""
        if self._base is None:
            self._base = Path(tempfile.mkdtemp(prefix="sc-"))
            _give(self._base)
        return self._base

    @property
    def ca_file(self) -> Path:
        """The authority that signed the certificate (PEM)."""
        return self.base / "tls" / "ca.pem"

    def home(self, user: str) -> Path:
        """Where the mail of a user is kept; not there before the first login."""
        return self.base / "home" / user

    def start(self) -> None:
        """Start and wait until it answers.  Ports stay the same over a restart."""
        program = find_dovecot()
        if program is None:
            raise DovecotBroken("there is no Dovecot 2.3 here")
        for name in ("run", "state", "home"):
            (self.base / name).mkdir(exist_ok=True)
            _give(self.base / name)
        if self._tls and not self.ca_file.exists():
            make_authority(self.ca_file.parent)
            make_certificate(self.ca_file.parent, "server")
        for attempt in range(3):  # another process may take the port between our look and Dovecot's bind
            if not self.port or attempt:
                self.port, self.tls_port = _free_ports()
            (self.base / "dovecot.conf").write_text(self._settings())
            with (self.base / "out").open("ab") as out:
                self._process = subprocess.Popen(  # noqa: S603 - the program that find_dovecot names
                    [program, "-F", "-c", str(self.base / "dovecot.conf")],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            if self._answers():
                return
            self.stop()
        raise DovecotBroken(f"Dovecot did not come up; it said:\n{self.log()}")

    def stop(self) -> None:
        """Stop it and all sessions, and wait until they are gone."""
        process, self._process = self._process, None
        if process is None:
            return
        # The whole group, which is ours by start_new_session: told alone, the master takes a second.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # Sessions end with their master.  Where process 1 buries no dead (some containers) the group
            # never looks empty, so it is not waited for long.
            until = time.monotonic() + 0.3
            while time.monotonic() < until:
                os.killpg(process.pid, 0)
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGKILL)

    def restart(self) -> None:
        """Cut every session and come up again on the same ports, with the same mail."""
        self.stop()
        self.start()

    def log(self) -> str:
        """What the server wrote about itself, for the text of a failure."""
        texts = (self.base / name for name in ("out", "log"))
        return "".join(text.read_text(errors="replace") for text in texts if text.exists())

    def _answers(self) -> bool:
        until = time.monotonic() + _PATIENCE
        while self._process is not None and self._process.poll() is None and time.monotonic() < until:
            try:
                with socket.create_connection((_HOST, self.port), 1) as probe:
                    probe.settimeout(_PATIENCE)
                    if probe.recv(4) == b"* OK":
                        return True
            except OSError:
                time.sleep(0.01)
        return False

    # --- what was said -----------------------------------------------------------------------------------

    def tracing(self, user: str) -> None:
        """From the next login on, keep what this user's sessions say (Dovecot: rawlog_dir)."""
        rawlog = self.home(user) / "rawlog"
        rawlog.mkdir(parents=True, exist_ok=True)
        for path in (self.home(user), rawlog):
            _give(path)

    def trace_of(self, user: str) -> tuple[bytes, bytes]:
        """(all that clients said, all that the server said) after the login of that user's sessions so far."""
        rawlog = self.home(user) / "rawlog"
        said, answered = (
            b"".join(path.read_bytes() for path in sorted(rawlog.glob(f"*.{end}"))) for end in ("in", "out")
        )
        return said, answered

    # --- settings ----------------------------------------------------------------------------------------

    def _settings(self) -> str:
        me, group, uid, gid = _owner()
        base = self.base
        plain: dict[str, str] = {
            "base_dir": f"{base}/run",
            "state_dir": f"{base}/state",
            "log_path": f"{base}/log",
            "default_internal_user": me,
            "default_internal_group": group,
            "default_login_user": me,
            "first_valid_uid": "1",
            "first_valid_gid": "1",
            "protocols": "imap",
            "listen": _HOST,
            "disable_plaintext_auth": "no",
            "auth_failure_delay": "0",
            "mail_location": f"{self._storage}:~/mail",
            "mail_fsync": "never",
            "mail_max_userip_connections": "200",
            # With its 256 MB it cannot map the cache of a folder of 500,000, and parses every message anew.
            "default_vsz_limit": "4G",
            "shutdown_clients": "yes",
            "ssl": "no",
        }
        if self._tls:
            plain |= {
                "ssl": "yes",
                "ssl_cert": f"<{base}/tls/server.pem",
                "ssl_key": f"<{base}/tls/server.key",
                "ssl_dh": "",
            }
        imap: dict[str, str] = {}
        if self._capability:
            imap["imap_capability"] = self._capability
        if self._compress:
            imap["mail_plugins"] = "$mail_plugins imap_zlib"
        if self._trace:
            imap["rawlog_dir"] = "%h/rawlog"
        return _TEMPLATE.format(
            plain=_lines(plain),
            imap=_lines(imap),
            password=self.password,
            home=f"{base}/home/%u",
            uid=uid,
            gid=gid,
            separator=self._separator,
            prefix=self._prefix,
            port=self.port,
            tls_port=self.tls_port if self._tls else 0,
            quota=_QUOTA.format(rule=self._quota) if self._quota else "",
        )


def _lines(settings: Mapping[str, str]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in settings.items())


# Braces on one line are a syntax error.  An empty chroot lets services that chroot run without root.  Without
# the listener for penalties a wrong password slows every later login from the same address by seconds.
_TEMPLATE = """\
{plain}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
}}
protocol imap {{
  {imap}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
{quota}"""

_QUOTA = """\
mail_plugins = quota
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = {rule}
}}
"""


def _owner() -> tuple[str, str, int, int]:
    """Who owns the mail and runs the services: oneself, or nobody if one is root (Dovecot wants no root)."""
    try:
        who = pwd.getpwnam("nobody" if os.geteuid() == 0 else getpass.getuser())
    except KeyError:
        who = pwd.getpwuid(os.geteuid())
    return who.pw_name, grp.getgrgid(who.pw_gid).gr_name, who.pw_uid, who.pw_gid


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        _, _, uid, gid = _owner()
        os.chown(path, uid, gid)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind((_HOST, 0))
        two.bind((_HOST, 0))
        return int(one.getsockname()[1]), int(two.getsockname()[1])
