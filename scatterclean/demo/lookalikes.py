"""Ordinary mail that is easily taken for a bounce: people who talk about bounces, machines that look like daemons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scatterclean.demo import cast
from scatterclean.demo.cast import ADA
from scatterclean.demo.delivery import SEEN, Letter, delivered
from scatterclean.demo.dice import Dice
from scatterclean.demo.forgeries import forge
from scatterclean.demo.mime import Field, Mail, based, encoded, mailbox, multipart, plain, stamp
from scatterclean.demo.outbox import Written
from scatterclean.demo.returns import FAILURES, Undelivered
from scatterclean.demo.shapes.exim import exim_pasted
from scatterclean.demo.shapes.postfix import postfix


def lookalikes(now: datetime, sent: Sequence[Written]) -> list[Letter]:
    """`sent` is read for an id that a calendar answers to."""
    return [
        _quotes_a_bounce(now - timedelta(days=2, hours=4)),
        _forwards_a_bounce(now - timedelta(days=2, hours=9)),
        _pastes_a_bounce(now - timedelta(days=9, hours=2)),
        _list_post(now - timedelta(days=1, hours=7)),
        _invitation(now - timedelta(days=3, hours=5)),
        _accepted(now - timedelta(days=4, hours=1), sent),
        _cron(now - timedelta(hours=30)),
        _cron(now - timedelta(hours=54)),
        _dmarc(now - timedelta(hours=26)),
        _tracker(now - timedelta(days=5, hours=6)),
        _away_in_person(now - timedelta(days=8, hours=3)),
    ]


def _somebodys_bounce(when: datetime) -> Undelivered:
    forged = forge(9000, when)
    return Undelivered(
        original=forged.mail,
        envelope=cast.CLARA.address,
        recipient=forged.recipient,
        failure=FAILURES[0],
        reporter=forged.taker[0],
        source=forged.bot,
        arrived=when,
        when=when,
        dice=Dice("somebody's bounce"),
    )


def _mail(when: datetime, sender: str, subject: str, text: str, *fields: Field) -> Mail:
    kind, body = plain(text)
    domain = sender.rpartition("@")[2].rstrip(">")
    return Mail(
        (
            ("Date", stamp(when)),
            ("From", sender),
            ("To", mailbox(ADA.name, ADA.address)),
            ("Subject", encoded(subject)),
            ("Message-ID", f"<{Dice(subject + when.isoformat()).uuid()}@{domain}>"),
            *fields,
            ("MIME-Version", "1.0"),
            *kind,
        ),
        body,
    )


def _from(person: cast.Person) -> str:
    return mailbox(person.name, person.address)


def _quotes_a_bounce(when: datetime) -> Letter:
    bounce = postfix(_somebodys_bounce(when - timedelta(hours=2)))
    quoted = "".join(f"> {line}\n" for line in bounce.body.splitlines()[:24])
    text = "Do you understand this? I get dozens of them since Monday, and I never wrote to these people.\n\nClara\n"
    mail = _mail(when, _from(cast.CLARA), "Re: Undelivered Mail Returned to Sender", f"{text}\n{quoted}")
    return delivered(
        mail, when, "letter", host="mx.lindqvist.example", envelope=cast.CLARA.address, flags=SEEN
    )


def _forwards_a_bounce(when: datetime) -> Letter:
    bounce = exim_pasted(_somebodys_bounce(when - timedelta(hours=5)))
    boundary = "------------forwarded0a1b2c"
    mail = _mail(when, _from(cast.CLARA), "Fwd: Mail delivery failed: returning message to sender", "")
    fields = (*mail.fields[:-2], ("Content-Type", f'multipart/mixed; boundary="{boundary}"'))
    body = multipart(
        boundary,
        plain("Here is one of them, as an attachment.\n\nClara\n"),
        (
            (("Content-Type", 'message/rfc822; name="returned.eml"'), ("Content-Disposition", "attachment")),
            bounce.text,
        ),
    )
    return delivered(
        Mail(fields, body),
        when,
        "forward",
        host="mx.lindqvist.example",
        envelope=cast.CLARA.address,
        flags=SEEN,
    )


def _pastes_a_bounce(when: datetime) -> Letter:
    case = _somebodys_bounce(when)
    text = (
        "Papa hat mir das geschickt und fragt, ob er einen Virus hat:\n\n"
        "-------- Weitergeleitete Nachricht --------\n"
        f"Betreff: Mail delivery failed: returning message to sender\n\n{exim_pasted(case).body[:420]}\n"
    )
    mail = _mail(when, _from(cast.EMIL), "WG: Mail delivery failed", text)
    return delivered(
        mail, when, "forward", host="mx.familie-winter.example", envelope=cast.EMIL.address, flags=SEEN
    )


def _list_post(when: datetime) -> Letter:
    text = (
        "On a small server I would reject at RCPT time and never bounce afterwards. A message like\n\n"
        "    This is the mail system at host mail.small.example.\n"
        "    I'm sorry to have to inform you that your message could not be delivered\n\n"
        "to a forged sender is backscatter, and lists take note of hosts that send it.\n"
    )
    fields = (
        ("List-Id", "<mailops.lists.example>"),
        ("Precedence", "list"),
        ("Errors-To", "mailops-bounces@lists.example"),
    )
    sender = mailbox("R. Sorensen", "rs@mailops-people.example")
    mail = _mail(when, sender, "[mailops] Re: Undelivered Mail Returned to Sender, again", text, *fields)
    return delivered(mail, when, "list", host="lists.example", envelope="mailops-bounces@lists.example")


def _calendar(when: datetime, sender: str, subject: str, method: str, *fields: Field) -> Mail:
    event = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\nBEGIN:VEVENT\nUID:{Dice(subject).uuid()}\n"
        f"SUMMARY:{subject}\nDTSTART:{when + timedelta(days=12):%Y%m%dT100000}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    mail = _mail(when, sender, subject, event, *fields)
    return Mail(
        (*mail.fields[:-2], ("Content-Type", f"text/calendar; charset=utf-8; method={method}")), event
    )


def _invitation(when: datetime) -> Letter:
    mail = _calendar(when, _from(cast.NORA), "Invitation: panel, sound check", "REQUEST")
    return delivered(
        mail, when, "calendar", host="mx.transfest.example", envelope=cast.NORA.address, flags=SEEN
    )


def _accepted(when: datetime, sent: Sequence[Written]) -> Letter:
    """A calendar program answers by itself: automatic, in reply to Ada, and no news about delivery."""
    asked = next(w for w in reversed(sent) if cast.MIRA.address in w.mail.get("To") and w.when < when)
    mail = _calendar(
        when,
        _from(cast.MIRA),
        "Accepted: flea market",
        "REPLY",
        ("Auto-Submitted", "auto-generated"),
        ("References", asked.id),
    )
    return delivered(
        mail, when, "calendar", host="mx.castellano.example", envelope=cast.MIRA.address, flags=SEEN
    )


def _cron(when: datetime) -> Letter:
    text = (
        "sent 41,220 bytes  received 1,204 bytes\nwarning: /home/ada/Mail: file changed while it was read\n"
    )
    fields = (("Auto-Submitted", "auto-generated"), ("X-Cron-Env", "<SHELL=/bin/sh>"))
    mail = _mail(
        when, "root@kiste.winter.example (Cron Daemon)", "Cron <ada@kiste> $HOME/bin/backup", text, *fields
    )
    return delivered(
        mail, when, "cron", host="kiste.winter.example", envelope="root@kiste.winter.example", flags=SEEN
    )


def _dmarc(when: datetime) -> Letter:
    name = f"reports.example!winter.example!{int(when.timestamp()) - 86400}!{int(when.timestamp())}.xml"
    xml = "<feedback><report_metadata><org_name>reports.example</org_name></report_metadata></feedback>\n"
    mail = _mail(
        when, "noreply-dmarc@reports.example", "Report domain: winter.example Submitter: reports.example", ""
    )
    fields: tuple[Field, ...] = (
        *mail.fields[:-2],
        ("Content-Type", f'application/xml; name="{name}"'),
        ("Content-Transfer-Encoding", "base64"),
    )
    return delivered(
        Mail(fields, based(xml)),
        when,
        "DMARC report",
        host="out.reports.example",
        envelope="dmarc@reports.example",
    )


def _tracker(when: datetime) -> Letter:
    text = "https://bugs.example/show_bug.cgi?id=5512\n\n--- Comment #3: undelivered mail is kept for five days ---\n"
    fields = (("X-Bugzilla-Reason", "CC"), ("Auto-Submitted", "auto-generated"))
    mail = _mail(
        when,
        "bugzilla-daemon@bugs.example",
        "[Bug 5512] message returned to sender is truncated",
        text,
        *fields,
    )
    return delivered(
        mail, when, "bug tracker", host="bugs.example", envelope="bugzilla-daemon@bugs.example", flags=SEEN
    )


def _away_in_person(when: datetime) -> Letter:
    """A person writes by hand that she is away."""
    text = "Ich bin bis Freitag nicht im Büro, rufen Sie mich gern danach an.\n\nSabine Hahn\n"
    mail = _mail(when, _from(cast.SABINE), "Bin nicht im Büro", text)
    return delivered(
        mail, when, "letter", host="mx.steuer-hahn.example", envelope=cast.SABINE.address, flags=SEEN
    )
