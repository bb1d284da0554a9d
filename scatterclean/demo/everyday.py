"""The ordinary mail of Ada's inbox: letters, newsletters, receipts for things, machines that report.

None of it may ever be taken for a bounce; `lookalikes` has what is most easily taken for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scatterclean.demo import cast
from scatterclean.demo.cast import ADA
from scatterclean.demo.delivery import SEEN, Letter, delivered
from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Field, Mail, bare, encoded, mailbox, multipart, plain, quoted, stamp
from scatterclean.demo.outbox import Written, topics

_LETTERS = """
henrike: Re: Sample chapters
Thank you, I read them on the train and missed my stop. The dialect stays.

paul: Re: Glossary
Agreed on all but three entries. Shall we talk on Tuesday?

ines: A small question
How would you render a word that means both the smell of rain and the wish to stay at home?

jonas: The boards are here
The ash arrived this morning. I could start on the 14th, two days, if you clear the wall before.

mira: Sunday?
There is a flea market by the river. I look for a lamp, you would only have to nod.

bettina: Probenplan
Liebe alle, anbei der Plan bis zum Sommer. Bitte sagt mir früh, wenn ihr nicht könnt.

emil: Papa
Er hat sich sehr gefreut. Die Fotos schicke ich dir am Wochenende.

grete: Danke für die Fotos
Liebe Ada, die Rosen sehen prächtig aus. Dein Großvater hätte sich gefreut.

clara: Next book
I finished it in two nights. Bring your copy, I want to see what you underlined.

david: Reel 5
New cut, same timecodes but for one scene. The joke at 12:40 survives.

yuki: Rights enquiry
The author is happy, and asks whether you would also look at the second volume.

agnès: Votre lettre
Merci pour vos remarques, elles m'ont beaucoup aidée. Je reprends le troisième chapitre.

tomasz: Re: Poem for the anthology
The second variant. It limps as well, but in step with the first stanza.

sabine: Ihre Unterlagen
Guten Tag Frau Winter, die Unterlagen sind vollständig. Der Bescheid kommt in etwa sechs Wochen.

uwe: Ihr Rad ist fertig
Die Bremse ist neu belegt, das Licht ging auch nicht mehr. Abholen bis 18 Uhr.

hausverwaltung: Ablesung der Zähler
Die Ablesung findet am Mittwoch zwischen 9 und 12 Uhr statt. Bitte sorgen Sie für Zugang.

nora: Your panel
We have you on Saturday at 11, room 2. The moderator will write to you this week.
"""

# Who, and what marks it; then the subject; then the text.
_MACHINES = """
Morning Page <news@morningpage.example> news auto
The morning page: what the rivers carry
Three stories, two reviews, one poem.

Words Without Walls <letter@wordswithoutwalls.example> news auto
Newsletter: grants and residencies
Deadlines of the coming month.

Fahrschein <noreply@fahrschein.example> auto quiet
Ihre Fahrkarte 8K2PQ1
Ihre Fahrkarte finden Sie im Anhang. Gute Reise!

Paketbote <info@paketbote.example> auto
Ihre Sendung konnte nicht zugestellt werden
Wir haben Sie leider nicht angetroffen. Ihre Sendung liegt ab morgen in der Filiale.

Stadtbücherei <ausleihe@stadtbuecherei.example> bulk
Leihfrist endet in drei Tagen
Zwei Medien sind am Donnerstag fällig.

Corner Books <orders@cornerbooks.example>
Order 20817 has been shipped
Your order is on its way.

Stromwerk <rechnung@stromwerk.example> auto
Ihre Abrechnung ist da
Sie finden die Abrechnung in Ihrem Konto.

Tannenbank <service@tannenbank.example>
Neue Nachricht in Ihrem Postfach
Bitte melden Sie sich wie gewohnt an.

