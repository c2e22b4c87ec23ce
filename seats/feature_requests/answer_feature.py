"""Staff say what becomes of a wish."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.notices.send_notice import send_notice
from seats.errors import FeatureAnswered
from seats.models import FeatureRequest


@transaction.atomic
def answer_feature(*, wish: FeatureRequest, state: str, answer: str, actor: Actor, at: datetime) -> FeatureRequest:
    """Planned, shipped or declined, with words for the requester, who is told by mail once for each state.

    Raises FeatureAnswered when it is in that state already.
    """
    row = (
        FeatureRequest.objects.select_for_update(of=("self",))
        .select_related("account", "asked_by__user")
        .get(pk=wish.pk)
    )
    if row.state == state:
        raise FeatureAnswered
    row.state, row.answer = FeatureRequest.State(state), answer.strip()[:300]
    row.answered_at, row.answered_by = at, actor.user
    row.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    record_audit(
        account=row.account,
        actor=actor,
        action=f"feature.{state}",
        target=row.public_id,
        summary=row.what,
        answer=row.answer,
    )
    send_notice(
        account=row.account,
        kind="feature_answered",
        key=f"feature:{row.public_id}:{state}",
        context={
            "personal": True,
            "what": row.what,
            "state": state,
            "answer": row.answer,
            "link": reverse("seats:features", args=[row.account.slug]),
        },
        to=[row.asked_by.user],
        roles=(),
        at=at,
    )
    return row
