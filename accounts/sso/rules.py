"""What a domain may be, whom an identity provider may name, and which session opens which account. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainRefused
from accounts.sso.public_domains import PUBLIC_DOMAINS

# Where the proof is published, below the domain: nothing else lives there, and a CNAME at the domain is no obstacle.
CHALLENGE = "_seat-portal"
PROOF = "seat-portal-verification="
# A proof that is gone may be somebody's slip: for so long everything goes on.
GRACE = timedelta(days=7)

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


# What an error may repeat of a provider's answer: named tokens, and words so long that only a secret has them.
_SECRETS = re.compile(r'(?<=_token")(\s*:\s*)"[^"]*"|[\w.-]{40,}')


def without_secrets(text: str) -> str:
    """What went wrong, fit for a log and for a page."""
    return _SECRETS.sub("…", text)[:300]


def domain_named(text: str) -> str:
    """A domain as DNS knows it, from what somebody typed. Raises DomainRefused."""
    typed = text.strip().lower().rstrip(".").rpartition("@")[2]
    try:
        name = typed.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise DomainRefused(field="name") from error
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 240 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        raise DomainRefused(field="name")
    if name in PUBLIC_DOMAINS:
        raise DomainRefused(
            _("%(domain)s belongs to a provider of mail for everybody. Add your organisation's own domain.")
            % {"domain": name},
            field="name",
        )
    return name


def domain_of(address: str) -> str:
    """The domain of an e-mail address as DNS knows it; empty for what is none."""
    local, at, domain = address.strip().lower().rpartition("@")
    if not local or not at or "@" in local:
        return ""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


class Wall(StrEnum):
    """Why a session does not open an account."""

    # It was opened by another account's identity provider, or by one that is off now.
    ELSEWHERE = "elsewhere"
    # The account wants single sign-on.
    ENFORCED = "enforced"


@dataclass(frozen=True)
class SignedIn:
    """How a session was opened: by which identity providers, by a password, code or passkey of one's `own`, with a
    second `factor`.
    """

    providers: frozenset[str]
    own: bool
    factor: bool


def wall_for(*, how: SignedIn, mine: Collection[str], enforced: bool, is_owner: bool) -> Wall | None:
    """May a session with `how` open an account whose living identity providers are `mine`?

    enforced: the account asks single sign-on of this person. An owner with a second factor comes in without: should
    the identity provider be out of order, somebody must be able to mend it (ADR 47).
    """
    if how.providers & frozenset(mine):
        return None
    if how.providers and not how.own:
        return Wall.ELSEWHERE
    if enforced and not (is_owner and how.factor):
        return Wall.ENFORCED
    return None
