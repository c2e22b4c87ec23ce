"""Ask idle people by mail, ask power users to help, and the page that a nudge's link opens."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, public, requires
from accounts.members.queries import members_of
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.forms.nudges import MentorForm
from seats.insight.people import count_idle, idle_people
from seats.models import Nudge
from seats.reclaim.answer_nudge import give_seat_back, nudge_by_token, set_nudges, still_holds
from seats.reclaim.ask_mentor import ask_mentor
from seats.reclaim.nudge_people import AGAIN_AFTER, LeftOut, Nudged, nudge_people
from seats.reclaim.queries import asked_of, outcomes
from seats.usage.settings import groups_only
from seats.views.common import counts_for, page_link, seats_sentence

PAGE = "seats/nudges.html"
SHOWN = 200


@requires("seats.assign")
def nudges(request: AccountRequest) -> HttpResponse:
    """Who may be asked, who was, and what came of it; on POST ask those who are chosen."""
    account, at = request.account, now()
    error, status = "", 200
    if request.method == "POST" and not groups_only(account):
        try:
            done = nudge_people(
                account=account, seat_ids=request.POST.getlist("seat")[:SHOWN], actor=actor_of(request), at=at
            )
        except PortalError as caught:
            error, status = str(caught), caught.status
        else:
            messages.success(request, _said(done))
            return redirect(page_link(request, "nudges"))
    private = groups_only(account)
    rows = idle_people(account, at, size=SHOWN)
    asked = asked_of(account, [row.membership.pk for row in rows if row.membership], Nudge.Kind.IDLE, at)
    context: dict[str, Any] = {
        "private": private,
        "rows": [(row, asked[row.membership.pk]) for row in rows if row.membership],
        "idle_count": count_idle(account, at),
        "outcomes": [] if private else outcomes(account, Nudge.Kind.IDLE, at),
        "days": AGAIN_AFTER.days,
        "counts_sentence": seats_sentence(counts_for(request)),
        "error": error,
    }
    return render(request, PAGE, context, status=status)


@requires("seats.assign")
def mentor(request: AccountRequest, member_id: str) -> HttpResponse:
    """A mail to one power user, with one's own words if one wants."""
    member = get_object_or_404(members_of(request.account), public_id=member_id)
    form = MentorForm(request.POST if request.method == "POST" else None)
    error, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                ask_mentor(
                    account=request.account,
                    membership=member,
                    words=form.cleaned_data["words"],
                    actor=actor_of(request),
                    at=now(),
                )
            except PortalError as caught:
                error, status = str(caught), caught.status
            else:
                messages.success(request, _("%(name)s is asked by mail.") % {"name": member.user.get_full_name()})
                return redirect(page_link(request, "usage"))
    return render(request, "seats/mentor.html", {"member": member, "form": form, "error": error}, status=status)


@requires(None)
@require_POST
def wanted(request: AccountRequest) -> HttpResponse:
    """One's own choice whether such mails come."""
    want = request.POST.get("wanted") == "yes"
    set_nudges(membership=request.membership, wanted=want, actor=actor_of(request), at=now())
    messages.success(
        request,
        _("You are written to when your seat is not used for long.")
        if want
        else _("You get no more mails about how you use your seat."),
    )
    return redirect(page_link(request, "me"))


@public
@never_cache
def nudge(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens: a question. Only the button's POST acts, so that a scanner that opens links does nothing."""
    found = nudge_by_token(token)
    if found is None:
        return render(request, "seats/nudge_gone.html", status=410)
    person = found.membership
    done, status = "", 200
    with translation.override(person.user.locale):
        if request.method == "POST":
            actor = actor_of(request, door="mail", user=person.user)
            try:
                if request.POST.get("answer") == "give_back":
                    give_seat_back(nudge=found, reason=_("Given back by its holder"), actor=actor, at=now())
                    done = "given_back"
                elif request.POST.get("answer") == "no_mails":
                    set_nudges(membership=person, wanted=False, actor=actor, at=now())
                    done = "no_mails"
            except PortalError:
                # Gone already, by this link or otherwise: the page says so.
                found, status = (
                    Nudge.objects.select_related("account", "membership__user", "assignment").get(pk=found.pk),
                    409,
                )
        context = {"nudge": found, "done": done, "holds": still_holds(found), "person": person}
        return render(request, "seats/nudge.html", context, status=status)


def _said(done: Nudged) -> str:
    count = len(done.asked)
    words = [
        ngettext("%(count)d person is asked by mail.", "%(count)d people are asked by mail.", count) % {"count": count}
    ]
    for why, people in done.left_out.items():
        number = len(people)
        sentence = {
            LeftOut.ACTIVE: ngettext(
                "%(count)d works again and was left out.", "%(count)d work again and were left out.", number
            ),
            LeftOut.LATELY: ngettext(
                "%(count)d was asked in the last 14 days and was left out.",
                "%(count)d were asked in the last 14 days and were left out.",
                number,
            ),
            LeftOut.REFUSED: ngettext(
                "%(count)d wants no such mail and was left out.",
                "%(count)d want no such mail and were left out.",
                number,
            ),
        }[why]
        words.append(sentence % {"count": number})
    return " ".join(words)
