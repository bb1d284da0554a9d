"""Ada's Sent folder: what she really wrote in two years, as her four mail programs filed it.

The copies in Sent carry no trace fields; `on_the_wire` is the same message as a stranger's server sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scatterclean.demo import cast
from scatterclean.demo.cast import ADA, Person
from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Field, Mail, encoded, mailbox, plain, stamp

# Who: what about.  {n} is some number.
_TOPICS = """
henrike: Sample chapters
here are chapters one to three.  The dialect in chapter two is deliberate; tell me if it is too
much.

henrike: Invoice {n}
please find the invoice for the second instalment attached.  Net 30 days, as agreed.

henrike: Cover text
I cut the cover text to 600 characters.  The last sentence is yours to keep or drop.

henrike: Galley proofs, pages {n} ff.
eleven corrections, none of them moves a line break.  The list follows below the signature.

paul: Glossary, pass {n}
I went through the glossary again.  Entries in yellow are open; the rest is settled as far as I
am concerned.

paul: Term base export
could you export the term base as TBX once more?  Mine ends at the letter R.

ines: Your question about the idiom
in German one would rather say that somebody lets five be even.  It has the same shrug in it.

ines: Workshop in Porto
I would love to come.  The second week of the month suits me better than the first.

jonas: Bookshelf: measurements
the wall is 3.42 m wide and not quite straight; I measured it at three heights, see below.

jonas: Bookshelf: ash or oak?
ash, then.  It goes better with the floor, and I trust your judgement more than mine.

mira: Saturday
half past eight at the usual place?  I bring the photographs.

mira: Recipe
two lemons, not three, and leave out the cream.  Everything else as your grandmother wrote it.

bettina: Rehearsal on the {n}th
I shall be ten minutes late, please start without me.  The altos know the passage anyway.

bettina: Noten für das Sommerkonzert
die fehlenden Seiten habe ich eingescannt; Seite 14 ist leider etwas schief geraten.

emil: Papas Geburtstag
ich kümmere mich um den Kuchen, wenn du die Gäste einlädst.  Sag Tante Lore bitte früh Bescheid.

emil: The car
the garage says it is the alternator.  Friday at the earliest.

grete: Fotos vom Garten
die Rosen am Zaun haben den Winter gut überstanden.  Ich rufe am Sonntag an!

clara: Book club
I vote for the short one.  We can always read the long one in the holidays.

clara: Flat in August
the keys are with the neighbours on the third floor.  Please water the fig tree, nothing else.

david: Subtitles, reel {n}
reel done.  Two lines are over 42 characters and I see no way to shorten them without losing the
joke.

david: Quote for the documentary
for 74 minutes including the interviews I would charge as last time.  Delivery within three
weeks.

yuki: Rights enquiry
thank you for the quick answer.  The publisher will contact you directly about the contract.

agnès: Votre manuscrit
je l'ai lu d'une traite.  Mes notes vous parviendront avant la fin de la semaine.

agnès: Contrat
voici le contrat signé.  Merci encore pour votre patience.

tomasz: Poem for the anthology
the second stanza still limps.  I send you two variants; choose, or give me a third.

sabine: Belege {n}. Quartal
anbei die Belege.  Die Quittung der Bahn fehlt noch, ich reiche sie nach.

sabine: Umsatzsteuer
stimmt die Frist am Zehnten auch dann, wenn der Zehnte ein Sonntag ist?

uwe: Bremsen vorne
die vordere Bremse quietscht wieder.  Kann ich das Rad am Donnerstag bringen?

hausverwaltung: Heizung im Treppenhaus
die Heizung im zweiten Stock klopft seit Montag.  Könnten Sie jemanden schicken?

nora: Panel on small languages
yes, I would be glad to sit on the panel.  A short biography is below.
"""


def topics(paragraphs: str) -> list[tuple[Person, str, str]]:
    """(to whom, subject, text) of paragraphs like those above; `who` is a first name, see `cast.BY_NAME`."""
    found = []
    for paragraph in paragraphs.strip().split("\n\n"):
        first, _, text = paragraph.partition("\n")
        who, _, subject = first.partition(": ")
        found.append((cast.BY_NAME[who], subject, text))
    return found


@dataclass(frozen=True, slots=True)
class Written:
    """One message that Ada wrote: the copy in Sent, and when."""

    mail: Mail
    when: datetime

    @property
    def id(self) -> str:
        """With its angle brackets."""
        return self.mail.get("Message-ID")

    @property
    def on_the_wire(self) -> Mail:
        """With the trace of Ada's provider, as the recipient's server gets it."""
        dice = Dice(f"wire/{self.id}")
        host, _ = dice.pick(cast.OUT)
        name, home = cast.HOME
        trace = (
            f"from [192.168.178.24] ({name} [{home}])\n\t(Authenticated sender: {ADA.address})\n"
            f"\tby {host} (Postfix) with ESMTPSA id {dice.upper(11)};\n\t{stamp(self.when)}"
        )
        signature = (
            f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={ADA.domain}; s=ph24;\n\th=from:to:subject:date:"
            f"message-id; t={int(self.when.timestamp())};\n\tbh={dice.text(43)}=;\n\tb={dice.text(60)}"
        )
        return self.mail.under(("DKIM-Signature", signature), ("Received", trace))

    @property
    def sent_by(self) -> tuple[str, str]:
        """(name, address) of the provider's host that brought it to the recipient's server."""
        return Dice(f"wire/{self.id}").pick(cast.OUT)


def write(
    when: datetime,
    to: Person,
    subject: str,
    text: str,
    *,
    program: str = "thunderbird",
    answers: str = "",
    cc: str = "",
) -> Written:
    """A message of Ada's.  `answers` is the id that it replies to, with angle brackets."""
    dice = Dice(f"written/{when.isoformat()}/{to.address}/{subject}")
    signature = (
        "Ada" if program != "thunderbird" else "Ada\n\n--\nAda Winter, literary translation\nwinter.example"
    )
    greeting = {"é": "Bonjour", "ü": "Hallo"}.get(next((c for c in text if c in "éü"), ""), "Dear")
    body = f"{greeting} {to.first},\n\n{_wrapped(text)}\n\n{signature}\n"
    if program == "iphone":
        body += "\nSent from my iPhone\n"
    fields: list[Field] = [
        ("Message-ID", f"<{_left(program, dice, when)}@{ADA.domain}>"),
        ("Date", stamp(when)),
        ("MIME-Version", "1.0"),
        _program(program),
        ("From", mailbox(ADA.name, ADA.address)),
        ("To", mailbox(to.name, to.address)),
    ]
    if cc:
        fields.append(("Cc", cc))
    fields.append(("Subject", encoded(subject)))
    if answers:
        fields += [("References", answers), ("In-Reply-To", answers)]
    kind, body = plain(body, "quoted-printable" if program == "iphone" else "8bit")
    return Written(Mail((*fields, *kind), body), when)


