"""A real Dovecot that takes the access tokens of the OAuth2 server, which it asks about each (RFC 7662)."""

from __future__ import annotations

from scatterclean.demo.dovecot import ScratchDovecot
from tests.oauth.idp import MAILSERVER, MAILSERVER_SECRET, Idp

_ASKING = """\
introspection_mode = post
introspection_url = http://{mailserver}:{secret}@127.0.0.1:{port}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""
_PASSDB = """\
auth_mechanisms = {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf.ext
}}
passdb {{
  driver = static
  mechanisms = plain login
"""


class TokenDovecot(ScratchDovecot):
    """As its parent; and `mechanisms` of "xoauth2 oauthbearer" are offered beside PLAIN, as long as that is `plain`."""

    def __init__(self, idp: Idp, mechanisms: str = "oauthbearer xoauth2") -> None:
        super().__init__()
        self._idp = idp
        self.mechanisms = mechanisms
        self.plain = True

    def __enter__(self) -> TokenDovecot:
        super().__enter__()
        return self

    def _settings(self) -> str:
        (self.base / "oauth2.conf.ext").write_text(
            _ASKING.format(mailserver=MAILSERVER, secret=MAILSERVER_SECRET, port=self._idp.port)
        )
        passdb = _PASSDB.format(base=self.base, mechanisms=f"{'plain ' * self.plain}{self.mechanisms}")
        return super()._settings().replace("passdb {\n  driver = static\n", passdb)
