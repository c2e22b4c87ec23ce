"""Every environment variable that Seat Portal reads: its type, default and meaning.

Values come from the process environment, or from a file `.env` beside manage.py. `.env.example` lists the same names.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Variable:
    """One variable: how it is read, what it is when unset, and what it means."""

    name: str
    kind: str
    default: Any
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable("SECRET_KEY", "str", "", "Signs sessions, tokens and API keys. Long, random, and the same everywhere."),
    Variable(
        "SECRET_KEY_FALLBACKS",
        "list",
        [],
        "Former secret keys. What was made with them works on: sign-ins, links, API keys, tokens, webhook signatures.",
    ),
    Variable("DEBUG", "bool", False, "Shows error details. Never on a public server."),
    Variable("ALLOWED_HOSTS", "list", ["localhost", "127.0.0.1"], "Host names that this site answers to."),
    Variable("SITE_URL", "str", "http://localhost:8000", "The address people use, without a slash at its end."),
    Variable(
        "DATABASE_URL",
        "str",
        "postgres://postgres@localhost:5432/seatportal",
        "PostgreSQL 15 or newer. `manage.py demo` and the tests start their own when this is unset.",
    ),
    Variable("BROKER_URL", "str", "redis://localhost:6379/0", "Where Celery keeps its messages."),
    Variable("CACHE_URL", "str", "redis://localhost:6379/1", "Django's cache: rate limits and sessions' hot copies."),
    Variable("API_RATE", "str", "1200/min", "Other requests that one API key, OAuth client or person may send."),
    Variable("USAGE_EVENTS_RATE", "str", "6000/min", "Requests with usage events that one API key may send."),
    Variable("ENTITLEMENTS_RATE", "str", "60000/min", "Questions who may in that one API key may send."),
    Variable(
        "USAGE_ARCHIVE",
        "str",
        "",
        "A folder for usage events past their time, shared with Spark. Empty: they are deleted. Extra: archive.",
    ),
    Variable(
        "SPARK_MASTER",
        "str",
        "local[2]",
        "Where `manage.py rebuild_rollups --engine spark` counts, as spark://host:7077. Extra: spark.",
    ),
    Variable("WEBHOOKS_TO_LOOPBACK", "bool", False, "Customers' webhooks may go to this machine. To try things only."),
    Variable("STRIPE_API_KEY", "str", "sk_test_simulator", "This process's key at Stripe, best a restricted one."),
    Variable("STRIPE_API_BASE", "str", "", "Unset: the real Stripe. Set: the address of the local simulator."),
    Variable(
        "STRIPE_WEBHOOK_SECRETS",
        "list",
        [],
        "Signing secrets of the webhook endpoint, the current one first; two while one is being rotated.",
    ),
    Variable("STRIPE_CONTRACT_KEY", "str", "", "A sandbox's key for `manage.py stripe_contract`; never a live one."),
    Variable("STRIPE_CONTRACT_WEB_KEY", "str", "", "A restricted sandbox key as web has it, to try its permissions."),
    Variable("STRIPE_CONTRACT_WORKER_KEY", "str", "", "The same as the worker has it."),
    Variable("STRIPE_CONTRACT_RECONCILER_KEY", "str", "", "The same as reconciliation has it: it only reads."),
    Variable("STRIPE_TIMEOUT", "float", 8.0, "Seconds to wait for an answer from Stripe within one request."),
    Variable("EMAIL_URL", "str", "consolemail://", "Where mail goes: smtp://user:password@host:587 or consolemail://"),
    Variable("MAIL_FROM", "str", "Seat Portal <no-reply@localhost>", "The sender of our mail."),
    Variable("ACCOUNT_TEAM", "str", "", "Where customers reach their account team: a mail address or a web page."),
    Variable("SECURE", "bool", False, "HTTPS only: secure cookies, HSTS, redirects. On in production."),
    Variable("STAFF_NEED_MFA", "bool", True, "Staff may enter Django admin only with a second factor."),
    Variable("LOG_FORMAT", "str", "json", "json for machines, console for people."),
    Variable("LOG_LEVEL", "str", "INFO", "The least severe level that is logged."),
    Variable("SENTRY_DSN", "str", "", "Where crashes are reported; needs the `prod` extra."),
    Variable("WEB_TRUSTED_PROXY", "bool", False, "Trust X-Forwarded-Proto from a proxy in front."),
)


def read() -> dict[str, Any]:
    """Return every variable's value by name.

    Raises environ.ImproperlyConfigured when a value is not of its kind.
    """
    source = environ.FileAwareEnv()
    source.read_env(ROOT / ".env", overwrite=False) if (ROOT / ".env").exists() else None
    return {v.name: getattr(source, v.kind)(v.name, default=v.default) for v in VARIABLES}
