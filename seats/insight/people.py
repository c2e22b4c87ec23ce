"""Everybody in an account, with or without a seat: filtered, counted, sorted, and paged by key.

Members and open invitations are one list. A page costs the same number of statements at any size: the keys of the
page come from one union, and only the page's rows are filled with seats, usage and names.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from json import dumps, loads
from typing import Any

from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import Combinable, Window
from django.db.models.functions import Coalesce, Lower, NullIf

from accounts.members.queries import members_of, open_invitations_of
from accounts.models import Account, Invitation, Membership
from seats.holders.queries import ACTIVE_WITHIN, waiting_in
from seats.insight.activity import NOTHING, window
from seats.insight.rows import (
    Key,
    Row,
    fill_rows,
    pauses_of_outer,
    places_of_invitation,
    places_of_outer,
    wishes_of_outer,
)
from seats.insight.states import state_of_member
from seats.insight.use_report import BUCKETS
from seats.models import Assignment, DailyUsage, Pause
from seats.requests.queries import open_wishes
from seats.usage.settings import groups_only

SHOWS = ("all", "active", "idle", "none", "reports", "managers", "invited", "waiting", "paused", "requests")
SORTS = ("name", "department", "active", "since")


def bucket_show(low: int, high: int) -> str:
    """The filter that shows holders who were active on so many days."""
    return f"days-{low}-{high}"


# The bars of the usage page's histogram; counted only where one is chosen.
DAY_SHOWS = {bucket_show(low, high): (low, high) for low, high in BUCKETS}
# These tell what somebody did.
BY_USE = ("active", "idle", *DAY_SHOWS)
PAGE_SIZE = 50
# Sorts before every real moment: never active, no seat.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Choice:
    """What is asked for. sort: one of SORTS, with a hyphen in front for the other direction."""

    show: str = "all"
    text: str = ""
    sort: str = "name"

    @property
    def key(self) -> str:
        """The sort without its direction."""
        return self.sort.removeprefix("-")

    @property
    def down(self) -> bool:
        """The largest first."""
        return self.sort.startswith("-")


@dataclass(frozen=True)
class Page:
    """Rows, and the cursors to go on with; empty where there is nothing more."""

    rows: list[Row]
    before: str = ""
    after: str = ""


def without_use(choice: Choice) -> Choice:
    """The same choice where it does not depend on what people did."""
    return replace(
        choice,
        show="all" if choice.show in BY_USE else choice.show,
        sort="name" if choice.key == "active" else choice.sort,
    )


def count_people(account: Account, text: str, at: datetime, *, days: str = "") -> dict[str, int]:
    """How many each filter shows, for a search text. Six small counts: at 10,000 people a tenth of one large one.

    days: which of DAY_SHOWS is counted, too.
    """
    members = _search_members(members_of(account), text).count()
    invited = _invitations(account, text).count()
    found = _about_member(text)
    held = (
        Assignment.objects.filter(account=account, ended_at__isnull=True, membership__left_at__isnull=True)
        .filter(membership__isnull=False)
        .filter(found)
        .aggregate(
            all=Count("pk"),
            active=Count("pk", filter=Q(membership__last_active_at__gte=at - ACTIVE_WITHIN)),
            idle=Count("pk", filter=Q(started_at__lte=at - ACTIVE_WITHIN) & _silent(at, "membership__")),
        )
    )
    by_days = {days: _shown(account, days, text, at).count()} if days in DAY_SHOWS else {}
    return by_days | {
        "all": members + invited,
        "active": held["active"],
        "idle": held["idle"],
        "none": members - held["all"],
        "invited": invited,
        "waiting": waiting_in(account).filter(_about_place(text), membership__left_at__isnull=True).count(),
        "paused": Pause.objects.filter(account=account, ended_at__isnull=True).filter(found).count(),
        "requests": open_wishes(account).filter(found).count(),
        "reports": _shown(account, "reports", text, at).count(),
        "managers": _shown(account, "managers", text, at).count(),
    }


def count_idle(account: Account, at: datetime) -> int:
    """Seats held for at least 30 days by members who did nothing in that time."""
    return _idle_seats(account, at).count()


def page_of_people(
    account: Account, choice: Choice, at: datetime, *, after: str = "", before: str = "", size: int = PAGE_SIZE
) -> Page:
    """One page behind `after` or ahead of `before`; a cursor that makes no sense is the first page.

    With privacy mode on nobody is found or sorted by activity.
    """
    if (choice.show in BY_USE or choice.key == "active") and groups_only(account):
        choice = without_use(choice)
    cursor = _decode(choice, before or after)
    back = bool(before) and cursor is not None
    keys = _keys(account, choice, at, cursor, back=back, size=size + 1)
    more, keys = len(keys) > size, keys[:size]
    if back:
        keys.reverse()
    has_before = more if back else cursor is not None
    has_after = True if back else more
    return Page(
        rows=fill_rows(account, keys, at),
        before=_encode(keys[0]) if keys and has_before else "",
        after=_encode(keys[-1]) if keys and has_after else "",
    )


def all_people(account: Account, choice: Choice, at: datetime) -> Iterator[Row]:
    """Every row of a choice, fetched in chunks; for downloads."""
    after = ""
    while True:
        page = page_of_people(account, choice, at, after=after, size=500)
        yield from page.rows
        after = page.after
        if not after:
            return


def idle_people(account: Account, at: datetime, *, size: int = PAGE_SIZE) -> list[Row]:
    """Holders without activity, the longest silent first; nobody with privacy mode on."""
    return idle_and_count(account, at, size=size)[0]


def idle_and_count(account: Account, at: datetime, *, size: int) -> tuple[list[Row], int]:
    """The same, and how many there are in all; one statement."""
    if groups_only(account):
        return [], count_idle(account, at)
    seats = list(
        _idle_seats(account, at)
        .select_related("started_by", "membership__user", "membership__department", "membership__region")
        .annotate(found=Window(Count("pk")))
        .order_by(_moment(F("membership__last_active_at")), "membership__public_id")[:size]
    )
    rows = [
        Row(
            state=state_of_member(
                seated_at=seat.started_at, last_active_at=member.last_active_at, waiting=False, at=at
            ),
            activity=NOTHING,
            membership=member,
            seat=seat,
        )
        for seat in seats
        if (member := seat.membership) is not None
    ]
    return rows, seats[0].found if seats else 0


def _idle_seats(account: Account, at: datetime) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        _silent(at, "membership__"),
        account=account,
        ended_at__isnull=True,
        started_at__lte=at - ACTIVE_WITHIN,
        membership__isnull=False,
        membership__left_at__isnull=True,
    )


def without_seat(account: Account, text: str = "", *, size: int = 50) -> list[Membership]:
    """Members who could receive a seat, by name."""
    found = members_of(account).exclude(Exists(_seats())).exclude(Exists(pauses_of_outer()))
    return list(_search_members(found, text).order_by(_name("user__"), "pk")[:size])


def _keys(
    account: Account, choice: Choice, at: datetime, cursor: tuple[Any, str] | None, *, back: bool, size: int
) -> list[Key]:
    down = choice.down != back
    order = ("-k", "-public_id") if down else ("k", "public_id")
    sources = []
    if choice.show != "invited":
        members = _shown(account, choice.show, choice.text, at)
        sources.append(_keyed(members, "m", MEMBER_KEYS[choice.key], cursor, down=down))
    if choice.show in ("all", "invited", "waiting"):
        invitations = _invitations(account, choice.text)
        if choice.show == "waiting":
            invitations = invitations.filter(Exists(places_of_invitation()))
        sources.append(_keyed(invitations, "i", INVITATION_KEYS[choice.key], cursor, down=down))
    found = sources[0].union(*sources[1:], all=True) if len(sources) > 1 else sources[0]
    return list(found.order_by(*order)[:size])


def _keyed(
    rows: QuerySet[Any], kind: str, key: Combinable, cursor: tuple[Any, str] | None, *, down: bool
) -> QuerySet[Any, Key]:
    rows = rows.select_related(None).annotate(kind=Value(kind, CharField()), row=F("pk"), k=key)
    if cursor is not None:
        word = "lt" if down else "gt"
        value, public_id = cursor
        rows = rows.filter(Q(**{f"k__{word}": value}) | Q(k=value, **{f"public_id__{word}": public_id}))
    return rows.order_by().values_list("kind", "row", "k", "public_id")


def _seats(**more: Any) -> QuerySet[Assignment]:
    """The outer member's open seat. With the account, so that the unique index on open seats answers."""
    return Assignment.objects.filter(
        account=OuterRef("account"), membership=OuterRef("pk"), ended_at__isnull=True, **more
    ).order_by()


