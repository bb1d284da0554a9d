"""A real OAuth2 server (nanoidp) on loopback, and a person with a browser who logs in there."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from types import TracebackType

from scatterclean.model import OAuthClient

PERSON, PASSWORD = "jo", "open-sesame"
CLIENT, MAILSERVER, MAILSERVER_SECRET = "scatterclean-test", "mailserver", "mailserver-secret"
_PATIENCE = 20.0

_SETTINGS = """\
config_version: 1
server: {{host: "127.0.0.1", port: {port}}}
oauth:
  issuer: "http://127.0.0.1:{port}"
  audience: "mail"
  token_expiry_minutes: 60
  refresh_token_rotation: {rotation}
  clients:
    - client_id: "{client}"
      token_endpoint_auth_method: "none"
      redirect_uris: ["http://127.0.0.1/"]
    - client_id: "{mailserver}"
      client_secret: "{secret}"
"""
_USERS = """\
config_version: 1
users:
  {person}: {{password: "{password}", email: "jo@example.org", roles: ["USER"], tenant: "default"}}
"""


class Idp:
    """A context manager.  Its public client rotates refresh tokens: one that was used is void."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        (folder / "keys").mkdir(parents=True)
        (folder / "settings.yaml").write_text(
            _SETTINGS.format(
                port=self.port,
                rotation="true",
                client=CLIENT,
                mailserver=MAILSERVER,
                secret=MAILSERVER_SECRET,
            )
        )
        (folder / "users.yaml").write_text(_USERS.format(person=PERSON, password=PASSWORD))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> OAuthClient:
        return OAuthClient(
            token_endpoint=f"{self.base}/token",
            client_id=CLIENT,
            authorization_endpoint=f"{self.base}/authorize",
            device_endpoint=f"{self.base}/device_authorization",
            scope="openid offline_access",
        )

    @property
    def table(self) -> str:
        """The same for the configuration, as `oauth = ...`."""
        client = self.client
        return (
            f'oauth = {{ token_endpoint = "{client.token_endpoint}", client_id = "{client.client_id}", '
            f'authorization_endpoint = "{client.authorization_endpoint}", '
            f'device_endpoint = "{client.device_endpoint}", scope = "{client.scope}" }}\n'
        )

    def __enter__(self) -> Idp:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        with (self._folder / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nanoidp", "--config", str(self._folder), "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
            )
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.base}/.well-known/openid-configuration", timeout=2).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"nanoidp did not come up:\n{(self._folder / 'out').read_text()}")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(_PATIENCE)

    def revoke(self, token: str) -> None:
        """RFC 7009, as the provider's page "apps with access to your account" does it."""
        form = urllib.parse.urlencode({"token": token, "client_id": CLIENT}).encode()
        with urllib.request.urlopen(f"{self.base}/revoke", form, timeout=10) as answer:
            assert answer.status == 200


class Browser:
    """What a person does there: opens a page, fills in forms, follows where it leads."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.page = ""
        self.where = ""

    def open(self, url: str, form: dict[str, str] | None = None) -> int:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            with self._opener.open(url, data, timeout=20) as answer:
                self.page, self.where, status = answer.read().decode(), answer.geturl(), answer.status
        except urllib.error.HTTPError as refused:
            self.page, self.where, status = refused.read().decode(), url, refused.code
        return int(status)

    def log_in(self, url: str) -> int:
        """The whole login; the status of the page at the end."""
        assert self.open(url) == 200, self.page
        return self.open(url.partition("?")[0], self._hidden() | {"username": PERSON, "password": PASSWORD})

    def type_code(self, page: str, code: str) -> None:
        self.open(page)
        self.open(
            page,
            self._hidden()
            | {"user_code": code, "username": PERSON, "password": PASSWORD, "action": "authorize"},
        )
        assert "uthorized" in self.page or "success" in self.page.lower(), self.page

    def _hidden(self) -> dict[str, str]:
        found = {}
        for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', self.page):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and value:
                found[name[1]] = unescape(value[1])
        return found
