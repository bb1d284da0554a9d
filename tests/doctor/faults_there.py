"""What can be wrong on the way to the server and with it, each planted as a real thing: servers, TLS, certificates."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from scatterclean.demo.certificates import make_authority, make_certificate
from tests.mailbox.test_certificates import old_openssl
from tests.servers import ScriptedServer

from .faults_here import planted
from .ward import Ward

# --- the way ----------------------------------------------------------------------------------------------


def impossible_name(ward: Ward) -> None:
    ward.set(host="imap..example.org")


def unknown_name(ward: Ward) -> None:
    ward.set(host="imap.nowhere.invalid")
    ward.limit = 5


def nobody_listens(ward: Ward) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ward.set(port=listening.getsockname()[1])


def nobody_answers(ward: Ward) -> None:
    """A port whose queue is full: the kernel lets connections wait, as a firewall does."""
    full = ward.stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(3):
        waiting = ward.stack.enter_context(socket.socket())
        waiting.setblocking(False)
        with suppress(BlockingIOError):
            waiting.connect(full.getsockname())
    ward.set(port=full.getsockname()[1])
    ward.limit = 1


# --- TLS --------------------------------------------------------------------------------------------------


def _certified(ward: Ward, *, names: str = "", days: int = 90, capability: str = "AUTH=PLAIN") -> None:
    """A server whose certificate is made so, by an authority that the account trusts."""
    folder = ward.folder / "tls"
    make_authority(folder)
    pair = make_certificate(folder, "server", names=names or "DNS:localhost,IP:127.0.0.1", days=days)
    server = ward.stack.enter_context(ScriptedServer(certificate=pair, capability=capability))
    shutil.copy(folder / "ca.pem", ward.folder / "ca.pem")
    ward.set(port=server.port)


def expired_certificate(ward: Ward) -> None:
    _certified(ward, days=-1)


def certificate_that_expires(ward: Ward) -> None:
    _certified(ward, days=10)


def certificate_of_another_host(ward: Ward) -> None:
    _certified(ward, names="DNS:mail.elsewhere.example")


def unknown_authority(ward: Ward) -> None:
    ward.unset("ca_file")


def self_signed(ward: Ward) -> None:
    folder = ward.folder / "tls"
    folder.mkdir()
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=own -addext"
    command = [
        "openssl",
        *words.split(),
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        "own.key",
        "-out",
        "own.pem",
    ]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    pair = folder / "own.pem", folder / "own.key"
    server = ward.stack.enter_context(ScriptedServer(certificate=pair))
    ward.unset("ca_file")
    ward.set(port=server.port)


def old_tls(ward: Ward) -> None:
    folder = ward.folder / "tls"
    make_authority(folder)
    make_certificate(folder, "good", days=90)
    shutil.copy(folder / "ca.pem", ward.folder / "ca.pem")
    serve = old_openssl(folder, ssl.TLSVersion.TLSv1_1)
    listening = ward.stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def run() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with suppress(OSError), client:
                client.settimeout(10)
                serve(client)

    threading.Thread(target=run, daemon=True).start()
    ward.stack.callback(listening.shutdown, socket.SHUT_RDWR)
    ward.set(port=listening.getsockname()[1])


def no_starttls(ward: Ward) -> None:
    server = ward.stack.enter_context(ScriptedServer())
    ward.set(port=server.port, tls="starttls")


def no_tls_on_this_port(ward: Ward) -> None:
    ward.set(port=ward.server.port)


def no_imap_there(ward: Ward) -> None:
    ward.moved_to(ScriptedServer(greeting=b"220 mail.example ESMTP\r\n"))


# --- login ------------------------------------------------------------------------------------------------


def wrong_password(ward: Ward) -> None:
    (ward.folder / "password").write_text("something-else-7")
    ward.secrets.append("something-else-7")


def app_password_needed(ward: Ward) -> None:
    """As Gmail refuses, and a server that repeats the password, as some do."""
    said = f"TAG NO [AUTHENTICATIONFAILED] Application-specific password required, not {ward.server.password}\r\n"
    ward.moved_to(ScriptedServer({"(password)": [said.encode()]}))


def busy_server(ward: Ward) -> None:
    said = b"TAG NO [UNAVAILABLE] Too many simultaneous connections\r\n"
    ward.moved_to(ScriptedServer({"(password)": [said]}))


def passwords_switched_off(ward: Ward) -> None:
    ward.moved_to(ScriptedServer(capability="LOGINDISABLED AUTH=XOAUTH2 MOVE UIDPLUS IDLE"))


def passwords_switched_off_behind_tls(ward: Ward) -> None:
    """As Microsoft does: no way to log in is left that this account could go."""
    _certified(ward, capability="LOGINDISABLED AUTH=XOAUTH2")


# --- capabilities and folders -----------------------------------------------------------------------------

_WHOLE = "AUTH=PLAIN MOVE UIDPLUS IDLE SPECIAL-USE LIST-EXTENDED"
_INBOX = r'* LIST () "/" INBOX' + "\r\n"
_SENT = r'* LIST (\Sent) "/" Sent' + "\r\n"
_FILLED = b"* STATUS x (MESSAGES 9 UIDNEXT 10 UIDVALIDITY 7)\r\nTAG OK .\r\n"


def server_of(
    ward: Ward,
    *,
    without: Sequence[str] = (),
    folders: str = _INBOX + _SENT,
    script: Mapping[str, Sequence[bytes]] | None = None,
    **keys: str | bool | list[str],
) -> None:
    """A server that can do all but that, and has Sent, unless the script says otherwise."""
    capability = " ".join(word for word in _WHOLE.split() if word not in without)
    usual: dict[str, Sequence[bytes]] = {
        "LIST": [f"{folders}TAG OK .\r\n".encode()],
        "STATUS": [_FILLED],
    }
    says = dict(script or {})  # the first that fits counts
    says |= {asked: answers for asked, answers in usual.items() if asked not in says}
    ward.moved_to(ScriptedServer(says, capability=capability), **keys)


def cannot_move(ward: Ward) -> None:
    server_of(ward, without=["MOVE", "UIDPLUS"])


def can_only_copy(ward: Ward) -> None:
    server_of(ward, without=["MOVE", "UIDPLUS"], without_uidplus="copy-and-mark")


def cannot_delete(ward: Ward) -> None:
    server_of(ward, without=["UIDPLUS"], keep_backscatter="90d")


def no_idle(ward: Ward) -> None:
    server_of(ward, without=["IDLE"])


def no_special_use(ward: Ward) -> None:
    plain = _INBOX + '* LIST () "/" Sent\r\n'
    server_of(ward, without=["SPECIAL-USE", "LIST-EXTENDED"], folders=plain)


def no_keywords(ward: Ward) -> None:
    fixed = (
        rb"* 0 EXISTS" + b"\r\n" + rb"* FLAGS (\Seen \Deleted)" + b"\r\n* OK [UIDVALIDITY 7] .\r\n"
        rb"* OK [PERMANENTFLAGS (\Seen \Deleted)] ." + b"\r\nTAG OK [READ-ONLY] .\r\n"
    )
    server_of(ward, script={"EXAMINE": [fixed]})


def watched_folder_missing(ward: Ward) -> None:
    ward.set(watch=["INBOX", "Lists"])


def inbox_missing(ward: Ward) -> None:
    gone = b"TAG NO [NONEXISTENT] no such mailbox\r\n"
    server_of(ward, folders=_SENT, script={'STATUS "INBOX"': [gone], "STATUS INBOX": [gone]})


def sent_not_found(ward: Ward) -> None:
    server_of(ward, folders=_INBOX)


def configured_sent_missing(ward: Ward) -> None:
    ward.set(sent=["Gesendet"])


def several_sent(ward: Ward) -> None:
    ward.as_another_user().create("Sent Items")


def empty_sent(ward: Ward) -> None:
    hand = ward.as_another_user()
    for each in hand.messages("Sent"):
        hand.delete("Sent", each.uid)


def backscatter_is_trash(ward: Ward) -> None:
    server_of(ward, folders=_INBOX + _SENT + r'* LIST (\Trash) "/" Backscatter' + "\r\n")


def backscatter_holds_no_mail(ward: Ward) -> None:
    server_of(ward, folders=_INBOX + _SENT + r'* LIST (\Noselect) "/" Backscatter' + "\r\n")


THERE = [
    planted(impossible_name, "name-impossible", "fault", "cannot be the name", "Correct `host`"),
    planted(unknown_name, "name-unknown|name-unanswered", "fault", "imap.nowhere.invalid", "?"),
    planted(nobody_listens, "connect-refused", "fault", "refuses the connection", "Is the port right?"),
    planted(nobody_answers, "connect-unanswered", "fault", "does not answer", "Is the port right"),
    planted(expired_certificate, "certificate-refused", "fault", "has expired", "has to renew it"),
    planted(certificate_that_expires, "certificate-expires", "warning", "days are left", "has to renew it"),
    planted(
        certificate_of_another_host, "certificate-refused", "fault", "not valid for", "Use the host name"
    ),
    planted(unknown_authority, "certificate-refused", "fault", "unable to get local issuer", "ca_file"),
    planted(self_signed, "certificate-refused", "fault", "self-signed", "ca_file"),
    planted(old_tls, "tls-unavailable", "fault", "older than 1.2", "has to update it"),
    planted(no_starttls, "tls-unavailable", "fault", "offers no STARTTLS", 'tls = "implicit"'),
    planted(no_tls_on_this_port, "tls-unavailable", "fault", "does not speak TLS", 'tls = "starttls"'),
    planted(no_imap_there, "server-unreachable", "fault", "does not greet", "Is the port right?"),
    planted(wrong_password, "login-refused", "fault", "refused the login", "Check user name and password"),
    planted(app_password_needed, "login-refused", "fault", "Application-specific", "app password"),
    planted(busy_server, "server-busy", "warning", "asks for patience", "tried again by itself"),
    planted(passwords_switched_off, "tls-unavailable", "fault", "takes no password", "tls"),
    planted(passwords_switched_off_behind_tls, "tls-unavailable", "fault", "no password on this", "OAuth2"),
    planted(cannot_move, "cannot-move", "fault", "nothing can be moved safely", "copy-and-mark"),
    planted(can_only_copy, "cannot-move", "warning", "orphans are copied", "$Backscatter"),
    planted(cannot_delete, "cannot-delete", "warning", "no UIDPLUS", "keep_backscatter"),
    planted(no_idle, "no-idle", "warning", "no IDLE", "push = false"),
    planted(no_special_use, "no-special-use", "warning", "no SPECIAL-USE", "sent = [...]"),
    planted(no_keywords, "no-keywords", "warning", "no keywords of our own", "Keep a backup"),
    planted(watched_folder_missing, "folder-missing", "fault", "'Lists'", "Correct `watch`"),
    planted(inbox_missing, "inbox-missing", "fault", "'INBOX'", "Correct `watch`"),
    planted(sent_not_found, "sent-unknown", "fault", "no Sent folder was found", "Set `sent"),
    planted(configured_sent_missing, "sent-missing", "fault", "'Gesendet'", "The server has: "),
    planted(several_sent, "sent-several", "warning", "'Sent Items'", "sent = [...]"),
    planted(empty_sent, "sent-empty", "fault", "nothing is in Sent", "keep copies of sent mail"),
    planted(backscatter_is_trash, "backscatter-unsafe", "fault", "'trash'", "a folder of its own"),
    planted(backscatter_holds_no_mail, "backscatter-closed", "fault", "no mail", "a folder of its own"),
]