def _seats_of_manager() -> QuerySet[Assignment]:
    """The open seat of the outer member's manager."""
    return Assignment.objects.filter(
        account=OuterRef("account"), membership=OuterRef("manager"), ended_at__isnull=True
    ).order_by()


def _reports(*, seated: bool = False) -> QuerySet[Membership]:
    """Present members who report to the outer one, or only those of them with a seat."""
    found = Membership.objects.filter(account=OuterRef("account"), manager=OuterRef("pk"), left_at__isnull=True)
    return found.filter(Exists(_seats())) if seated else found


def _shown(account: Account, show: str, text: str, at: datetime) -> QuerySet[Membership]:
    """Members whom a filter and a search text find."""
    asked = _active_on(account, *DAY_SHOWS[show], at) if show in DAY_SHOWS else _filter(show, at)
    return _search_members(members_of(account), text).filter(asked)


def _active_on(account: Account, low: int, high: int, at: datetime) -> Q:
    """Holders with an action on so many of the 30 days. The days are summed up once for all, not once a member."""
    first, last = window(account, at)
    used = DailyUsage.objects.filter(account=account, day__gte=first, day__lte=last).order_by().values("membership")
    seated = Q(Exists(_seats(state=Assignment.State.HELD)))
    if high == 0:
        return seated & ~Q(pk__in=used)
    counted = used.annotate(days=Count("day", distinct=True)).filter(days__gte=low, days__lte=high)
    return seated & Q(pk__in=counted.values("membership"))


