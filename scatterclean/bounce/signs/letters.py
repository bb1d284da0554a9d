"""What sentences say of letters: whose they are, that one is held or was received, that there are many.

All texts are in lower case.  Like the words, a sentence proves nothing on its own.
"""

from __future__ import annotations

import re

# Many messages at once.
MANY = re.compile(
    r"\b(?:[2-9]|\d{2,}) (?:bounced|rejected|failed|undelivered)\b|"
    r"\b\d+ (?:\w+ ){0,2}(?:messages|e-?mails|mails|nachrichten|mensajes|correos|messaggi|mensagens|berichten|"
    r"courriels)\b"
)

# What a challenge says of the reader's message, in one sentence; a registration holds no message back.
_LETTER = (
    r"(?:your|this|ihre|diese|votre|su|il (?:suo|tuo)|sua|uw|twoja) (?:e-?mail|message|mail|nachricht|courriel|mensaje|"
    r"correo|messaggio|mensagem|bericht|wiadomość)\b"
)
YOUR_LETTER = re.compile(_LETTER)
# People tell each other of their own letters, a notice of the reader's.
MY_LETTER = re.compile(
    r"\b(?:my|meine|mon|mi|il mio|la mia|minha|mijn|mój|moja|mou|moje|моё|мое|мой) (?:last |letzte )?(?:e-?mail|"
    r"message|mail|nachricht|courriel|mensaje|correo|messaggio|mensagem|bericht|wiadomość|zpráva|письмо|сообщение)\b"
    r"|我(?:发|寄|發)"
)
_HELD = re.compile(
    _LETTER + r"(?! account| box| address|-konto| konto)(?:[^.!?]|[.](?! )){0,120}?"
    r"(?:\bheld\b|\bhold\b|in a queue|delivered to my|delivered to his|zurückgehalten|angehalten|en attente|retenu|"
    r"retenido|en espera|trattenut|in attesa|retida|vastgehouden|wstrzyman|redirected|waitlisted|noch nicht zugestellt|"
    r"pas encore été|aún no|non è ancora|ainda não|nog niet|nie został[ao] jeszcze)"
)
_ONLY_APPROVED = re.compile(
    r"(?:only|now)\b[^.!?]{0,60}(?:messages?|e-?mails?|mail)\b[^.!?]{0,40}\bfrom "
    r"(?:senders|people|addresses)[^.!?]{0,40}(?:approved|confirmed|know|authori[sz]ed)"
)


def held(text: str) -> bool:
    """Does the text say that the reader's message waits for an approval of its sender?"""
    return _HELD.search(text) is not None or _ONLY_APPROVED.search(text) is not None


# A help desk's acknowledgement; shops receive payments and orders.
RECEIVED = re.compile(
    r"received your (?:request|message|e-?mail|mail|enquiry|inquiry|ticket)|accusé de réception"
)
