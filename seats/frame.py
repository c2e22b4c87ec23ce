"""The seats' places in the rail and the settings, their banners, and their words in the audit trail."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access.frame import BANNERS, NAV, SETTINGS, Banner, NavEntry
from accounts.access.pages import AccountRequest
from accounts.audit.labels import LABELS
from billing.mirror.queries import open_change
from billing.models import QuantityChange
from billing.models.subscription import ENDED
from seatportal.kit.clock import now
from seatportal.templatetags.portal import day
from seats.capacity.enforce_grace import KEPT_AFTER_END
from seats.models import SeatPool
from seats.pool.rules import seats_off
from seats.requests.queries import open_requests

# Pages that speak of an open purchase themselves.
PURCHASE_PAGES = frozenset(["add", "pay", "purchase", "purchase_pay", "purchase_stop", "purchase_undo", "reduce"])


def pool_for(request: AccountRequest) -> SeatPool:
    """The account's pool, read once a request."""
    seen = vars(request)
    if "_seat_pool" not in seen:
        seen["_seat_pool"] = SeatPool.objects.get(account=request.account)
    pool: SeatPool = seen["_seat_pool"]
    return pool


def count_requests(request: AccountRequest) -> int:
    """Requests that wait for an answer."""
    return open_requests(request.account).count()


def over_limit(request: AccountRequest) -> Banner | None:
    """More seats in use than purchased: what happens, when, and the way out."""
    if "seats.view" not in request.capabilities:
        return None
    pool = pool_for(request)
    if not pool.over or pool.frozen in ENDED:
        return None
    title = (
        ngettext(
            "%(used)d seats are in use, %(over)d more than you bought and have free of charge",
            "%(used)d seats are in use, %(over)d more than you bought and have free of charge",
            pool.over,
        )
        if pool.comped
        else ngettext(
            "%(used)d seats are in use, %(over)d more than you bought",
            "%(used)d seats are in use, %(over)d more than you bought",
            pool.over,
        )
    ) % {"used": pool.assigned, "over": pool.over}
    beyond = pool.assigned - pool.limit
    if beyond > 0 and pool.over_since is not None:
        # The grace is counted from here, and the seats given last go first.
        text = ngettext(
            "On %(day)s the seat that was given last is released.",
            "On %(day)s the %(count)d seats that were given last are released.",
            beyond,
        ) % {"day": day(pool.over_since + timedelta(days=pool.grace_days)), "count": beyond}
    else:
        text = _("Your limit allows %(allowance)d on top of the purchased ones.") % {"allowance": pool.allowance}
    may_buy = "seats.buy" in request.capabilities
    return Banner(
        kind="bad" if beyond > 0 else "warn",
        title=title,
        text=text,
        action_label=ngettext("Add %(count)d seat", "Add %(count)d seats", pool.over) % {"count": pool.over}
        if may_buy
        else "",
        action_url=f"{reverse('seats:add', args=[request.account.slug])}?add={pool.over}" if may_buy else "",
        gravity=60 if beyond > 0 else 30,
    )


def frozen(request: AccountRequest) -> Banner | None:
    """The subscription's state stops new holders, or the seats themselves."""
    pool = pool_for(request)
    state = pool.frozen
    if not state or "seats.view" not in request.capabilities:
        return None
    if seats_off(state):
        title = _("The seats are off at the moment")
        text = (
            _("The subscription has ended. Who holds a seat is kept until %(day)s and gets it back with a new one.")
            % {"day": day((pool.over_since or now()) + KEPT_AFTER_END)}
            if state in ENDED
            else _("An invoice is not paid. Who holds a seat is kept and gets it back as soon as it is paid.")
        )
    else:
        title = _("No seats can be given at the moment")
        text = (
            _("An invoice is not paid. Everybody who holds a seat keeps it; releasing seats works.")
            if state == "past_due"
            else _("The subscription is not active. Everybody who holds a seat keeps it; releasing seats works.")
        )
    return Banner(kind="warn", title=title, text=text, gravity=50)


