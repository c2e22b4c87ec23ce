"""Columns of the seats table and views of it, each person's own."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership
from seats.errors import ViewRefused
from seats.insight.people import Choice
from seats.models import SavedView

# By their place in the table, after the person's name.
COLUMNS: dict[str, str | Promise] = {
    "state": _("State"),
    "department": _("Department"),
    "role": _("Role"),
    "region": _("Region"),
    "title": _("Title"),
    "level": _("Level"),
    "manager": _("Manager"),
    "active": _("Last active"),
    "use": _("Last 30 days"),
    "since": _("Seat since"),
}
USUAL = ("state", "department", "active", "use", "since")
# So many views of one person.
MOST = 20


def known(columns: Iterable[str]) -> list[str]:
    """The columns that there are, in the table's order."""
    wanted = set(columns)
    return [name for name in COLUMNS if name in wanted]


def saved_views_of(account: Account, membership: Membership) -> QuerySet[SavedView]:
    """The named views of a person."""
    return SavedView.objects.filter(account=account, membership=membership).exclude(name="")


def views_of(account: Account, membership: Membership) -> tuple[list[SavedView], list[str]]:
    """The named views of a person, and the columns of their table; one statement."""
    rows = list(SavedView.objects.filter(account=account, membership=membership))
    own = next((known(row.columns) for row in rows if not row.name), list(USUAL))
    return [row for row in rows if row.name], own


@transaction.atomic
def choose_columns(*, account: Account, membership: Membership, columns: Iterable[str]) -> list[str]:
    """Remember which columns a person's table has; what is no column is left out."""
    chosen = known(columns)
    SavedView.objects.update_or_create(account=account, membership=membership, name="", defaults={"columns": chosen})
    return chosen


@transaction.atomic
def save_view(
    *, account: Account, membership: Membership, name: str, choice: Choice, columns: Iterable[str]
) -> SavedView:
    """Keep what the table shows under a name; the same name again replaces it. Raises ViewRefused."""
    title = " ".join(name.replace("\x00", "").split())[:60]
    if not title:
        raise ViewRefused(_("Give the view a name."), field="name")
    # Two at once: the person's own row is the lock, so that nobody has more than MOST.
    Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
    others = SavedView.objects.filter(account=account, membership=membership).exclude(name__in=["", title])
    if others.count() >= MOST:
        raise ViewRefused(_("You have %(most)d views. Delete one first.") % {"most": MOST}, field="name")
    values = {"show": choice.show, "text": choice.text, "sort": choice.sort, "columns": known(columns)}
    return SavedView.objects.update_or_create(account=account, membership=membership, name=title, defaults=values)[0]


def delete_view(*, account: Account, membership: Membership, view_id: str) -> bool:
    """Forget one of a person's own views; returns whether there was one."""
    return bool(saved_views_of(account, membership).filter(public_id=view_id).delete()[0])
