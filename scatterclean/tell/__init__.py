"""Telling the person: hands a notice over, on one way; what is told, when, and how often is not its business.

message    a notice as a message (RFC 5322), put into an inbox
desktop    the machine's own notifications
services   any service that apprise knows
hours      quiet hours, and when a digest is due, by the person's clock
"""

from scatterclean.tell.desktop import show
from scatterclean.tell.hours import digest_before, quiet_until
from scatterclean.tell.message import message_id, put, written
from scatterclean.tell.services import send

__all__ = ["digest_before", "message_id", "put", "quiet_until", "send", "show", "written"]
