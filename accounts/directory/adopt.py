"""Members whom the directory has not named yet are shown to it, so that it finds them and makes nobody anew."""

from datetime import datetime

from accounts.models import Account, DirectoryPerson, Membership


def adopt_members(*, account: Account, at: datetime, membership: Membership | None = None) -> None:
    """Write a person for each member, or for the one given, who has none yet."""
    members = Membership.objects.filter(account=account, left_at__isnull=True).select_related("user")
    if membership is not None:
        members = members.filter(pk=membership.pk)
    known = DirectoryPerson.objects.filter(account=account, user__isnull=False).values("user")
    # Whatever came meanwhile, or bears the name already, is known: nothing is written twice.
    DirectoryPerson.objects.bulk_create(
        [
            DirectoryPerson(
                account=account,
                user=member.user,
                user_name=member.user.email,
                external_id=member.external_id,
                display_name=member.user.name,
                emails=[{"value": member.user.email, "type": "work", "primary": True, "key": member.user.email}],
                changed_at=at,
            )
            for member in members.exclude(user__in=known)
        ],
        ignore_conflicts=True,
    )
