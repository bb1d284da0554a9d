"""What DNS publishes about a domain's mail: SRV records (RFC 6186) and MX hosts.  It believes nothing of it.

An unsigned answer may be anybody's, so what is found is shown and confirmed before it is used (RFC 6186, 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scatterclean.config import Tls
from scatterclean.names.dns import RESOLV_CONF, resolver_of
from scatterclean.setup.servers import Said, Server, host_in

_PER_TRY, _PATIENCE = 1.5, 4.0  # seconds: for one try, for one question
_MOST = 4  # servers of one kind that are looked at
# Implicit TLS first (RFC 8314, 3).
_SERVICES = (("_imaps._tcp", Tls.IMPLICIT), ("_imap._tcp", Tls.STARTTLS))


class Records:
    """Asks the system's resolvers, or the ones that are named.  Never raises: no answer is no record.

    Whether there was any answer is remembered for `reachable`; SERVFAIL and REFUSED are none: that is what a resolver
    of the machine's own (systemd-resolved, dnsmasq) says while it reaches nobody."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        port: int = 53,
        *,
        patience: float = _PATIENCE,
        resolv_conf: Path = RESOLV_CONF,
    ) -> None:
        self._nameservers = list(nameservers)
        self._port = port
        self._patience = patience
        self._resolv_conf = resolv_conf
        self._heard = False

    def services(self, domain: str) -> list[Server]:
        """The servers of the SRV records, the preferred first.  A target "." says that there is no such service."""
        found: list[Server] = []
        for service, tls in _SERVICES:
            rows = self._ask(f"{service}.{domain}", "SRV")
            for _, _, port, target in sorted(rows, key=lambda row: (row[0], -row[1]))[:_MOST]:
                if host := host_in(target):
                    found.append(Server(host, port, tls, Said.SRV))
        return found

    def exchangers(self, domain: str) -> list[str]:
        """The MX hosts, the preferred first."""
        rows = self._ask(domain, "MX")
        return [host for _, _, _, host in sorted(rows)[:_MOST] if host_in(host)]

    def reachable(self) -> bool:
        """Has a name server answered anything?  If not yet, it is asked what each one knows: the servers of "."."""
        if not self._heard:
            self._ask(".", "NS")  # some routers leave questions for SRV alone unanswered
        return self._heard

    def _ask(self, name: str, kind: str) -> list[tuple[int, int, int, str]]:
        """(priority or preference, weight, port, host)."""
        import dns.exception
        import dns.resolver

        try:
            answer = resolver_of(self._nameservers, self._port, self._resolv_conf, per_try=_PER_TRY).resolve(
                name, kind, search=False, raise_on_no_answer=False, lifetime=self._patience
            )
        except (dns.exception.DNSException, OSError, ValueError) as none:
            self._heard |= isinstance(none, dns.resolver.NXDOMAIN)
            return []
        self._heard = True
        rows: list[tuple[int, int, int, str]] = []
        if kind == "NS":
            return rows
        for record in list(answer.rrset or ())[:20]:
            if kind == "SRV":
                host = record.target.to_text(omit_final_dot=True)
                rows.append((record.priority, record.weight, record.port, host))
            else:
                rows.append((record.preference, 0, 0, record.exchange.to_text(omit_final_dot=True)))
        return rows
