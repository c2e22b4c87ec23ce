"""Why a limit, its exceptions or a true-up cannot be as asked."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


class SplitTooLarge(PortalError):
    """More seats for regions than there are."""

    code, status = "split_too_large", 422
    message = _("The regions cannot have more seats together than the account has.")


class SplitWrong(PortalError):
    """A number that is no pool."""

    code, status = "split_wrong", 422
    message = _("Give each region a number of seats from 1 up, or none.")


class CompWrong(PortalError):
    """A number of seats free of charge, or their last day, that cannot be."""

    code, status = "comp_wrong", 422
    message = _("Give a number of seats from 1 to 10,000 and a last day from today to a year from now.")


class CompNeedsSubscription(PortalError):
    """Seats free of charge come on top of purchased ones."""

    code, status = "comp_needs_subscription", 409
    message = _("Seats free of charge come on top of purchased ones, and this account has none at present.")


class NothingComped(PortalError):
    """There is nothing to end."""

    code, status = "nothing_comped", 409
    message = _("This account has no seats free of charge at present.")


class PolicyWrong(PortalError):
    """A limit that makes no sense."""

    code, status = "policy_wrong", 422
    message = _("With a hard limit there are no extra seats. Choose a soft limit to allow some.")


class ExceptionWrong(PortalError):
    """An exception that ends before today or after a year."""

    code, status = "exception_wrong", 422
    message = _("An exception ends between today and a year from today.")


class TrueUpClosed(PortalError):
    """Decided already."""

    code, status = "true_up_closed", 409
    message = _("This true-up is decided already. Nothing more was changed.")


class TrueUpChanged(PortalError):
    """The numbers moved since they were shown."""

    code, status = "true_up_changed", 409
    message = _("The numbers changed since this page was made. Nothing was charged. Check the new ones.")