hannes <notifications@forge.example> list quiet
[termbase] TBX export loses entries after R (#41)
hannes commented: confirmed, fixed on main.

Posthaus <status@posthaus.example> auto
Maintenance on Thursday, 3 am
Mail may arrive some minutes late. Nothing is lost.

Kino am Kanal <programm@kinokanal.example> news
Diese Woche im Kino
Dienstag in der Originalfassung.

Stadtamt <terminvergabe@stadtamt.example> auto
Ihr Termin am Montag
Bitte bringen Sie Ihren alten Ausweis mit.
"""
_MARKS: dict[str, tuple[Field, ...]] = {
    "auto": (("Auto-Submitted", "auto-generated"),),
    "bulk": (("Precedence", "bulk"),),
    "list": (("List-Id", "<termbase.forge.example>"), ("Precedence", "list")),
    "news": (("List-Unsubscribe", "<https://unsubscribe.example/81>"), ("Precedence", "bulk")),
    "quiet": (("X-Auto-Response-Suppress", "All"),),
}


def letters(now: datetime, sent: Sequence[Written]) -> list[Letter]:
    """Letters of people, some in reply to what Ada wrote: these cite ids that are in Sent."""
    arrived = []
    for number, (person, subject, text) in enumerate(topics(_LETTERS)):
        dice = Dice(f"letter/{number}")
        when = now - timedelta(days=1 + number * 2, minutes=dice.below(600))
        earlier = [w for w in sent if bare(w.mail.get("To")) == person.address and w.when < when]
        body = f"{text}\n\n{person.first}\n"
        answers: tuple[Field, ...] = ()
        if earlier and number % 3:
            said = earlier[-1]
            lines = [line for line in said.mail.body.splitlines() if line and line.isascii()]
            body += f"\nOn {said.when:%d %B %Y}, Ada Winter wrote:\n" + "".join(
                f"> {line}\n" for line in lines[:4]
            )
            answers = (("In-Reply-To", said.id), ("References", said.id))
        kind, body = plain(body)
        mail = Mail(
            (
                ("MIME-Version", "1.0"),
                ("Date", stamp(when - timedelta(seconds=40))),
                ("From", mailbox(person.name, person.address)),
                ("To", mailbox(ADA.name, ADA.address)),
                ("Subject", encoded(subject)),
                ("Message-ID", f"<{dice.uuid()}@{person.domain}>"),
                *answers,
                *kind,
            ),
            body,
        )
        flags = {0: SEEN | {"\\Answered"}, 1: SEEN | {"\\Flagged"}}.get(number % 4, SEEN)
        host = f"mx.{person.domain}"
        arrived.append(delivered(mail, when, "letter", host=host, envelope=person.address, flags=flags))
    return arrived


def machines(now: datetime, rounds: int = 2) -> list[Letter]:
    """Newsletters, orders, appointments: much of it is marked as automatic, and none of it is about Ada's mail."""
    arrived = []
    for turn in range(rounds):
        for number, paragraph in enumerate(_MACHINES.strip().split("\n\n")):
            who, subject, text = paragraph.split("\n")
            who, _, marks = who.partition("> ")
            name, _, address = who.rstrip(">").partition(" <")
            fields = [field for mark in marks.split() for field in _MARKS[mark]]
            dice = Dice(f"machine/{turn}/{number}")
            when = now - timedelta(days=turn * 14 + number, minutes=30 + dice.below(900))
            domain = address.rpartition("@")[2]
            boundary = f"=-{dice.text(20)}"
            html = f"<html><body><h1>{subject}</h1><p>{text}</p></body></html>\n"
            mail = Mail(
                (
                    ("Date", stamp(when)),
                    ("From", mailbox(name, address)),
                    ("To", ADA.address),
                    ("Subject", encoded(subject)),
                    ("Message-ID", f"<{dice.digits(10)}.{dice.text(12)}@{domain}>"),
                    *fields,
                    ("MIME-Version", "1.0"),
                    ("Content-Type", f'multipart/alternative;\n\tboundary="{boundary}"'),
                ),
                multipart(
                    boundary,
                    plain(text + "\n", "quoted-printable"),
                    (
                        (
                            ("Content-Type", "text/html; charset=utf-8"),
                            ("Content-Transfer-Encoding", "quoted-printable"),
                        ),
                        quoted(html),
                    ),
                ),
            )
            flags = SEEN if turn or dice.below(2) else frozenset[str]()
            envelope = f"bounce-{dice.digits(6)}@{domain}"
            arrived.append(
                delivered(mail, when, "machine", host=f"out.{domain}", envelope=envelope, flags=flags)
            )
    return arrived


def choir(now: datetime, own: Written) -> list[Letter]:
    """The choir's list; `own` is Ada's own post to it, which the list sends back to her as well."""
    posts = [(f"[chor] {own.mail.get('Subject')}", own.mail, own.when + timedelta(seconds=50))]
    for name, subject, text in _POSTS:
        dice = Dice(f"choir/{subject}")
        when = now - timedelta(days=3 + dice.below(12), minutes=dice.below(600))
        kind, body = plain(f"{text}\n\n{name.partition(' ')[0]}\n")
        sender = f"{name.partition(' ')[0].lower()}@chor-lindenau.example"
        fields: tuple[Field, ...] = (
            ("Date", stamp(when)),
            ("From", mailbox(name, sender)),
            ("To", cast.CHOIR_LIST),
            ("Message-ID", f"<{dice.uuid()}@chor-lindenau.example>"),
            ("MIME-Version", "1.0"),
        )
        posts.append((f"[chor] {subject}", Mail((*fields, *kind), body), when))
    bounces = "chor-bounces@listen.chor-lindenau.example"
    arrived = []
    for subject, post, when in posts:
        kept = tuple(field for field in post.fields if field[0] != "Subject")
        marks = (
            ("List-Id", "<chor.listen.chor-lindenau.example>"),
            ("Precedence", "list"),
            ("Errors-To", bounces),
        )
        mail = Mail((*kept, ("Subject", encoded(subject)), *marks), post.body)
        host = "listen.chor-lindenau.example"
        arrived.append(delivered(mail, when, "list", host=host, envelope=bounces, flags=SEEN))
    return arrived


_POSTS = (
    ("Bettina Krause", "Noten", "Die Noten liegen im Probenraum, zweites Regal."),
    ("Hartmut Feld", "Mitfahrgelegenheit", "Ich habe noch zwei Plätze frei, Abfahrt um halb sechs."),
)
