"""The machine's own notifications, without a shell: notify-send (libnotify) or osascript (macOS)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile

_SECONDS = 20
_MOST = 500
# The text comes in as an argument: nothing of it is read as AppleScript.
_SCRIPT = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"


class CannotShow(Exception):
    """There is no desktop to show it on; the text says what is missing."""


def show(subject: str, body: str, *, urgent: bool = False) -> None:
    """Raises CannotShow."""
    first = body.strip().split("\n\n")[0][:_MOST]
    if sys.platform == "darwin":
        words = ["osascript", "-e", _SCRIPT, subject[:_MOST], first]
    else:
        urgency = "critical" if urgent else "normal"
        words = [
            "notify-send",
            "--app-name=scatterclean",
            f"--urgency={urgency}",
            "--",
            subject,
            _plain(first),
        ]
    program = shutil.which(words[0])
    if program is None:
        raise CannotShow(f"{words[0]} is not installed")
    try:
        # No pipe: what it starts may hold that open for hours, and what was shown would count as not shown.
        with tempfile.TemporaryFile() as errors:
            done = subprocess.run(  # noqa: S603 - no shell, and the text is an argument of its own
                [program, *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                timeout=_SECONDS,
                check=False,
            )
            errors.seek(0)
            told = errors.read(_MOST).decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        raise CannotShow(f"{words[0]} did not answer within {_SECONDS} s") from None
    except OSError as error:
        raise CannotShow(f"{words[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        said = " ".join(told.split())[:200]
        raise CannotShow(f"{words[0]} ended with {done.returncode}{': ' if said else ''}{said}")


def _plain(text: str) -> str:
    """Notification servers read a few HTML tags in the body (Desktop Notifications Specification, "Markup")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
