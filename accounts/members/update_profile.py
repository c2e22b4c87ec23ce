"""Change one's own name, language, time zone and theme."""

from zoneinfo import available_timezones

from django.utils.translation import gettext_lazy as _

from accounts.errors import BadSetting
from accounts.members.update_account import changed_fields
from accounts.models import User

FIELDS = ("name", "locale", "time_zone", "theme")


def update_profile(*, user: User, **changes: str) -> User:
    """Change name, locale, time_zone ("" means as the account) or theme. Raises BadSetting."""
    if changes.get("time_zone") and changes["time_zone"] not in available_timezones():
        raise BadSetting(_("Choose a time zone from the list."), field="time_zone")
    if "theme" in changes and changes["theme"] not in User.Theme.values:
        raise BadSetting(field="theme")
    row = User.objects.get(pk=user.pk)
    changed = changed_fields(row, {name: changes[name].strip() for name in FIELDS if name in changes})
    if changed:
        row.save(update_fields=[*changed])
    return row
