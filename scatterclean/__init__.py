"""scatterclean moves orphan bounces (backscatter) out of IMAP inboxes and leaves genuine ones where they are.

The rooms, in the order in which a sweep walks through them; who reads them top to bottom has followed one:

model        the nouns, frozen values: the glossary
errors       what can go wrong, by who mends it
headers      header fields, addresses, dates and ids out of any bytes
plain        header blocks as plain as nearly all are, read by one pattern
bounce/      bytes -> Bounce | None: the reader of automatic mail
sent         header fields of a Sent copy -> SentMessage
fingerprint  what a message is known by, wherever it moves
shapes, subjects   what ids of one program have in common; subjects compared loosely
origin/      where a returned original came from: you, your provider, a stranger
judge/       Bounce + what is known -> Finding
calibrate    replies and echoes -> what they teach about the log
alarms       signs that somebody else sends through the person's account
storms       when backscatter comes in heaps
plan         Findings -> Plan, or a refusal with its reason; the outcome of a move that was cut off
wording/     all of that in words
ports        what a sweep needs of the world
calling      what a call out of this process needs: whom it trusts, a limit of time
mailbox/     IMAP, and a mailbox in memory
store/       SQLite: sent log, journal, docket, experience
names/       what DNS, SPF and DKIM say
oauth/       access tokens in place of a password
tell/        notices, handed over to the person
outbox/      mail of the person that no Sent folder holds
config       TOML -> frozen values
harvest      Sent folders -> sent log and coverage
knowledge    what a judgment rests on, fetched before it
gather       new mail of a watched folder -> cases, and lessons about the log
glean        the person's own mail among other mail -> sent log
recall       was it received long ago?
seek         where what was put away is now
rescue       what proved genuine comes back
retention    what was put away long ago is deleted, where the person has set that
looking      what a look at folders shows of messages, by fingerprint
settling     look -> settle, also what died half-way
deeds        intend -> do -> look -> settle: the only place that changes a mailbox
tend         what was put away, at every sweep: rescue and retention
sweep, undo  the two errands
wishes       what the person asked for in the dashboard -> deeds
why/, standing  what is told of one message, of one account
evidence/    what is told of a storm, and whether it was the person
wire/        config -> ready accounts; the only room that knows ports and adapters
service/     the daemon: the scheduler, signals, the watcher that new mail wakes
setup/       an account, by asking the person
units/       the daemon as a service of systemd or launchd
page/        the report as one page of HTML
doctor/      what can be wrong, and how to mend it; it changes nothing
advise/      what DNS publishes of the person's domains, and what would make forging them harder
web/         the dashboard: a page on this machine, for its person alone
trial        the pure core on files (`scatterclean try`)
demo/        an embedded server with a flooded mailbox
cli/         click: parse, call, print
"""

__version__ = "0.1.0"
