"""Signs: everything that is seen of one message and may tell its kind; it draws no conclusion."""

from __future__ import annotations

import re
from itertools import islice

from scatterclean.bounce.anatomy import Message
from scatterclean.bounce.blocks import TECHNICAL, Block, blocks_in
from scatterclean.bounce.once import once
from scatterclean.bounce.signs import letters, words
from scatterclean.bounce.signs.heads import (
    BOUNCES,
    DAEMON,
    DAEMON_NAME,
    DESKS,
    LIST_ID,
    LIST_PROGRAM,
    LIST_SERVER,
    NO_ADDRESS,
    RESPONDERS,
    SCANNER,
    SCANNER_NAME,
    SYSTEM,
    is_null_path,
    locals_of,
    loops,
    text_of,
    wanted,
)
from scatterclean.headers import Header, addresses_in

_HEAD = 16_384  # bytes of a returned message in which its header is looked for
_SAID = 40  # bytes: less than this says nothing in front of a copy
LOOK = 1500  # characters: a notice says in its first lines what it is

# Only programs of people write these; without a sender of the postmaster kind they speak against a bounce.
_HUMAN_CLIENT = re.compile(
    r"thunderbird|mutt|apple mail|iphone mail|ipad mail|outlook(?! express.*notif)|evolution|kmail|sylpheed|claws|pine|"
    r"gnus|mew|eudora|the bat|roundcube|squirrelmail|horde|zimbra|mozilla|k-9|pegasus|becky|foxmail|sparrow|airmail"
)

# An SMTP answer with a text (RFC 5321, 4.2), an enhanced status code (RFC 3463).
_SMTP_ANSWER = re.compile(
    r"(?<![\w.])(?:[45]\d\d[- ](?:[45]\.\d\.\d{1,3}\b|[a-z<#]{2})|\(?#?[45]\.\d\.\d{1,3}\b)"
)
ADDRESS = re.compile(r"(?<![^\s<>@\"',;:()])[^\s<>@\"',;:()]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}")
_WRITER = re.compile(
    r"(?:\bfrom|sender|by|\bvon|absender|\bde|exp[ée]diteur|remitente|remetente|\bda|mittente|afzender|nadawca|отправител[ья]"
    r"|差出人|发件人)(?: address)?[ :=\"'<(]{1,4}(" + ADDRESS.pattern + ")"
)
_GREETING = re.compile(r"[^\W\d]+(?: [^\W\d]+\.?){1,4} ?[,!]")
_NAME = re.compile(r"[^\W\d_]+")
_PERSON = re.compile(r"[^\W\d_]+(?:[._][^\W\d_]+)?")  # "max", "max.frisch"
_NO_LETTER = re.compile(rf"{ADDRESS.pattern}|mail[- ]?(?:address|adres|box)")
_TICKET = re.compile(r"\W{0,2}(?:(?:ticket|case|issue|request|bug|task|incident)\b.{0,9}?\d|\d{3,}\W*$)")
_AN_ID = re.compile(r"(?:message|nachrichten)[-_ ]?id\W{0,6}[^\s<>@]{3,200}@")
SENTENCE_END = re.compile(r"(?<!\.)[.!?\u3002\uff01\uff1f](?:\s|$)")
_BEFORE_SUBJECT = re.compile(r"^(?:\s|\[[^\]]{0,80}\]|\*+|\W)*")


