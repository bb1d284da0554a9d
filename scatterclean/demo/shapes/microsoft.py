"""How Microsoft's servers return a message: Exchange Online, Exchange in a cellar, Exchange of old without any id."""

from __future__ import annotations

from scatterclean.demo.mime import Mail, based, block, multipart, quoted, stamp
from scatterclean.demo.returns import Undelivered, report_fields, status


def exchange_online(case: Undelivered) -> Mail:
    """An NDR of Microsoft 365: HTML with advice, diagnostic data, status, the message with X-MS fields."""
    dice = case.dice
    server = f"{dice.upper(2)}{dice.digits(1)}PR{dice.digits(2)}MB{dice.digits(4)}"
    host = f"{server}.eurprd{dice.digits(2)}.prod.outlook.com"
    boundary = f"_{dice.uuid()}_"
    inner = f"{dice.digits(8)}-{dice.text(4)}"
    html = (
        "<html><head><title>Undeliverable</title></head><body>\n"
        f"<p><b>Your message to {case.recipient} couldn't be delivered.</b></p>\n"
        f"<p>{case.recipient.partition('@')[0]} wasn't found at {case.domain}, or does not take your message.</p>\n"
        f"<p>Original Message Details<br>Sender: {case.envelope}<br>Subject: {case.subject}</p>\n"
        f"<p>Error Details<br>{case.failure.code} {case.failure.status} {case.words}<br>"
        f"Message rejected by: {host}</p>\n</body></html>\n"
    )
    diagnostics = (
        f"Delivery has failed to these recipients or groups:\n\n{case.recipient}\n{case.words}\n\n"
        f"Diagnostic information for administrators:\n\nGenerating server: {host}\n"
    )
    trace = (
        f"from {case.upstream}\n by {server}.mail.protection.outlook.com with Microsoft SMTP Server id"
        f" 15.20.8158.19;\n {stamp(case.arrived)}"
    )
    checked = f"spf=fail (sender IP is {case.source[1]}) smtp.mailfrom={case.envelope}"
    taken = case.original.under(("Received", trace), ("Authentication-Results", checked))
    return Mail(
        (
            ("From", f"<postmaster@{case.domain}>"),
            ("To", f"<{case.envelope}>"),
            ("Date", stamp(case.when)),
            *report_fields(boundary),
            ("X-MS-Exchange-Message-Is-Ndr", ""),
            ("Content-Language", "en-US"),
            ("Message-ID", f"<{dice.uuid()}@{host}>"),
            ("In-Reply-To", case.id),
            ("References", case.id),
            ("Subject", f"Undeliverable: {case.subject}"),
            ("Auto-Submitted", "auto-replied"),
        ),
        multipart(
            boundary,
            (
                [
                    (
                        "Content-Type",
                        f'multipart/alternative; differences=Content-Type;\n\tboundary="_{inner}_"',
                    )
                ],
                multipart(
                    f"_{inner}_",
                    (
                        [
                            ("Content-Type", 'text/plain; charset="utf-8"'),
                            ("Content-Transfer-Encoding", "quoted-printable"),
                        ],
                        quoted(diagnostics),
                    ),
                    (
                        [
                            ("Content-Type", 'text/html; charset="utf-8"'),
                            ("Content-Transfer-Encoding", "base64"),
                        ],
                        based(html),
                    ),
                ),
            ),
            ([("Content-Type", "message/delivery-status")], status(case)),
            ([("Content-Type", "message/rfc822")], taken.text),
        ),
    )


def exchange(case: Undelivered) -> Mail:
    """Exchange 2010 to 2019 in somebody's cellar: the header alone, and the id in In-Reply-To as well."""
    dice = case.dice
    boundary = dice.uuid()
    text = (
        f"Delivery has failed to these recipients or groups:\n\n{case.recipient}\n"
        "The e-mail address you entered couldn't be found.\n\n"
        f"Diagnostic information for administrators:\n\nGenerating server: {case.reporter}\n\n"
        f"{case.recipient}\n#{case.failure.code} {case.failure.status} {case.words} ##\n"
    )
    taken = case.taken("Microsoft SMTP Server", f"15.1.2507.{dice.digits(2)}")
    return Mail(
        (
            ("From", f"postmaster@{case.domain}"),
            ("To", case.envelope),
            ("Date", stamp(case.when)),
            *report_fields(boundary),
            ("Content-Language", "en-US"),
            ("Message-ID", f"<{dice.uuid()}@{case.reporter}>"),
            ("In-Reply-To", case.id),
            ("Subject", f"Undeliverable: {case.subject}"),
        ),
        multipart(
            boundary,
            ([("Content-Type", "text/plain; charset=us-ascii")], text),
            ([("Content-Type", "message/delivery-status")], status(case)),
            ([("Content-Type", "text/rfc822-headers")], taken.headers),
        ),
    )


def exchange_old(case: Undelivered) -> Mail:
    """The NDR of Exchange 5.5 and 2000: who, what about and when, and no id anywhere."""
    text = (
        "Your message did not reach some or all of the intended recipients.\n\n"
        f"      Subject:\t{case.subject}\n      Sent:\t{case.arrived:%d/%m/%Y %H:%M}\n\n"
        "The following recipient(s) could not be reached:\n\n"
        f"      {case.recipient} on {case.when:%d/%m/%Y %H:%M}\n"
        "            The e-mail account does not exist at the organization this message was sent to.\n"
        f"            <{case.reporter} #{case.failure.status}>\n"
    )
    return Mail(
        (
            ("From", f"System Administrator <postmaster@{case.domain}>"),
            ("To", case.envelope),
            ("Subject", f"Undeliverable: {case.subject}"),
            ("Date", stamp(case.when)),
            ("MIME-Version", "1.0"),
            ("X-Mailer", "Internet Mail Service (5.5.2653.19)"),
            ("Content-Type", 'text/plain; charset="iso-8859-1"'),
        ),
        text,
    )


def domino(case: Undelivered) -> Mail:
    """Lotus Domino: subject in capitals, a report whose third part is the message."""
    boundary = f"==IFJRGLKFGIR{case.dice.digits(5)}UHRUHIHD"
    text = (
        f"Your message\n\n  Subject: {case.subject}\n\nwas not delivered to:\n\n  {case.recipient}\n\n"
        f"because:\n\n  User {case.recipient.partition('@')[0]} ({case.recipient}) not listed in Domino Directory\n"
    )
    fields = [
        ("Reporting-MTA", f"dns;{case.reporter}"),
        ("", ""),
        ("Final-Recipient", f"rfc822;{case.recipient}"),
        ("Action", "failed"),
        ("Status", "5.1.1"),
        ("Diagnostic-Code", "X-Notes; User not listed in public Name & Address Book"),
    ]
    taken = case.taken("IBM Domino Release 9.0.1FP10", case.dice.digits(14))
    return Mail(
        (
            ("From", f"Postmaster@{case.domain}"),
            ("To", case.envelope),
            (
                "Subject",
                f"DELIVERY FAILURE: User {case.recipient.partition('@')[0]} not listed in Domino Directory",
            ),
            ("Date", stamp(case.when)),
            ("Message-ID", f"<OF{case.dice.text(8).upper()}.{case.dice.text(8).upper()}-ON00@{case.domain}>"),
            *report_fields(boundary),
        ),
        multipart(
            boundary,
            ([("Content-Type", "text/plain; charset=US-ASCII")], text),
            ([("Content-Type", "message/delivery-status")], block(fields).replace(": \n", "\n")),
            ([("Content-Type", "message/rfc822")], taken.text),
        ),
    )