def _search_members(members: QuerySet[Membership], text: str) -> QuerySet[Membership]:
    return members.filter(_about_member(text, "")) if text else members


def _about_member(text: str, member: str = "membership__") -> Q:
    """Name, address or department contains the text; everything for an empty one."""
    if not text:
        return Q()
    return (
        Q(**{f"{member}user__name__icontains": text})
        | Q(**{f"{member}user__email__icontains": text})
        | Q(**{f"{member}department__name__icontains": text})
    )


def _about_place(text: str) -> Q:
    """The same for a place in the queue, which may be an invitation's."""
    return _about_member(text) | _about_invitation(text, "invitation__") if text else Q()


def _about_invitation(text: str, invitation: str = "") -> Q:
    return (
        Q(**{f"{invitation}name__icontains": text})
        | Q(**{f"{invitation}email__icontains": text})
        | Q(**{f"{invitation}department__name__icontains": text})
    )


def _invitations(account: Account, text: str) -> QuerySet[Invitation]:
    found = open_invitations_of(account)
    return found.filter(_about_invitation(text)) if text else found


def _silent(at: datetime, member: str = "") -> Q:
    last = f"{member}last_active_at"
    return Q(**{f"{last}__isnull": True}) | Q(**{f"{last}__lt": at - ACTIVE_WITHIN})


def _filter(show: str, at: datetime) -> Q:
    """What a filter asks of a member."""
    if show == "active":
        return Q(Exists(_seats()), last_active_at__gte=at - ACTIVE_WITHIN)
    if show == "idle":
        return Q(Exists(_seats(started_at__lte=at - ACTIVE_WITHIN))) & _silent(at)
    if show == "none":
        return ~Q(Exists(_seats()))
    if show == "reports":
        return Q(Exists(_seats_of_manager())) & ~Q(Exists(_seats()))
    if show == "managers":
        return Q(Exists(_reports())) & Q(Exists(_seats())) & ~Q(Exists(_reports(seated=True)))
    if show == "paused":
        return Q(Exists(pauses_of_outer()))
    if show == "waiting":
        return Q(Exists(places_of_outer()))
    return Q(Exists(wishes_of_outer())) if show == "requests" else Q()


def _name(user: str = "") -> Lower:
    return Lower(Coalesce(NullIf(F(f"{user}name"), Value("")), F(f"{user}email"), output_field=CharField()))


def _moment(expression: Any) -> Coalesce:
    return Coalesce(expression, Value(NEVER), output_field=DateTimeField())


MEMBER_KEYS: dict[str, Combinable] = {
    "name": _name("user__"),
    "department": Coalesce(Lower("department__name"), Value("")),
    "active": _moment(F("last_active_at")),
    "since": _moment(Subquery(_seats().values("started_at")[:1])),
}
INVITATION_KEYS: dict[str, Combinable] = {
    "name": _name(),
    "department": Coalesce(Lower("department__name"), Value("")),
    "active": Value(NEVER, DateTimeField()),
    "since": _moment(F("created_at")),
}


def _encode(key: Key) -> str:
    _kind, _pk, value, public_id = key
    text = value.isoformat() if isinstance(value, datetime) else value
    return urlsafe_b64encode(dumps([text, public_id]).encode()).decode().rstrip("=")


def _decode(choice: Choice, cursor: str) -> tuple[Any, str] | None:
    """The value and id behind a cursor; None for nothing and for nonsense."""
    try:
        value, public_id = loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(value, str) or not isinstance(public_id, str) or "\x00" in value + public_id:
            return None
        if choice.key in ("active", "since"):
            moment = datetime.fromisoformat(value)
            return (moment, public_id) if moment.tzinfo else None
    except (ValueError, TypeError):
        return None
    return value, public_id
