"""Errors of verbs, shown where the person can mend them."""

from django.forms import BaseForm

from seatportal.kit.errors import PortalError


def put_error(form: BaseForm, error: PortalError) -> None:
    """Write the error at its field, or above the form when it has none there."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
