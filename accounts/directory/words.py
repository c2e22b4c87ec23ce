"""What a directory says about one person, checked and put in order. Pure."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from accounts.errors import BadWords

# As the columns are; see DirectoryPerson, and Department and Region for the last ones.
LONGEST = {
    "user_name": 254,
    "external_id": 128,
    "given_name": 80,
    "family_name": 80,
    "full_name": 150,
    "display_name": 150,
    "title": 80,
    "department": 80,
    "region": 80,
}
MOST_EMAILS = 10
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class Email:
    """One address. kind: work, home, other or whatever the directory calls it. primary: None where unsaid."""

    value: str
    kind: str = ""
    primary: bool | None = None

    @property
    def row(self) -> dict[str, str | bool | None]:
        """As it is kept; `key` is what it is looked for by."""
        return {"value": self.value, "type": self.kind, "primary": self.primary, "key": self.value.lower()}


@dataclass(frozen=True)
class Words:
    """The whole of what is said; empty texts are unsaid. manager: a person's public id."""

    user_name: str
    external_id: str = ""
    given_name: str = ""
    family_name: str = ""
    full_name: str = ""
    display_name: str = ""
    emails: tuple[Email, ...] = ()
    title: str = ""
    department: str = ""
    region: str = ""
    manager: str = ""

    @property
    def name(self) -> str:
        """The name to show, or empty."""
        return self.display_name or self.full_name or f"{self.given_name} {self.family_name}".strip()

    @property
    def address(self) -> str:
        """Where the sign-in is: the primary address, else the first at work, else the first, else the user name.

        Lower case; empty when nothing of it is an address.
        """
        ranked = sorted(self.emails, key=lambda email: (not email.primary, email.kind != "work"))
        for text in [*(email.value for email in ranked), self.user_name]:
            address = text.strip().lower()
            if is_address(address):
                return address
        return ""


def is_address(text: str) -> bool:
    """Whether somebody could be written to there."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= LONGEST_EMAIL


def check_words(words: Words) -> None:
    """Raise BadWords for what is too long or too much; it names the field."""
    if not words.user_name.strip():
        raise BadWords(_("A person needs a userName."), field="user_name")
    for name, most in LONGEST.items():
        if len(getattr(words, name)) > most:
            raise BadWords(
                _("%(field)s has more than %(most)d characters.") % {"field": name, "most": most}, field=name
            )
    if len(words.emails) > MOST_EMAILS:
        raise BadWords(_("A person has %(most)d e-mail addresses at most.") % {"most": MOST_EMAILS}, field="emails")
    for email in words.emails:
        if len(email.value) > LONGEST_EMAIL or len(email.kind) > 40:
            raise BadWords(_("An e-mail address or its type is too long."), field="emails")
