"""`scatterclean sendmail`: hands a message on to the real sendmail, and leaves a record of it for the log.

The configuration is read after the mail is on its way: neither its troubles nor its time stand in front of it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

import click

from scatterclean.cli.arguments import account_option
from scatterclean.cli.root import Given
from scatterclean.errors import PersonCanMend

_REAL = "/usr/sbin/sendmail"
_PROGRAM = "SCATTERCLEAN_SENDMAIL"
_DEPTH = "SCATTERCLEAN_SENDMAIL_DEPTH"
_DEEPEST = 3

_CHUNK = 64 * 1024
_HEADER_CAP = 256 * 1024
# How soon it is seen that the program has ended before its input did (a line with a single dot ends it).
_LOOK = 0.2


class SendmailUnusable(PersonCanMend):
    """The real program cannot be run: the mail was not sent."""


@click.command("sendmail", short_help="Send mail as sendmail does, and record it for the log.")
@account_option("From which account it is sent. Default: the one with the sender's address.")
@click.option(
    "--sendmail",
    "program",
    envvar=_PROGRAM,
    default=_REAL,
    show_default=True,
    metavar="PROGRAM",
    help=f"The real sendmail (also: environment variable {_PROGRAM}).",
)
@click.argument("arguments", nargs=-1, metavar="-- ARGS...", type=click.UNPROCESSED)
@click.pass_obj
def command(given: Given, account: str | None, program: str, arguments: tuple[str, ...]) -> int:
    """Hand the message on standard input to the real sendmail, unchanged, and record it for the log.

    For scripts, web sites and cron jobs whose mail reaches no Sent folder: bounces of it are then known
    to be genuine. ARGS go to the real program as they are, the exit code is the program's. Trouble
    with the record is told in one line on standard error and never stops the mail.

    Put `--` in front of the arguments of sendmail.

    \b
    Examples:
      scatterclean sendmail -- -t -i < message
      scatterclean sendmail --account work -- -f me@example.org you@example.net < message
      sendmail_path = "scatterclean sendmail -- -t -i"      (in php.ini)
    """
    depth = os.environ.get(_DEPTH, "0")
    depth_now = int(depth) if depth.isdecimal() and len(depth) < 4 else 0
    if depth_now >= _DEEPEST:
        raise SendmailUnusable(
            f"{program} calls scatterclean sendmail again", hint="Name the real sendmail with --sendmail."
        )
    environment = {**os.environ, _DEPTH: str(depth_now + 1)}
    from scatterclean.outbox.handed import is_submission

    if not is_submission(arguments):
        _become(program, arguments, environment)
    header, code = _pass_on(program, arguments, environment)
    if code == 0:
        _record(given, account, arguments, header)
    return code


def _become(program: str, arguments: Sequence[str], environment: dict[str, str]) -> None:
    """Nothing to record (a look at the queue, a session in SMTP): the program takes our place.  Never returns."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and programs inherit that
    try:
        os.execvpe(program, [program, *arguments], environment)  # noqa: S606 - what the person configured
    except (OSError, ValueError) as error:
        raise _cannot_run(program, error) from error


def _cannot_run(program: str, error: Exception) -> SendmailUnusable:
    said = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    return SendmailUnusable(
        f"{program} cannot be run: {said}; the mail was not sent",
        hint=f"Name the real sendmail with --sendmail or {_PROGRAM}.",
    )


def _pass_on(program: str, arguments: Sequence[str], environment: dict[str, str]) -> tuple[bytes, int]:
    """Standard input -> the program: (the first part of what passed, the exit status).  Stops when the program does."""
    try:
        child = subprocess.Popen(  # noqa: S603 - what the person configured
            [program, *arguments], stdin=subprocess.PIPE, env=environment
        )
    except (OSError, ValueError) as error:
        raise _cannot_run(program, error) from error
    assert child.stdin is not None  # noqa: S101 - a pipe was asked for

    def forward(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGHUP)}
    # Ctrl-C reaches the program by itself; what it makes of that is its status.
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = bytearray()
    try:
        while chunk := _next(child):
            if len(start) < _HEADER_CAP:
                start += chunk[: _HEADER_CAP - len(start)]
            child.stdin.write(chunk)
            child.stdin.flush()
    except BrokenPipeError:
        pass  # it wants no more
    finally:
        with suppress(BrokenPipeError):
            child.stdin.close()
        code = child.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
    return bytes(start), code if code >= 0 else 128 - code


def _next(child: subprocess.Popen[bytes]) -> bytes:
    """The next bytes of standard input; none at its end, or when the program has ended."""
    try:
        stdin = sys.stdin.fileno()
    except (AttributeError, ValueError, OSError):  # closed: the program sees an empty message
        return b""
    while child.poll() is None:
        if select.select([stdin], [], [], _LOOK)[0]:
            return os.read(stdin, _CHUNK)
    return b""


def _record(given: Given, account: str | None, arguments: Sequence[str], header: bytes) -> None:
    """Never raises: the mail is sent, and whoever called must not send it again."""
    try:
        from datetime import UTC, datetime

        from scatterclean.cli.arguments import chosen
        from scatterclean.config import load
        from scatterclean.outbox import handed, spool

        message = handed.read(header, arguments, datetime.now(UTC))
        settings = load(given.config_path)
        sender = message.sender
        whose = chosen(settings, account, lambda a: sender is not None and a.account.identities.owns(sender))
        owned = sender is not None and any(
            a.account.identities.owns(sender)
            for a in settings.accounts
            if a.account.person == whose.account.person
        )
        spool.put(settings.database, whose.name, [handed.without_sender(message, unless=owned)])
    except Exception as error:  # noqa: BLE001 - see above
        from scatterclean.errors import Trouble
        from scatterclean.wording import shown

        said = str(error) if isinstance(error, Trouble) else type(error).__name__
        first = said.splitlines()[0] if said else type(error).__name__
        with suppress(OSError):  # nobody listens
            click.echo(f"scatterclean: the mail was sent, but not recorded: {shown(first, 300)}", err=True)
