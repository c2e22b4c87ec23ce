"""What may go wrong with money, in words for people."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


class NoSubscription(PortalError):
    """There is nothing to change."""

    code, status = "no_subscription", 409
    message = _("This account has no subscription yet. Choose a plan first.")


class GrowthRefused(PortalError):
    """Seats cannot be added now; subclasses say why."""

    code, status = "growth_refused", 409


class PastDue(GrowthRefused):
    """An earlier invoice is unpaid."""

    code = "subscription_past_due"
    message = _("An invoice is overdue. Pay it first; then seats can be added again.")


class SubscriptionEnding(GrowthRefused):
    """It has an end date."""

    code = "subscription_ending"
    message = _("The subscription is set to end. Resume it first; then seats can be added.")


class NotSelfService(GrowthRefused):
    """Billing is arranged by hand."""

    code = "not_self_service"
    message = _("This subscription is changed by your account team. Talk to them to add seats.")


class RenewalSoon(GrowthRefused):
    """Too close to the end of the period."""

    code = "renewal_soon"
    message = _("The subscription renews within two hours. Add seats after the renewal.")


class NotPaused(PortalError):
    """There is no pause to end."""

    code, status = "subscription_not_paused", 409
    message = _("The subscription is not paused. There is nothing to resume.")


class ChangeInProgress(PortalError):
    """One purchase at a time."""

    code, status = "change_in_progress", 409
    message = _("Another purchase is still on its way. Wait until it is finished.")


class NoCard(PortalError):
    """Nothing to charge."""

    code, status = "no_payment_method", 409
    message = _("There is no card on file. Add one first.")


class MinimumSeats(PortalError):
    """Below what the plan allows."""

    code, status = "minimum_seats", 422
    message = _("The plan has a minimum number of seats.")


class NotEnding(PortalError):
    """There is no end to take back."""

    code, status = "not_ending", 409
    message = _("The subscription is not set to end. It goes on as it is.")


class CommitmentInForce(PortalError):
    """Promised for longer."""

    code, status = "commitment_in_force", 422
    message = _("These seats are committed for longer.")


class CreditLimitReached(GrowthRefused):
    """Too much is open on invoices."""

    code = "credit_limit_reached"
    message = _(
        "Your open invoices and this purchase together exceed your credit limit. Pay an open invoice first, or ask "
        "your account team for a higher limit."
    )


class ApprovalRequired(PortalError):
    """More than may be bought without asking. data: see billing/terms/allowance.py."""

    code, status = "approval_required", 409
    message = _(
        "This is more than may be bought this month without approval. Nothing was charged. Send it for approval."
    )


class ApprovalOutrun(PortalError):
    """It costs more by now than somebody approved."""

    code, status = "approval_outrun", 409
    message = _("The price rose above what was approved. Nothing was charged. It waits for another look.")


class BuyingPolicyWrong(PortalError):
    """Rules that make no sense."""

    code, status = "buying_policy_wrong", 422
    message = _("These rules for buying cannot be kept like that.")


class TooManySeats(PortalError):
    """Above what the plan sells without talking to anyone."""

    code, status = "seats_exceed_self_service", 422
    message = _("More seats than can be bought here. Ask for an offer.")


class PlanUnavailable(PortalError):
    """Not a plan to switch to now."""

    code, status = "plan_unavailable", 422
    message = _("This plan cannot be chosen for your subscription.")


class OfferAlreadyAsked(PortalError):
    """One open request per account."""

    code, status = "offer_already_requested", 409
    message = _("An offer was asked for already. Wait for the answer, or withdraw the request first.")


class OfferGone(PortalError):
    """Answered or withdrawn already."""

    code, status = "offer_request_closed", 409
    message = _("This request for an offer is closed already.")


class TermsWrong(PortalError):
    """Terms that contradict themselves."""

    code, status = "terms_wrong", 422
    message = _("These terms contradict each other.")


class OrderNumberWrong(PortalError):
    """Not a number that fits on a document."""

    code, status = "order_number_wrong", 422
    message = _("Enter a purchase order number of at most 60 characters.")


class QuantityWrong(PortalError):
    """Not a number that makes sense."""

    code, status = "quantity_wrong", 422
    message = _("Enter a whole number of at least 1.")


class QuoteUnavailable(PortalError):
    """Stripe did not answer."""

    code, status = "quote_unavailable", 503
    message = _("We could not get a price. Nothing was charged. Try again in a moment.")


class QuoteUnknown(PortalError):
    """Not a quote of this account."""

    code, status = "quote_unknown", 404
    message = _("This price is not known. Ask for a new one.")


class QuoteExpired(PortalError):
    """Its time is over."""

    code, status = "quote_expired", 409
    message = _("This price is no longer held. Nothing was charged. Check the new price.")


class QuoteChanged(PortalError):
    """The subscription moved since."""

    code, status = "quote_changed", 409
    message = _("The subscription changed since this price was made. Nothing was charged. Check the new price.")


class NotCancellable(PortalError):
    """Too late, or already finished."""

    code, status = "not_cancellable", 409
    message = _("This purchase can no longer be stopped.")


class UndoTooLate(PortalError):
    """Its window is over."""

    code, status = "undo_too_late", 409
    message = _("The time to undo this purchase is over. Reduce the seats instead; it takes effect at the renewal.")


class NotUndoable(PortalError):
    """Not a finished purchase, or something moved since."""

    code, status = "not_undoable", 409
    message = _("This purchase cannot be undone, because something else has changed since. Reduce the seats instead.")


class OrderNotCompleted(PortalError):
    """The purchase of this quote has ended without seats."""

    code, status = "order_not_completed", 409
    message = _("This purchase ended without seats and nothing was charged. Ask for a new price.")


class PaymentDeclined(PortalError):
    """The card said no."""

    code, status = "payment_declined", 402
    message = _("Your card was declined. You were not charged and no seats were added.")


class ProviderUnavailable(PortalError):
    """Stripe cannot be reached or is not sure."""

    code, status = "provider_unavailable", 503
    message = _("The payment service cannot be reached. Nothing was changed. Try again in a moment.")


class ReductionRefused(PortalError):
    """Fewer seats are not possible like this."""

    code, status = "seat_reduction_not_allowed", 422
    message = _("Choose a number lower than the seats you have now.")


class NotOpen(PortalError):
    """Staff want to settle what is settled."""

    code, status = "not_open", 409
    message = _("This is settled already.")


class SelfServiceFrozen(GrowthRefused):
    """Stripe holds something that we did not make; somebody looks first."""

    code = "self_service_frozen"
    message = _(
        "This subscription was changed at the payment service, and our team checks it first. Nothing was charged; "
        "seats that you have keep working. Talk to your account team if it is urgent."
    )


class RunUnderWay(PortalError):
    """One comparison with Stripe at a time."""

    code, status = "run_under_way", 409
    message = _("A comparison with Stripe is under way in another process. Look at its result, or wait for its end.")


class NothingToCredit(PortalError):
    """Not more was charged than quoted."""

    code, status = "nothing_to_credit", 409
    message = _("Nothing was charged too much here, so there is nothing to give back.")