def _wrapped(text: str) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > 71:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".lstrip()
    return "\n".join([*lines, line])


def _program(program: str) -> Field:
    return {
        "thunderbird": ("User-Agent", "Mozilla Thunderbird"),
        "iphone": ("X-Mailer", "iPhone Mail (21F90)"),
        "fairemail": ("User-Agent", "K-9 Mail for Android"),
        "webmail": ("User-Agent", "Roundcube Webmail/1.6.9"),
    }[program]


def _left(program: str, dice: Dice, when: datetime) -> str:
    """The left-hand side of an id, as the mail program makes it."""
    if program == "webmail":
        return dice.text(32)
    if program == "fairemail":
        return dice.text(8).upper() + dice.uuid()[8:].upper()
    return dice.uuid().upper() if program == "iphone" else dice.uuid()


PROGRAMS = ("thunderbird",) * 5 + ("iphone", "iphone", "fairemail", "webmail")


def years(now: datetime, count: int = 110) -> list[Written]:
    """Two years of ordinary correspondence, up to the day before yesterday; a quarter of it are replies."""
    dice = Dice("outbox")
    known = topics(_TOPICS)
    letters: list[Written] = []
    for number in range(count):
        to, subject, text = known[number] if number < len(known) else dice.pick(known)
        # Denser towards the present, by day and in the evening.
        days = 730 * (1 - number / count) ** 1.2 + 2
        when = (now - timedelta(days=days)).replace(
            hour=dice.between(8, 22), minute=dice.below(60), second=dice.below(60), microsecond=0
        )
        subject = subject.format(n=dice.between(2, 28))
        answers = ""
        if dice.below(4) == 0:
            subject = f"Re: {subject}"
            answers = f"<{dice.uuid()}@{to.domain}>"
        cc = mailbox(cast.EMIL.name, cast.EMIL.address) if "Geburtstag" in subject else ""
        letters.append(write(when, to, subject, text, program=dice.pick(PROGRAMS), answers=answers, cc=cc))
    return sorted(letters, key=lambda letter: letter.when)


def to_the_choir(now: datetime) -> Written:
    """Ada's post to the choir's list, which she will also get back from it."""
    choir = Person("Chor Lindenau", cast.CHOIR_LIST)
    text = "ich backe für das Sommerfest zwei Bleche.  Wer bringt Sahne mit?"
    return write(now - timedelta(days=6, hours=3), choir, "Kuchen fürs Sommerfest", text, program="webmail")


def late(dawn: datetime) -> dict[str, Written]:
    """What Ada wrote in the night before a deadline (and one of five days ago): some of it will come back."""

    def at(hours: float, to: Person, subject: str, text: str, program: str = "thunderbird") -> Written:
        return write(dawn - timedelta(hours=hours), to, subject, text, program=program)

    typo = Person(cast.JONAS.name, "jonas.bekcer@becker-tischlerei.example")
    return {
        "typo": at(
            5.4, typo, "Bookshelf: one more measurement", "the plinth is 8 cm high.  Sorry, I forgot it."
        ),
        "full": at(
            5.9, cast.PAUL, "Glossary, final", "this is the last version, I promise.  It is rather long."
        ),
        "slow": at(9.2, cast.TOMASZ, "Two variants", "here they are.  Do not let the second one fool you."),
        "gone": at(5.6, cast.NORA, "Biography for the programme", "eighty words, as you asked.", "webmail"),
        "late": at(
            121.5, cast.UWE, "Licht am Rad", "das Rücklicht flackert.  Passt es Dienstag früh?", "iphone"
        ),
        "away": at(4.4, cast.DAVID, "Reel 6", "done.  Line 212 is a guess, please listen to it once more."),
        "mute": at(6.1, cast.AGNES, "Corrections", "voici les corrections du troisième chapitre."),
        "none": at(
            4.8, cast.INES, "The smell of rain", "I found a word, and lost it again.  See below.", "fairemail"
        ),
    }
