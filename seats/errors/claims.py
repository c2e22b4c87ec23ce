"""Why a seat is not given, moved or taken."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


class SeatLimitReached(PortalError):
    """Every seat that may be taken is taken."""

    code, status = "seat_limit_reached", 409
    message = _("All seats are in use. Add a seat, reassign one, or put the person on the waiting list.")


class RegionFull(SeatLimitReached):
    """Every seat of the person's region is taken, though others may have free ones."""

    code = "region_full"
    message = _("All seats of this person’s region are in use. Move a seat within the region, or raise its number.")


class SeatsFrozen(PortalError):
    """The subscription's state allows no new holders."""

    code, status = "seats_frozen", 409
    message = _("Seats cannot be given while the subscription is not active.")


class PersonPaused(PortalError):
    """An admin has paused the person."""

    code, status = "person_paused", 409
    message = _("This person is paused. Resume them first; then they get a free seat or wait for one.")


class NoSeatToPause(PortalError):
    """Only a holder can be paused."""

    code, status = "no_seat_to_pause", 409
    message = _("This person has no seat, so there is nothing to pause.")


class NotPaused(PortalError):
    """There is no pause to end."""

    code, status = "not_paused", 409
    message = _("This person is not paused.")


class PauseWrong(PortalError):
    """A day that cannot be."""

    code, status = "pause_wrong", 422
    message = _("Choose a day from tomorrow to three years from now, or none.")


class AlreadySeated(PortalError):
    """The person has a seat or a reserved one."""

    code, status = "already_seated", 409
    message = _("This person already has a seat.")


class AlreadyWaiting(PortalError):
    """The person is in the queue."""

    code, status = "already_waiting", 409
    message = _("This person is already on the waiting list.")


class SeatGone(PortalError):
    """Somebody was faster."""

    code, status = "seat_gone", 409
    message = _("This seat changed a moment ago. Reload the page to see who has it.")


class NotAMember(PortalError):
    """The person is not, or no longer, in the account."""

    code, status = "not_a_member", 422
    message = _("This person is not a member of the account.")


class TooManyPeople(PortalError):
    """More people named than seats bought."""

    code, status = "too_many_people", 422
    message = _("Name no more people than the seats that you buy.")


class UndoGone(PortalError):
    """Too late, or something else happened since."""

    code, status = "undo_gone", 409
    message = _("This can no longer be undone, because the seat changed since or too much time has passed.")


class SeatsInUse(PortalError):
    """The seats of a purchase cannot go while people sit on them."""

    code, status = "seat_in_use", 409
    message = _("These seats are in use. Release them first, then undo the purchase.")


class NothingToChoose(PortalError):
    """No reduction is planned, or everybody fits."""

    code, status = "nothing_to_choose", 409
    message = _("Nobody has to give up a seat: no reduction is planned, or everybody fits into it.")


class TooManyChosen(PortalError):
    """More than have to go."""

    code, status = "too_many_chosen", 422
    message = _("Choose no more seats than have to go.")


class PersonUnknown(PortalError):
    """Nobody of that name or address in the account."""

    code, status = "person_unknown", 422
    message = _("Nobody in the account has this name or address. Choose somebody from the list.")


class ViewRefused(PortalError):
    """A view of the seats table that cannot be kept."""

    code, status = "view_refused", 422
    message = _("Give the view a name.")
