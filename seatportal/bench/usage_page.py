"""`usage_page`: the page at ten and at ten thousand members, and its figures beside an aggregate over raw events."""

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import perf_counter
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access.actor import Actor
from accounts.members.open_account import open_account
from accounts.models import Account, Membership, User
from seatportal.bench.post import Line, get_bytes
from seatportal.bench.result import Result, Series
from seatportal.bench.stage import Stage
from seatportal.demo.ports import any_free
from seatportal.demo.programs import answers
from seatportal.kit.clock import now
from seats.capacity.record_purchase import record_purchase
from seats.holders.claim import claim
from seats.insight.activity import window
from seats.insight.make_use_report import current_report, make_use_report
from seats.models import UsageEvent
from seats.usage.months import make_months

DAYS = 30
BACKEND = "django.contrib.auth.backends.ModelBackend"
_EVENTS = """
INSERT INTO seats_usageevent (account_id, day, event_id, membership_id, person, feature, outcome, quantity, occurred_at)
SELECT %(account)s, (%(at)s::timestamptz - make_interval(days => d))::date, m.id || '-' || d, m.id, '',
       'feature-' || (m.id + d) %% 12, '', 1, %(at)s::timestamptz - make_interval(days => d)
FROM accounts_membership m, generate_series(0, %(days)s - 1) AS d
WHERE m.account_id = %(account)s AND (m.id + d) %% 3 <> 0
"""
_COUNTS = """
INSERT INTO seats_dailyusage (account_id, membership_id, day, feature, outcome, count, quantity)
SELECT account_id, membership_id, day, feature, outcome, count(*), sum(quantity) FROM seats_usageevent
WHERE account_id = %(account)s GROUP BY 1, 2, 3, 4, 5
"""


def bench(stage: Stage) -> Result:
    """Both pages by turns over one connection each, then the figures alone."""
    large, number, repetitions = (200, 3, 1) if stage.quick else (10_000, 15, 5)
    few, many = make_firm(10), make_firm(large)
    cookies = {firm.pk: sign_in(firm) for firm in (few, many)}
    port = any_free()
    web = stage.programs.web(port)
    web.start()
    try:
        web.wait_until(lambda: answers(f"http://127.0.0.1:{port}/livez"))
        with Line(port) as line:
            small, big, report, aggregate = Series.by_turns(
                repetitions,
                lambda: _each(number, lambda: line.send(page(few, cookies[few.pk]))),
                lambda: _each(number, lambda: line.send(page(many, cookies[many.pk]))),
                lambda: _each(number, lambda: current_report(many, now(), people=large)),
                lambda: _each(1, lambda: _aggregate(many)),
                warm_up=True,
            )
    finally:
        web.stop()
    statements = {firm.pk: _statements(firm) for firm in (few, many)}
    return Result(
        bench="usage_page",
        ours=big.median * 1000,
        against={
            "page at 10 members": small.median * 1000,
            "its figures alone": report.median * 1000,
            "ORM aggregate over raw events": aggregate.median * 1000,
        },
        ratio={
            f"{large} to 10 members": big.median / small.median,
            "aggregate to figures": aggregate.median / report.median,
            "statements": statements[many.pk],
        },
        goal={f"{large} to 10 members": "<= 1.5", "aggregate to figures": ">= 20", "statements": "<= 6"},
        unit=f"ms for the page at {large} members",
        spread={"ours": big.milliseconds, "page at 10 members": small.milliseconds},
        notes=(
            f"{number} requests with a session over one connection, {repetitions} repetitions by turns",
            f"the aggregate counts days, actions and features of {large} people in {DAYS} days of raw events",
            f"statements: those of the view; session, person and frame are every page's. At 10: {statements[few.pk]},"
            " since an account that small is counted when it is asked for",
        ),
    )


def make_firm(people: int) -> Account:
    """An account whose every member holds a seat and was active on two days of three."""
    at = now()
    user = User.objects.create(email=f"{uuid4().hex[:12]}@bench.example", name="Owner")
    account = open_account(name=f"Firm {people}", user=user, at=at, actor=Actor(user=user, door="sign_up"))
    users = User.objects.bulk_create(
        User(email=f"{uuid4().hex[:16]}@bench.example", name=f"Person {n}") for n in range(people)
    )
    members = Membership.objects.bulk_create(
        Membership(account=account, user=one, joined_at=at, last_active_at=at - timedelta(hours=1)) for one in users
    )
    with transaction.atomic():
        record_purchase(
            account=account,
            kind="started",
            before=0,
            after=people,
            change=None,
            invoice_stripe_id="",
            actor=None,
            reason="",
            at=at - timedelta(days=90),
        )
    for start in range(0, people, 500):
        claim(account=account, members=members[start : start + 500], actor=Actor.system("demo"), at=at)
    make_months((at - timedelta(days=days)).date() for days in range(DAYS + 1))
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, {"account": account.pk, "at": at, "days": DAYS})
        cursor.execute(_COUNTS, {"account": account.pk})
        cursor.execute("ANALYZE")
    make_use_report(account=account, at=now())
    return account


def sign_in(account: Account) -> str:
    """A session of the account's owner, as a cookie."""
    user = Membership.objects.select_related("user").get(account=account, role="owner").user
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def page(account: Account, cookie: str) -> bytes:
    """The request for the usage page."""
    return get_bytes(path=f"/a/{account.slug}/usage/", headers={"Cookie": cookie})


def _each(number: int, act: Callable[[], object]) -> float:
    """The median seconds of one."""
    found = []
    for _ in range(number):
        began = perf_counter()
        act()
        found.append(perf_counter() - began)
    return median(found)


def _aggregate(account: Account) -> int:
    """What a team would write at first: the same figures from the events themselves."""
    first, last = window(account, now())
    used = UsageEvent.objects.filter(account=account, day__gte=first, day__lte=last)
    people = used.values("membership_id").annotate(
        days=Count("day", distinct=True), actions=Count("event_id"), quantity=Sum("quantity")
    )
    features = used.values("feature").annotate(people=Count("membership_id", distinct=True), actions=Count("event_id"))
    return len(people) + len(features)


def _statements(account: Account) -> int:
    """SQL statements of the view beyond those of a page that shows nothing of usage."""
    client = Client()
    client.force_login(Membership.objects.select_related("user").get(account=account, role="owner").user, BACKEND)

    def asked(path: str) -> int:
        client.get(f"/a/{account.slug}/{path}")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/a/{account.slug}/{path}")
        return len(queries)

    return asked("usage/") - asked("settings/usage/")