def purchase_on_its_way(request: AccountRequest) -> Banner | None:
    """A purchase whose end is not known yet; its own page says it in full."""
    match = request.resolver_match
    if "seats.buy" not in request.capabilities or (match and match.url_name in PURCHASE_PAGES):
        return None
    change = open_change(request.account)
    if change is None or change.kind == change.Kind.REDUCE:
        return None
    if change.undoes is not None:
        return Banner(
            kind="info",
            title=_("A purchase is being undone"),
            text=_("The seats and the money are on their way back."),
            action_label=_("Open the purchase"),
            action_url=reverse("seats:purchase", args=[request.account.slug, change.undoes.public_id]),
            gravity=70,
        )
    waits = change.state == change.State.AWAITING_PAYMENT
    if change.kind == change.Kind.PLAN:
        title = _("The change of plan waits for its payment") if waits else _("The change of plan is being checked")
    else:
        title = _purchase_title(change, waits=waits)
    return Banner(
        kind="warn" if waits else "info",
        title=title,
        text=_("Nothing was charged yet.") if waits else _("Do not pay again."),
        action_label=_("Open the purchase"),
        action_url=reverse("seats:purchase", args=[request.account.slug, change.public_id]),
        gravity=70,
    )


def _purchase_title(change: QuantityChange, *, waits: bool) -> str:
    title = (
        ngettext(
            "The purchase of %(count)d seat waits for its payment",
            "The purchase of %(count)d seats waits for its payment",
            change.added,
        )
        if waits
        else ngettext(
            "The purchase of %(count)d seat is being checked",
            "The purchase of %(count)d seats is being checked",
            change.added,
        )
    )
    return title % {"count": change.added}


