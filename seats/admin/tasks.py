"""The account team's tasks, with their outcome."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access.actor import actor_of
from seatportal.kit.acts import Act, ActingAdmin
from seatportal.kit.clock import now
from seatportal.templatetags.portal import day
from seats.admin.signals import SignalInline
from seats.admin.worth import worth_in_words
from seats.growth.expansion import finish_task, lose_task, snooze_task, take_task, win_task
from seats.growth.playbooks import PLAYBOOKS
from seats.models import Contact, ExpansionTask


class TaskSignalInline(SignalInline):
    """The signals that led to it."""

    fk_name = "task"


def _take(request: HttpRequest, task: ExpansionTask, reason: str) -> str:
    actor = actor_of(request, door="admin")
    if actor.user is not None:
        take_task(task=task, owner=actor.user, actor=actor, reason=reason)
    return _("The task is yours.")


def _snooze(request: HttpRequest, task: ExpansionTask, reason: str) -> str:
    row = snooze_task(task=task, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("Put off until %(day)s.") % {"day": day(row.snoozed_until)}


def _win(request: HttpRequest, task: ExpansionTask, reason: str) -> str:
    row = win_task(task=task, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("Won by the purchase %(entry)s.") % {"entry": row.won_entry}


def _lose(request: HttpRequest, task: ExpansionTask, reason: str) -> str:
    lose_task(task=task, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("Closed as lost.")


def _finish(request: HttpRequest, task: ExpansionTask, reason: str) -> str:
    finish_task(task=task, actor=actor_of(request, door="admin"), at=now(), reason=reason)
    return _("Closed as done.")


def _live(task: ExpansionTask) -> bool:
    return task.state in ExpansionTask.LIVE


@admin.register(ExpansionTask)
class ExpansionTaskAdmin(ActingAdmin):
    """What to do, for whom, until when, and what it may be worth."""

    list_display = ("due_on", "account", "title", "state", "owner", "quantity", "worth", "opened_at")
    list_filter = ("state", "playbook", "pattern", "expands", ("owner", admin.RelatedOnlyFieldListFilter))
    search_fields = ("public_id", "account__name", "account__slug", "owner__email")
    date_hierarchy = "opened_at"
    list_select_related = ("account", "owner")
    fields = readonly_fields = (
        "public_id",
        "account",
        "title",
        "steps",
        "ask",
        "pattern",
        "quantity",
        "worth",
        "owner",
        "due_on",
        "state",
        "snoozed_until",
        "opened_at",
        "closed_at",
        "closed_by",
        "reason",
        "won",
    )
    inlines = (TaskSignalInline,)
    acts = (
        Act(name="take", label=lambda task: gettext_lazy("Take the task"), run=_take, offered=_live),
        Act(
            name="snooze",
            label=lambda task: gettext_lazy("Put it off for a week"),
            run=_snooze,
            offered=lambda task: task.state == ExpansionTask.State.OPEN,
        ),
        Act(
            name="win",
            label=lambda task: gettext_lazy("Close as won"),
            run=_win,
            offered=lambda task: _live(task) and task.expands,
            explain=gettext_lazy("The newest purchase since the task was opened is linked to it."),
        ),
        Act(
            name="lose",
            label=lambda task: gettext_lazy("Close as lost"),
            run=_lose,
            offered=lambda task: _live(task) and task.expands,
        ),
        Act(
            name="finish",
            label=lambda task: gettext_lazy("Close as done"),
            run=_finish,
            offered=lambda task: _live(task) and not task.expands,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExpansionTask]:
        """With what the row links to."""
        return super().get_queryset(request).select_related("won_entry")

    @admin.display(description=gettext_lazy("task"), ordering="playbook")
    def title(self, task: ExpansionTask) -> str:
        return str(PLAYBOOKS[task.playbook].title)

    @admin.display(description=gettext_lazy("what to do"))
    def steps(self, task: ExpansionTask) -> SafeString:
        found = format_html_join("", "<li>{}</li>", ((step,) for step in PLAYBOOKS[task.playbook].steps))
        return format_html("<ol>{}</ol>", found)

    @admin.display(description=gettext_lazy("talk to"))
    def ask(self, task: ExpansionTask) -> str:
        role = PLAYBOOKS[task.playbook].asks
        if role is None:
            return "–"
        people = Contact.objects.filter(account=task.account_id, role=role, ended_at__isnull=True)
        names = ", ".join(people.order_by("name").values_list("name", flat=True))
        known = names or _("nobody known")  # not in the f-string, where makemessages finds nothing
        return f"{role.label}: {known}"

    @admin.display(description=gettext_lazy("estimated value"), ordering="value")
    def worth(self, task: ExpansionTask) -> str:
        return worth_in_words(task)

    @admin.display(description=gettext_lazy("won by"))
    def won(self, task: ExpansionTask) -> str | SafeString:
        if task.won_entry is None:
            return "–"
        url = reverse("admin:seats_ledgerentry_change", args=[task.won_entry_id])
        return format_html('<a href="{}">{}</a>', url, task.won_entry)
