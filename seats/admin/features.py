"""What customers ask for, and the answer that they read."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import actor_of
from seatportal.kit.acts import Act, ActingAdmin
from seatportal.kit.clock import now
from seats.feature_requests.answer_feature import answer_feature
from seats.models import FeatureRequest

State = FeatureRequest.State
EXPLAIN = _("What you write as the reason is the answer: the requester reads it on their page and in a mail.")


def _act(name: str, label: Promise, state: State) -> Act:
    def run(request: HttpRequest, wish: FeatureRequest, reason: str) -> str:
        actor = actor_of(request, door="admin")
        return answer_feature(wish=wish, state=state, answer=reason, actor=actor, at=now()).get_state_display()

    return Act(name=name, label=lambda _row: label, run=run, offered=lambda wish: wish.state != state, explain=EXPLAIN)


@admin.register(FeatureRequest)
class FeatureRequestAdmin(ActingAdmin):
    """The newest first; those about sign-on, admin controls and teams are signals too."""

    list_display = ("what", "account", "tag", "state", "asked_by", "created_at", "answered_at")
    list_filter = ("state", "tag", "created_at")
    search_fields = ("public_id", "what", "why", "account__name", "asked_by__user__email")
    date_hierarchy = "created_at"
    list_select_related = ("account", "asked_by__user", "asked_by__account")
    acts = (
        _act("plan", _("Plan it"), State.PLANNED),
        _act("ship", _("Say it is shipped"), State.SHIPPED),
        _act("decline", _("Decline it"), State.DECLINED),
    )