class Signs:
    """What is seen of one message, each sign looked for at most once."""

    def __init__(self, message: Message, depth: int = 0, fields: dict[bytes, bytes] | None = None) -> None:
        self.message = message
        self.depth = depth
        self.fields = wanted(message.block) if fields is None else fields

    @once
    def begin(self) -> str:
        """The first words of the notice, in lower case; what the copy below it says is another's."""
        message = self.message
        last = message.blocks[-1] if message.blocks else None
        if last is None or not last.is_header or last.start < _SAID:
            return message.words[:LOOK]
        return message.words_of(message.text[: last.start])[:LOOK]

    @once
    def sender(self) -> str:
        return text_of(self.fields.get(b"from"))

    @once
    def subject(self) -> str:
        subject = text_of(self.fields.get(b"subject"))
        begin = _BEFORE_SUBJECT.match(subject)
        return subject[begin.end() :] if begin and begin.end() < len(subject) else subject

    @once
    def tag(self) -> str:
        """What stands in brackets in front of the subject: "[Request received] your subject"."""
        subject = text_of(self.fields.get(b"subject")).lstrip()
        return subject[1:].partition("]")[0][:80] if subject.startswith("[") else ""

    @once
    def of_a_ticket(self) -> bool:
        """A number in front of the subject: help desks tell of the letters that they are asked about."""
        return _TICKET.match(self.tag) is not None

    @once
    def greets_reader(self) -> bool:
        """Does it begin "Hi Anna," or "Dear Mr Berger,", with a name from the address that it is sent to?"""
        greeting = _GREETING.match(self.begin[:80])
        if greeting is None:
            return False
        to = (self.message.header.get("To") or "").lower()
        names = {name for name in _NAME.findall(to.partition("@")[0]) if len(name) > 2}
        return not names.isdisjoint(_NAME.findall(greeting[0]))

    @once
    def local_parts(self) -> list[str]:
        return locals_of(self.sender)

    @once
    def from_daemon(self) -> bool:
        if b"from" in self.fields and NO_ADDRESS.match(self.sender):
            return True
        return any(map(DAEMON.fullmatch, self.local_parts))

    @once
    def from_mailer_daemon(self) -> bool:
        return any(
            local.startswith(("mailer", "mail.delivery")) and DAEMON.fullmatch(local)
            for local in self.local_parts
        )

    @once
    def from_system(self) -> bool:
        """A program's address, but one that programs use for much else."""
        return self.from_daemon_name or any(map(SYSTEM.match, self.local_parts))

    @once
    def from_scanner(self) -> bool:
        """A program that looks into other people's mail."""
        return any(map(SCANNER.match, self.local_parts)) or SCANNER_NAME.search(self.sender) is not None

    @once
    def from_daemon_name(self) -> bool:
        return DAEMON_NAME.search(self.sender) is not None

    @once
    def from_list_server(self) -> bool:
        return (
            any(map(LIST_SERVER.match, self.local_parts))
            or b"x-list-administrivia" in self.fields
            or LIST_ID.search(self.fields.get(b"message-id", b"")) is not None
        )

    @once
    def list_program(self) -> bool:
        """A program that runs lists, and not the people behind an address such as hr-admin@."""
        path = text_of(self.fields.get(b"return-path"))
        return (
            self.null_path
            or b"x-list-administrivia" in self.fields
            or LIST_ID.search(self.fields.get(b"message-id", b"")) is not None
            or any(map(LIST_PROGRAM.fullmatch, self.local_parts))
            or self.precedence in (b"bulk", b"junk", b"list")
            or self.auto_submitted.startswith(b"auto")
            or "mailing-list" in self.message.header
            or any(BOUNCES.fullmatch(local) and local not in self.local_parts for local in locals_of(path))
        )

    @once
    def null_path(self) -> bool:
        return is_null_path(self.fields.get(b"return-path"))

    @once
    def from_own_path(self) -> bool:
        """What bounces of it comes back to the address that stands in From, as with people's mail."""
        path = addresses_in(self.message.header.get("Return-Path") or "")
        return bool(path) and path[0] in addresses_in(self.message.header.get("From") or "")

    @once
    def persons_path(self) -> bool:
        """Does what bounces of it come back to an address of no kind that programs have?"""
        found = locals_of(text_of(self.fields.get(b"return-path")))
        return (
            bool(found)
            and not self.from_list
            and not any(
                _PERSON.fullmatch(local) is None
                or DAEMON.fullmatch(local)
                or SYSTEM.match(local)
                or BOUNCES.fullmatch(local)
                for local in found
            )
        )

    @once
    def was_for_the_reader(self) -> bool:
        """Scanners tell recipients, too, what was held back from them."""
        if words.TO_YOU.search(self.begin) is None:
            return False
        return words.YOU_SENT.search(self.begin) is None and not self.says_you_wrote

    @once
    def auto_submitted(self) -> bytes:
        return self.fields.get(b"auto-submitted", b"").strip().lower()

    @once
    def answers_nothing(self) -> bool:
        """A program wrote it by itself, as leave planners do; what responders write cites what they answer."""
        return self.auto_submitted.startswith(b"auto-gen") and not (
            b"in-reply-to" in self.fields or "references" in self.message.header
        )

    @once
    def from_list(self) -> bool:
        """Handed out by a mailing list or a newsletter, or by a calendar."""
        header = self.message.header
        return "list-id" in header or "list-unsubscribe" in header or "list-post" in header

    @once
    def notice(self) -> bool:
        """The subject speaks of a virus, a policy, a moderator, a quota, a command."""
        return words.NOTICES.search(self.subject) is not None

    @once
    def challenges_for_sure(self) -> bool:
        """A challenge program's token stands anywhere in the subject, in front in brackets, too."""
        return words.CHALLENGES_FOR_SURE.search(text_of(self.fields.get(b"subject"))) is not None

    @once
    def answers(self) -> bool:
        return self.subject.startswith(words.ANSWER)

    @once
    def human(self) -> bool:
        """A person's program wrote it."""
        header = self.message.header
        client = (header.get("X-Mailer") or "") + (header.get("User-Agent") or "")
        return _HUMAN_CLIENT.search(client.lower()) is not None

    @once
    def machine_reply(self) -> bool:
        """An answer by a program, as its header says."""
        fields = self.fields
        if self.auto_submitted.startswith((b"auto-replied", b"auto-reply")):
            return True
        precedence = self.precedence
        # X-Autogenerated: of its six words (Forward, Group, Letter, Mirror, Redirect, Reply) the one for answers.
        if precedence.startswith(b"auto") or fields.get(b"x-autogenerated", b"").strip().lower() == b"reply":
            return True
        if not fields.keys().isdisjoint(RESPONDERS):
            return True
        if precedence == b"junk" and (self.answers or b"in-reply-to" in fields) and not self.human:
            return True
        if b"x-ms-exchange-inbox-rules-loop" in fields or b"x-ms-exchange-generated-message-source" in fields:
            return self.auto_submitted.startswith(b"auto")
        if b"x-loop" in fields and loops(fields[b"x-loop"], self.sender):
            return self.answers or b"in-reply-to" in fields or precedence == b"junk"
        return False

    @once
    def body_failed(self) -> bool:
        """The notice says that something was not delivered, or not yet."""
        text = self.begin
        return words.FAILED.search(text) is not None or words.DELAYED.search(text) is not None

    @once
    def own(self) -> frozenset[str]:
        """The addresses that this message itself was sent to and from."""
        header = self.message.header
        values = (header.get(name) or "" for name in ("To", "Delivered-To", "From", "Reply-To"))
        return frozenset(address for value in values for address in addresses_in(value))

    @once
    def names_another(self) -> bool:
        """The notice names an address that is neither the reader's nor the writer's: the failed one.

        Whom to ask, at the writer's own, is none: "Questions: support@...".
        """
        homes = {address.rpartition("@")[2] for address in addresses_in(self.sender)}
        for each in islice(ADDRESS.finditer(self.begin), 20):
            address = each[0].rstrip(".")
            local, _, domain = address.rpartition("@")
            if address not in self.own and not (domain in homes and local in DESKS):
                return True
        return False

    @once
    def proof(self) -> bool:
        """What only a bounce has: a returned header, an SMTP answer, the failed address behind the phrase."""
        text = self.begin
        if self.returns or _SMTP_ANSWER.search(text):
            return True
        return self.tells_of_an_address

    @once
    def says_you_wrote(self) -> bool:
        """The notice names the reader as the one who wrote what it is about."""
        if "@" not in self.begin:
            return False
        found = _WRITER.finditer(self.begin)
        return any(each[1].rstrip(".") in self.readers for each in islice(found, 10))

    @once
    def answers_in_smtp(self) -> bool:
        """It quotes an SMTP answer and names an address of another."""
        return self.names_another and _SMTP_ANSWER.search(self.begin) is not None

    @once
    def tells_of_an_address(self) -> bool:
        """One sentence says what failed, or quotes an SMTP answer, and names an address: not the reader's or
        the writer's.  Parcel services and warnings of a help desk say the one thing here, the other there."""
        text = self.begin
        for sentence in SENTENCE_END.split(text):
            if words.FAILED.search(sentence) or _SMTP_ANSWER.search(sentence):
                named = ADDRESS.finditer(sentence)
                if any(each[0].rstrip(".") not in self.own for each in islice(named, 20)):
                    return True
        return False

    @once
    def tells_of_a_letter(self) -> bool:
        """One sentence says that mail failed, and one names an address.  Transfers and invitations fail, too."""
        return self.tells_of_an_address and any(
            words.FAILED.search(sentence) and words.LETTER.search(_NO_LETTER.sub(" ", sentence))
            for sentence in SENTENCE_END.split(self.begin)
        )

    @once
    def tells_of_your_letter(self) -> bool:
        """One sentence says that the reader's message was not delivered."""
        return any(
            words.FAILED.search(sentence) and letters.YOUR_LETTER.search(sentence)
            for sentence in SENTENCE_END.split(self.begin)
        )

    @once
    def names_an_id(self) -> bool:
        """The notice names the id of a message."""
        return _AN_ID.search(self.begin) is not None

    @once
    def returned(self) -> list[bytes]:
        """What is handed back, header first: parts of a returned type, or a pasted header.

        SpamAssassin's report_safe hands the reader's own mail to the reader: that is nothing returned.
        """
        parts = self.message.returned_parts
        found = [part.content[:_HEAD] for part in parts if b"x-spam-type=original" not in part.header.lower()]
        if not parts:
            found = [block.header for block in self.message.blocks if self._hands_back(block)]
        return found or (self._unlabelled() if not parts else [])

    def _hands_back(self, block: Block) -> bool:
        """Outlook puts From, Sent, To and Subject above what a person answers, others quote it: no headers."""
        if not block.is_header or (block.quoted and self.answers and self.cites):
            return False
        return not block.names.isdisjoint(TECHNICAL) or not (self.answers or b"sent" in block.names)

    def _unlabelled(self) -> list[bytes]:
        """Headers in attachments that say of themselves that they are something else."""
        notice = self.message.notice
        for part in self.message.parts[1:8]:
            if part is not notice and part.type in ("text/plain", "application/octet-stream"):
                block = next(blocks_in(part.content[:_HEAD].lstrip()), None)
                if block is not None and block.start <= 0 and block.is_header:
                    return [block.header]
        return []

    @once
    def returns(self) -> bool:
        """Something is handed back."""
        return bool(self.returned)

    @once
    def returns_own(self) -> bool:
        """What is handed back was sent by whom this mail goes to: only a machine does that to a person."""
        readers = self.readers
        for raw in self.returned[:3]:
            header = Header(raw.lstrip(b"\n \t"))
            for name in ("From", "Sender", "Return-Path"):
                if not readers.isdisjoint(addresses_in(header.get(name) or "")):
                    return True
        return False

    @once
    def readers(self) -> frozenset[str]:
        """Whom this message was sent to, but for the one who writes it."""
        header = self.message.header
        values = (header.get(name) or "" for name in ("To", "Delivered-To", "X-Original-To", "Envelope-To"))
        found = {address for value in values for address in addresses_in(value)}
        return frozenset(found.difference(addresses_in(header.get("From") or "")))

    @once
    def cites(self) -> bool:
        """It says of itself that it answers a message (RFC 3834, 3.1.5)."""
        return b"in-reply-to" in self.fields and not self.from_list

    @once
    def precedence(self) -> bytes:
        return self.fields.get(b"precedence", b"").strip().lower()
