"""`manage.py check`: a wrong set-up is said here, not met by a customer."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from celery import current_app
from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.urls import URLPattern, URLResolver, get_resolver

from seatportal.kit.contact import account_team
from seatportal.schedule import SCHEDULE
from seatportal.stripe_checks import register_stripe_checks

# URLs of libraries and of the edge; each guards itself.
FOREIGN = ("accounts/", "staff/", "api/", "hijack/", "i18n/", "livez", "readyz", "static/")


def register_checks() -> None:
    """Called once all apps are loaded."""
    register_stripe_checks()
    register(every_page_has_a_rule, Tags.urls)
    register(scheduled_tasks_exist, "celery")
    register(archive_can_be_written)
    register(account_team_is_reachable)
    register(account_team_is_named, deploy=True)
    register(webhooks_stay_outside, deploy=True)


def walk(patterns: Sequence[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route with its full path, depth first."""
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, path)
        else:
            yield path, entry


def every_page_has_a_rule(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A page without `@requires`, `@signed_in` or `@public` would be open by mistake."""
    return [
        Error(f"The URL {path!r} has no access rule.", hint="Decorate its view.", id="seatportal.E010")
        for path, route in walk(get_resolver().url_patterns)
        if not path.startswith(FOREIGN) and not hasattr(route.callback, "access_rule")
    ]


def scheduled_tasks_exist(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A renamed task would silently never run."""
    return [
        Error(f"The schedule names an unknown task: {entry['task']}.", id="seatportal.E020")
        for entry in SCHEDULE.values()
        if entry["task"] not in current_app.tasks
    ]


def archive_can_be_written(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Else each night's job would fail, and events would stay. That the folder is there is asked by the job alone."""
    if not settings.USAGE_ARCHIVE:
        return []
    found: list[CheckMessage] = []
    if not Path(settings.USAGE_ARCHIVE).is_absolute():
        text = f"USAGE_ARCHIVE is not the whole path of a folder: {settings.USAGE_ARCHIVE!r}."
        found.append(Error(text, hint="Set it like /srv/usage-archive.", id="seatportal.E040"))
    if find_spec("pyarrow") is None:
        text = "USAGE_ARCHIVE is set, but pyarrow is not installed."
        found.append(Error(text, hint="Install the extra `archive`.", id="seatportal.E041"))
    return found


def account_team_is_reachable(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A link that leads nowhere is worse than none."""
    if not settings.ACCOUNT_TEAM or account_team():
        return []
    return [
        Error(
            f"ACCOUNT_TEAM is neither a mail address nor a web page: {settings.ACCOUNT_TEAM!r}.",
            hint="Set it like team@example.com or https://example.com/contact.",
            id="seatportal.E030",
        )
    ]


def account_team_is_named(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Pages and mails say "talk to your account team"; people must be able to."""
    if settings.ACCOUNT_TEAM:
        return []
    hint = "Set it to a mail address or a web page; it is shown on every page of an account and in its mails."
    return [Warning("ACCOUNT_TEAM names nobody.", hint=hint, id="seatportal.W030")]


def webhooks_stay_outside(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A customer could have our servers call themselves."""
    if not settings.WEBHOOKS_TO_LOOPBACK:
        return []
    hint = "Unset it; it is for the demo and for tests."
    return [Error("WEBHOOKS_TO_LOOPBACK lets customers call this machine.", hint=hint, id="seatportal.E040")]