def register() -> None:
    """Called once, when the app is ready."""
    NAV.extend(
        [
            NavEntry(gettext_lazy("Overview"), "layout-dashboard", "seats:overview", "seats.view", 10, exact=True),
            NavEntry(gettext_lazy("Seats"), "armchair", "seats:list", "seats.view", 20),
            NavEntry(gettext_lazy("Usage"), "chart-column", "seats:usage", "usage.view", 30),
            NavEntry(gettext_lazy("Requests"), "inbox", "seats:requests", "requests.decide", 40, count=count_requests),
            NavEntry(gettext_lazy("Ledger"), "book-open", "seats:ledger", "seats.view", 60),
            NavEntry(gettext_lazy("My seat"), "user", "seats:me", None, 70),
            NavEntry(gettext_lazy("Feature requests"), "lightbulb", "seats:features", "requests.make", 75),
        ]
    )
    SETTINGS.append(NavEntry(gettext_lazy("Seat limit"), "sliders-horizontal", "seats:policy", "policy.manage", 40))
    SETTINGS.append(NavEntry(gettext_lazy("Spending"), "credit-card", "seats:spending", "policy.manage", 45))
    SETTINGS.append(NavEntry(gettext_lazy("Usage data"), "chart-column", "seats:usage_settings", "account.manage", 45))
    BANNERS.extend([over_limit, frozen, purchase_on_its_way])
    LABELS.update(
        {
            "seats.comped": gettext_lazy("Seats given free of charge"),
            "member.paused": gettext_lazy("Person paused"),
            "member.resumed": gettext_lazy("Person resumed"),
            "regions.split": gettext_lazy("Seats set aside for regions"),
            "seats.comp_ended": gettext_lazy("Seats free of charge ended"),
            "seat.assigned": gettext_lazy("Seat assigned"),
            "seat.reserved": gettext_lazy("Seat reserved"),
            "seat.occupied": gettext_lazy("Reserved seat taken"),
            "seat.reassigned": gettext_lazy("Seat reassigned"),
            "seat.released": gettext_lazy("Seat released"),
            "seat.waiting": gettext_lazy("Put on the waiting list"),
            "seat.nudged": gettext_lazy("Asked whether a seat is needed"),
            "nudges.refused": gettext_lazy("Mails about one’s use stopped"),
            "nudges.wanted": gettext_lazy("Mails about one’s use allowed"),
            "mentor.asked": gettext_lazy("Asked to mentor"),
            "feature.asked": gettext_lazy("Feature asked for"),
            "feature.planned": gettext_lazy("Requested feature planned"),
            "feature.shipped": gettext_lazy("Requested feature shipped"),
            "feature.declined": gettext_lazy("Requested feature declined"),
            "reduction.leavers": gettext_lazy("Chosen who gives up a seat"),
            "request.made": gettext_lazy("Seat requested"),
            "request.approved": gettext_lazy("Request approved"),
            "request.refused": gettext_lazy("Request refused"),
            "request.withdrawn": gettext_lazy("Request withdrawn"),
            "purchase_request.made": gettext_lazy("Purchase sent for approval"),
            "purchase_request.grown": gettext_lazy("Requested purchase grown"),
            "purchase_request.approved": gettext_lazy("Step of a purchase approved"),
            "purchase_request.refused": gettext_lazy("Purchase refused"),
            "purchase_request.failed": gettext_lazy("Approved purchase not paid"),
            "request.reminded": gettext_lazy("Reminded of a request"),
            "value.plan_started": gettext_lazy("Value plan started"),
            "value.goal_added": gettext_lazy("Goal added"),
            "value.goal_changed": gettext_lazy("Goal changed"),
            "value.goal_removed": gettext_lazy("Goal removed"),
            "value.entered": gettext_lazy("Value of a goal entered"),
            "value.report_written": gettext_lazy("Value report written"),
            "roi.saved": gettext_lazy("Return on the seats saved"),
            "usage.settings_changed": gettext_lazy("Usage settings changed"),
            "policy.changed": gettext_lazy("Seat limit changed"),
            "buying_policy.changed": gettext_lazy("Rules for buying changed"),
            "joiners.stopped": gettext_lazy("Seats for joiners not bought"),
            "joiners.again": gettext_lazy("Seats for joiners tried again"),
            "budget.changed": gettext_lazy("Budget of a department changed"),
            "budget.exceeded": gettext_lazy("Seat approved above a department’s budget"),
            "approval_chain.changed": gettext_lazy("Approvers changed"),
            "true_up.counted": gettext_lazy("True-up counted"),
            "true_up.confirmed": gettext_lazy("True-up confirmed"),
            "true_up.defaulted": gettext_lazy("True-up decided by default"),
            "true_up.settled": gettext_lazy("True-up settled and sealed"),
            "true_up.failed": gettext_lazy("True-up not charged"),
            "true_up.again": gettext_lazy("True-up charged again"),
            "true_up.withdrawn": gettext_lazy("True-up withdrawn"),
            "rollout.opened": gettext_lazy("Rollout plan opened"),
            "rollout.changed": gettext_lazy("Rollout plan changed"),
            "rollout.ended": gettext_lazy("Rollout plan ended"),
            "tranche.scheduled": gettext_lazy("Seats scheduled"),
            "tranche.changed": gettext_lazy("Scheduled seats changed"),
            "tranche.cancelled": gettext_lazy("Scheduled seats cancelled"),
            "tranche.held": gettext_lazy("Scheduled seats held"),
            "tranche.released": gettext_lazy("Scheduled seats released before they were used enough"),
            "tranche.bought": gettext_lazy("Scheduled seats bought"),
            "people.imported": gettext_lazy("People imported"),
            "people.import_resumed": gettext_lazy("Import of people resumed"),
            "usage.imported": gettext_lazy("Usage events imported"),
            "usage.import_resumed": gettext_lazy("Import of usage events resumed"),
            "sharing.answered": gettext_lazy("Answered whether a sign-in is shared"),
            "sharing.shown": gettext_lazy("Shared sign-in shown to admins"),
            "sharing.closed": gettext_lazy("Shared sign-in closed"),
            "idle_credit.done": gettext_lazy("Idle seats credited"),
            "idle_credit.failed": gettext_lazy("Credit for idle seats failed"),
            "idle_credit.again": gettext_lazy("Credit for idle seats tried again"),
        }
    )
