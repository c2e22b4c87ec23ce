"""What one row of a file wants, read from its cells. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.directory.words import is_address
from accounts.models import Membership, Role
from seats.people.columns import plain

# An empty cell leaves what is there; one of these empties it.
CLEAR = frozenset("-–—")
LONGEST = {"name": 150, "title": 80, "department": 80, "region": 80, "external_id": 128}
_YES = frozenset(["yes", "y", "true", "1", "x", "ja", "j", "wahr", "si", "s", "verdadero"])
_NO = frozenset(["no", "n", "false", "0", "nein", "falsch", "falso"])
_EARLIEST, _LATEST = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Wrong:
    """Why a row cannot be taken: a stable code, the field, and a sentence that says what to do."""

    code: str
    field: str
    text: str


@dataclass(frozen=True)
class Wanted:
    """said: only what the row says, as members have it; department and region are names, manager an address.

    seat: True to have one, False to have none, None where the row says nothing.
    """

    email: str
    said: dict[str, Any] = field(default_factory=dict)
    seat: bool | None = None


def read_wanted(cells: Mapping[str, str]) -> Wanted | Wrong:
    """cells: text by field. The first thing that is wrong is told."""
    email = cells.get("email", "").lower()
    if not is_address(email):
        return Wrong("bad_address", "email", _("Write a whole e-mail address, such as lena@example.com."))
    said: dict[str, Any] = {}
    seat: bool | None = None
    for name, text in cells.items():
        if name == "email" or not text:
            continue
        try:
            value = _value(name, text)
        except ValueError as error:
            return Wrong("invalid_field", name, str(error))
        if name == "seat":
            seat = value
        else:
            said[name] = value
    if said.get("manager") == email:
        return Wrong("invalid_field", "manager", _("Nobody is their own manager."))
    return Wanted(email, said, seat)


def _value(name: str, text: str) -> Any:
    """Raises ValueError with a sentence."""
    clear = text in CLEAR
    if name in LONGEST:
        if len(text) > LONGEST[name]:
            raise ValueError(_("Use at most %(most)d characters.") % {"most": LONGEST[name]})
        return "" if clear else text
    if name == "manager":
        if not clear and not is_address(text.lower()):
            raise ValueError(_("Write the manager's whole e-mail address."))
        return "" if clear else text.lower()
    if name == "ends_on":
        return None if clear else _day(text)
    if name == "seat":
        return _yes_or_no(text)
    if name == "level" and clear:
        return ""
    return _choice(name, text)


def _day(text: str) -> date:
    """2027-03-31 or 31.03.2027; with slashes nobody can tell the day from the month."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            day = datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
        if _EARLIEST <= day <= _LATEST:
            return day
    raise ValueError(_("Write the day as 2027-03-31 or 31.03.2027."))


def _yes_or_no(text: str) -> bool:
    word = plain(text)
    if word in _YES:
        return True
    if word in _NO or text in CLEAR:
        return False
    raise ValueError(_("Write yes or no."))


def _choice(name: str, text: str) -> str:
    found = _words()[name].get(plain(text))
    if found is None:
        choices = {"role": Role, "level": Membership.Level, "employment": Membership.Employment}[name]
        known = ", ".join(str(choice) for choice in choices.values if choice)
        raise ValueError(_("“%(text)s” is not known. Write one of: %(known)s.") % {"text": text, "known": known})
    return found


@cache
def _words() -> dict[str, dict[str, str]]:
    """The values of choices by their own name and by their words in every language."""
    found: dict[str, dict[str, str]] = {}
    for name, choices in (("role", Role), ("level", Membership.Level), ("employment", Membership.Employment)):
        words = {plain(value): value for value in choices.values if value}
        for language, _label in settings.LANGUAGES:
            with translation.override(language):
                words |= {plain(str(label)): value for value, label in choices.choices if value}
        found[name] = words
    return found
