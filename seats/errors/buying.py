"""Why a request, a purchase or a rollout goes no further."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


class RequestGone(PortalError):
    """Answered already."""

    code, status = "request_gone", 409
    message = _("This request was answered already.")


class AlreadyRequested(PortalError):
    """One open request per person."""

    code, status = "already_requested", 409
    message = _("A seat was already requested. You will hear as soon as it is decided.")


class ReasonMissing(PortalError):
    """Those who decide need to know why."""

    code, status = "reason_missing", 422
    message = _("Say what the seat is for.")


class RemindedToday(PortalError):
    """Once a day is enough."""

    code, status = "reminded_today", 409
    message = _("You can remind once a day. Try again tomorrow.")


class RolloutRefused(PortalError):
    """A plan or a tranche that makes no sense."""

    code, status = "rollout_refused", 422
    message = _("This rollout cannot be planned like this.")


class RolloutEnded(PortalError):
    """The plan is over."""

    code, status = "rollout_ended", 409
    message = _("This rollout plan has ended. Open a new one.")


class TrancheClosed(PortalError):
    """Bought, on its way, or cancelled."""

    code, status = "tranche_closed", 409
    message = _("This tranche is being bought, bought or cancelled already. Nothing was changed.")


class TrancheNotHeld(PortalError):
    """There is nothing to override or to try again."""

    code, status = "tranche_not_held", 409
    message = _("This tranche is not held. It is bought on its day.")


class NotAnApprover(PortalError):
    """The request waits for somebody else."""

    code, status = "not_an_approver", 403
    message = _("This request waits for somebody else's approval. Nobody approves their own request.")


class PriceNeeded(PortalError):
    """Nobody approves a price that they did not see."""

    code, status = "price_needed", 422
    message = _("Look at the price first: it is not of this request, or not held any more.")


class BudgetExceeded(PortalError):
    """The department's money for seats is used up."""

    code, status = "budget_exceeded", 409
    message = _("The department's budget for seats is used up. Nothing was changed. Ask for approval.")
