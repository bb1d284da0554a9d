"""What DNS publishes about a domain, and what would make forging it harder: values for the terminal and for programs.

What strangers wrote (records, names) stands in these as it came, bounded; who shows it cleans it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Heard(StrEnum):
    """What became of a question."""

    RECORDS = "records"
    NONE = "none"  # the name is there, without such records
    NO_NAME = "no-name"  # NXDOMAIN: neither the name nor any below it is there (RFC 8020)
    UNKNOWN = "unknown"  # nobody knows: never to be taken for "absent"


class Mute(StrEnum):
    """Why nobody knows."""

    TIMEOUT = "time-out"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    NO_RESOLVER = "no-resolver"
    FAILED = "failed"
    ENOUGH = "enough"  # too much was asked already, or for too long


@dataclass(frozen=True, slots=True)
class Question:
    """`kind`: TXT, MX, A or AAAA of a name; POLICY: the file of MTA-STS of a domain (RFC 8461, 3.3)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`records`: texts joined (bytes as Latin-1), addresses, or "10 mx.example" ("0 ." is a null MX, RFC 7505).

    `alias`: where a CNAME led to, "" without one.  `why` is for UNKNOWN; for a POLICY that there is not (NONE) `said`
    tells in a few words how it was not."""

    heard: Heard
    records: tuple[str, ...] = ()
    alias: str = ""
    why: Mute | None = None
    said: str = ""

    @property
    def unknown(self) -> bool:
        return self.heard is Heard.UNKNOWN


class Topic(StrEnum):
    DOMAIN = "domain"
    SPF = "spf"
    DMARC = "dmarc"
    DKIM = "dkim"
    MX = "mx"
    CATCH_ALL = "catch-all"
    TAGS = "tags"
    MTA_STS = "mta-sts"
    TLS_RPT = "tls-rpt"


class Point(StrEnum):
    """What was found; `wording.advised` says each in a sentence.  In brackets: the names of its details."""

    UNKNOWN = "unknown"  # [name, kind, why]
    NO_SUCH_DOMAIN = "no-such-domain"  # [like]: a domain of the person's that is spelled nearly so
    PROVIDERS = "providers"
    PARKED = "parked"  # [ground]: who says that nothing is sent from it: "person", "spf", or it only "seems"
    RECORD = "record"  # [record]: as published
    MX_HOSTS = "mx-hosts"  # [hosts]
    MX_NULL = "mx-null"
    MX_NONE = "mx-none"

    SPF_NONE = "spf-none"
    SPF_NEARLY = "spf-nearly"  # [record]: meant as one, and none
    SPF_MANY = "spf-many"  # [count]
    SPF_SYNTAX = "spf-syntax"  # [term]
    SPF_ALL_PASS = "spf-all-pass"  # noqa: S105 - no password: "+all"
    SPF_NEUTRAL = "spf-neutral"
    SPF_NO_ALL = "spf-no-all"
    SPF_SOFT = "spf-soft"
    SPF_STRICT = "spf-strict"
    SPF_LOOKUPS = "spf-lookups"  # [count, costs]
    SPF_VOID = "spf-void"  # [count, names]
    SPF_PTR = "spf-ptr"
    SPF_DEAD = "spf-dead"  # [term]
    SPF_OPEN = "spf-open"  # [term]: what it includes lets everybody pass
    SPF_BROKEN_INCLUDE = "spf-broken-include"  # [term, what]
    SPF_LOOP = "spf-loop"  # [term]
    SPF_WIDE = "spf-wide"  # [term]
    SPF_AFTER_ALL = "spf-after-all"  # [terms]

    DMARC_NONE = "dmarc-none"
    DMARC_NEARLY = "dmarc-nearly"  # [record]
    DMARC_MISPLACED = "dmarc-misplaced"
    DMARC_MANY = "dmarc-many"  # [count]
    DMARC_SYNTAX = "dmarc-syntax"  # [tag]
    DMARC_P_NONE = "dmarc-p-none"
    DMARC_QUARANTINE = "dmarc-quarantine"
    DMARC_REJECT = "dmarc-reject"
    DMARC_ABOVE = "dmarc-above"  # [domain, policy]: of a domain above
    DMARC_SUBDOMAINS = "dmarc-subdomains"  # [policy]
    DMARC_NO_SUBDOMAINS = "dmarc-no-subdomains"  # [policy]
    DMARC_PCT = "dmarc-pct"  # [pct]
    DMARC_TESTING = "dmarc-testing"
    DMARC_NO_REPORTS = "dmarc-no-reports"
    DMARC_REPORTS_BROKEN = "dmarc-reports-broken"  # [uri]
    DMARC_REPORTS_REFUSED = "dmarc-reports-refused"  # [host]
    ALIAS = "alias"  # [target]

    DKIM_GOOD = "dkim-good"  # [selector, key]
    DKIM_NONE = "dkim-none"
    DKIM_UNSEEN = "dkim-unseen"
    DKIM_REVOKED = "dkim-revoked"  # [selector]
    DKIM_SHORT = "dkim-short"  # [selector, bits]
    DKIM_FACTORED = "dkim-factored"  # [selector, bits]
    DKIM_TESTING = "dkim-testing"  # [selector]
    DKIM_BROKEN = "dkim-broken"  # [selector]
    DKIM_SHA1 = "dkim-sha1"  # [selector]
    DKIM_DANGLING = "dkim-dangling"  # [selector, target]
    DKIM_ABSENT = "dkim-absent"  # [selector]: signed with or named, and not there

    STS_NONE = "sts-none"
    STS_MANY = "sts-many"  # [count]
    STS_BROKEN = "sts-broken"  # [record]
    STS_UNFETCHED = "sts-unfetched"  # [said]
    STS_POLICY_BROKEN = "sts-policy-broken"  # [line]
    STS_TESTING = "sts-testing"
    STS_OFF = "sts-off"
    STS_ENFORCE = "sts-enforce"
    STS_MISMATCH = "sts-mismatch"  # [hosts]
    STS_SHORT = "sts-short"  # [seconds]
    RPT_NONE = "rpt-none"
    RPT_BROKEN = "rpt-broken"  # [record]
    RPT_GOOD = "rpt-good"

    # [unused, forged, bounces, all, used, least]: "at least " if there are more of all of these
    CATCH_ALL = "catch-all"
    TAG = "tag"  # [address, bounces]


@dataclass(frozen=True, slots=True)
class Remark:
    topic: Topic
    point: Point
    detail: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> str:
        return dict(self.detail).get(name, "")


def remark(topic: Topic, point: Point, **detail: object) -> Remark:
    return Remark(topic, point, tuple((name, str(value)) for name, value in detail.items()))


@dataclass(frozen=True, slots=True)
class Record:
    """To be published: `kind` TXT or MX of `name`; FILE: `name` is the URL at which the text is to be served."""

    name: str
    kind: str
    value: str


class When(StrEnum):
    NOW = "now"
    INSTEAD = "instead"  # now, in place of what is there
    REPORTS = "reports"  # when weeks of reports show nothing but strangers
    AGAIN = "again"  # when further weeks show the same
    SERVED = "served"  # when the file is served
    REPLACED = "replaced"  # when mail is signed with a new key


class Caution(StrEnum):
    """What to think of before or while doing it."""

    SENDERS = "senders"  # are all machines that send for the person named?
    ASK_PROVIDER = "ask-provider"  # which include?
    ONE_RECORD = "one-record"  # the others have to go
    FORWARDING = "forwarding"
    REPORTS_ADDRESS = "reports-address"  # it must be there first
    REPORTS_ELSEWHERE = "reports-elsewhere"  # the domain takes no mail
    LISTS = "lists"
    OWN_MAIL = "own-mail"  # neither SPF nor DKIM vouches for it yet
    DKIM_PROVIDER = "dkim-provider"  # the provider makes the key
    SENDS_NOTHING = "sends-nothing"  # does really nothing send?
    TOO_MANY = "too-many"  # the person has to choose
    BY_HAND = "by-hand"  # what is there is too odd to be written anew by a program
    LIST_ADDRESSES = "list-addresses"  # given to shops, printed on cards
    RECEIVES = "receives"  # a null MX ends all mail to it


class Effect(StrEnum):
    """How much smaller the next storm would be."""

    MUCH = "much"
    SOME = "some"
    LITTLE = "little"
    BESIDE = "beside"  # not at all; it protects something else


@dataclass(frozen=True, slots=True)
class Stage:
    """What to publish at a time, all together; of one stage to the next the person waits."""

    when: When
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, with its grounds; without `stages` it is not done in DNS, or not by a record that is known."""

    topic: Topic
    effect: Effect
    reasons: tuple[Remark, ...]
    stages: tuple[Stage, ...] = ()
    cautions: tuple[Caution, ...] = ()
    keep: tuple[str, ...] = ()  # CATCH_ALL: the addresses that stay


class Outcome(StrEnum):
    GOOD = "good"  # nothing is left to do against forging
    STEPS = "steps"
    UNKNOWN = "unknown"  # nothing found, but not all could be looked up
    NO_SUCH_DOMAIN = "no-such-domain"
    PROVIDERS = "providers"  # a domain that many share: not the person's to set


@dataclass(frozen=True, slots=True)
class Advised:
    """`domain` as people write it, `ascii` as DNS has it; `remarks` is what was found, `steps` the most effective
    first."""

    domain: str
    ascii: str
    outcome: Outcome
    remarks: tuple[Remark, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def looked_up(self) -> bool:
        """Could all be looked up, and is there such a domain?"""
        return self.outcome is not Outcome.NO_SUCH_DOMAIN and not any(
            each.point is Point.UNKNOWN for each in self.remarks
        )
