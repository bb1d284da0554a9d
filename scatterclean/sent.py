"""Header fields of a Sent copy -> SentMessage; it asks nobody and drops no name of the message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TypeVar

from scatterclean.dates import date_in
from scatterclean.fingerprint import FIELDS as FINGERPRINT_FIELDS
from scatterclean.fingerprint import digest, digest_of_ascii
from scatterclean.headers import (
    Header,
    addresses_in,
    as_text,
    decoded,
    first_address,
    ids_meant,
    keys_of,
    normalised,
)
from scatterclean.model import MAX_SUBJECT, MessageId, SentMessage, Sighting
from scatterclean.plain import Plain

# Every name that a message may be quoted by (field guide, 2).
ID_FIELDS = (
    "Message-ID",
    "X-Microsoft-Original-Message-ID",
    "X-Google-Original-Message-ID",
    "Original-Message-ID",
    "X-Original-Message-ID",
    "Resent-Message-ID",
)
RECIPIENT_FIELDS = ("To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")

# What the person wrote is not a stranger's: a newsletter to a whole club has all its recipients in the log.
MOST_RECIPIENTS = 5000

FIELDS = tuple(dict.fromkeys((*FINGERPRINT_FIELDS, *ID_FIELDS, *RECIPIENT_FIELDS)))

# A Date after the moment of filing (but for a wrong zone), or from before mail had one, is a wrong clock.  One
# long before it is a copy that came with an old mailbox: servers stamp imported mail with the day of import.
_LATE = timedelta(days=2)
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)

# Names under which clients file sent mail, lower-cased: the last part of the folder's name is compared.
# (Thunderbird, Apple Mail, Outlook, Gmail, Yahoo, GMX, web.de, T-Online, Mail.ru, Yandex, Roundcube ... in
# their languages.)
FOLDER_NAMES = frozenset(
    (
        "sent", "sent items", "sent mail", "sent messages", "sent-mail", "sentmail", "sent_items", "sentbox",
        "gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten",
        "envoyés", "messages envoyés", "éléments envoyés", "courrier envoyé", "objets envoyés", "envoyes",
        "enviados", "elementos enviados", "mensajes enviados", "correo enviado", "enviats", "bidaliak",
        "itens enviados", "mensagens enviadas", "e-mails enviados", "e-mail enviado", "enviadas",
        "inviati", "posta inviata", "elementi inviati", "messaggi inviati", "inviata",
        "verzonden", "verzonden items", "verzonden berichten", "verstuurd",
        "skickat", "skickade", "skickade meddelanden", "sendt", "sendte", "sendt post", "sendte elementer",
        "sende elementer", "lähetetyt", "lähetetyt viestit", "saadetud", "saadetud kirjad", "nosūtītie",
        "išsiųsta", "išsiųsti", "wysłane", "elementy wysłane", "poczta wysłana", "odeslaná pošta", "odeslané",
        "odoslané", "odoslaná pošta", "elküldött", "elküldött elemek", "elküldött üzenetek", "poslano",
        "poslana pošta", "poslato", "послато", "trimise", "mesaje trimise", "elemente trimise",
        "отправленные", "отправленное", "исходящие", "надіслані", "відправлені", "изпратени",
        "απεσταλμένα", "σταλμένα", "gönderilmiş", "gönderilmiş öğeler", "gönderilenler",
        "送信済み", "送信済みメール", "送信済みアイテム", "送信済みトレイ", "送信メッセージ",
        "已发送", "已发送邮件", "已发邮件", "已寄出", "寄件備份", "寄件備份匣", "已傳送郵件", "寄件匣備份",
        "보낸편지함", "보낸 편지함", "보낸 메일함", "보낸메일함", "נשלח", "פריטים שנשלחו", "הודעות שנשלחו",
        "المرسلة", "البريد المرسل", "العناصر المرسلة", "ارسال شده", "đã gửi", "thư đã gửi", "mục đã gửi",
        "terkirim", "item terkirim", "dihantar", "รายการที่ส่ง", "จดหมายที่ส่ง", "ส่งแล้ว", "भेजे गए", "प्रेषित",
    )
)  # fmt: skip


_KEYS = tuple(name.lower().encode() for name in FINGERPRINT_FIELDS)
# What by far most messages have nothing of: all their ids stand in Message-ID, and all recipients in To.
_USUAL = keys_of(("Message-ID", "To"))
_RARE = keys_of((*ID_FIELDS, *RECIPIENT_FIELDS)) - _USUAL

_PLAIN = Plain((*FINGERPRINT_FIELDS, "Cc"))

T = TypeVar("T", str, MessageId)


def _each_once(found: list[tuple[T, ...]]) -> tuple[T, ...]:
    """`found` hold each once for itself; of by far most messages there is one."""
    return found[0] if len(found) == 1 else tuple(dict.fromkeys(chain.from_iterable(found)))


def read(sighting: Sighting) -> SentMessage:
    """`sighting.header` must hold `FIELDS`; whatever is missing or broken in it is left empty."""
    return read_all((sighting,))[0]


def read_all(sightings: Sequence[Sighting]) -> list[SentMessage]:
    """`read` of each, in three quarters of the time."""
    messages = []
    plain = _PLAIN.read_all([sighting.header for sighting in sightings])
    for (_, arrival, _, _, header), values in zip(sightings, plain, strict=True):
        fields = _carefully(header) if values[-1] else _plainly(*values)
        fingerprint, ids, recipients, dated_as, sender, subject = fields
        date = date_in(dated_as)
        dated = date is not None and date >= _FIRST and (date <= arrival or date <= arrival + _LATE)
        # By position: one of these is made for each message of a harvest, and names would take as long again.
        messages.append(
            SentMessage(
                fingerprint,
                ids,
                first_address(sender),
                recipients,
                subject or None,
                date if date is not None and dated else arrival,
                arrival,
                dated,
            )
        )
    return messages


# Fingerprint, ids, recipients; as they stand Date and From; the subject, decoded.
_Fields = tuple[str, tuple[MessageId, ...], tuple[str, ...], str, str, str]


def _carefully(block: bytes) -> _Fields:
    """Of any header."""
    header = Header(block)
    fields = header.first
    values = [normalised(fields[key]) if key in fields else b"" for key in _KEYS]
    message_id, dated_as, sender, to, subject = map(as_text, values[:5])
    if not header.has_any(_RARE) and not header.has_several(_USUAL):
        ids = ids_meant(message_id)
        recipients = addresses_in(to, MOST_RECIPIENTS)
    else:
        ids = _each_once([ids_meant(value) for value in header.together(ID_FIELDS)])
        all_to = header.together(RECIPIENT_FIELDS)
        recipients = _each_once([addresses_in(value, MOST_RECIPIENTS) for value in all_to])
    return digest(values), ids, recipients, dated_as, sender, decoded(subject)


def _plainly(  # noqa: PLR0917 - the values of `_PLAIN`
    message_id: str, dated_as: str, sender: str, to: str, subject: str, received: str, cc: str, _: str
) -> _Fields:
    """The same of a header that is as plain as nearly all are."""
    recipients = addresses_in(to, MOST_RECIPIENTS)
    if cc:
        recipients = _each_once([recipients, addresses_in(cc, MOST_RECIPIENTS)])
    fingerprint = digest_of_ascii(message_id, dated_as, sender, to, subject, received)
    if "=?" in subject or len(subject) > MAX_SUBJECT:
        subject = decoded(subject)
    return fingerprint, ids_meant(message_id), recipients, dated_as, sender, subject
