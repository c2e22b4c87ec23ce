# mypy: allow-untyped-calls, allow-untyped-decorators
"""Plain rows of the accounts app. No facts are sent and no verb is called."""

from datetime import UTC, datetime, timedelta

from allauth.account.models import EmailAddress
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from accounts.keys.shown import PURPOSE
from accounts.members.invitations import hash_of, token_of
from accounts.models import Account, ApiKey, Department, Invitation, Membership, Region, Role, User
from seatportal.kit.ids import public_id
from seatportal.kit.tokens import token_hash

AT = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory[User]):
    """Somebody with a verified address and no password: tests sign in with `client.force_login`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = Sequence(lambda n: f"user{n}@example.com")
    name = Sequence(lambda n: f"User {n}")
    password = "!"  # an unusable one: hashing costs time

    @post_generation
    def verified(self: User, create: bool, value: bool | None, **_: object) -> None:
        """`verified=False` leaves the address unproved."""
        if create and value is not False:
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class AccountFactory(DjangoModelFactory[Account]):
    """An open account in UTC and English."""

    class Meta:
        model = Account

    name = Sequence(lambda n: f"Company {n}")
    slug = Sequence(lambda n: f"company-{n}")


class DepartmentFactory(DjangoModelFactory[Department]):
    """A department."""

    class Meta:
        model = Department

    account = SubFactory(AccountFactory)
    name = Sequence(lambda n: f"Department {n}")


class RegionFactory(DjangoModelFactory[Region]):
    """A region."""

    class Meta:
        model = Region

    account = SubFactory(AccountFactory)
    name = Sequence(lambda n: f"Region {n}")


class MembershipFactory(DjangoModelFactory[Membership]):
    """An active plain member."""

    class Meta:
        model = Membership

    account = SubFactory(AccountFactory)
    user = SubFactory(UserFactory)
    role = Role.MEMBER
    joined_at = AT


class InvitationFactory(DjangoModelFactory[Invitation]):
    """An open invitation of a member whose mail is out; its link's token is `token_of(invitation)`."""

    class Meta:
        model = Invitation

    public_id = LazyFunction(lambda: public_id("ivt"))
    account = SubFactory(AccountFactory)
    email = Sequence(lambda n: f"invited{n}@example.com")
    role = Role.MEMBER
    nonce = Sequence(lambda n: f"nonce-{n}")
    token_hash = LazyAttribute(lambda row: hash_of(token_of(Invitation(public_id=row.public_id, nonce=row.nonce))))
    expires_at = AT + timedelta(days=7)
    sent_at = AT


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A living key that may see seats; its text is `text_of(key)`."""

    class Meta:
        model = ApiKey

    account = SubFactory(AccountFactory)
    name = Sequence(lambda n: f"Key {n}")
    prefix = Sequence(lambda n: f"sp_test_{n:08d}")
    secret_hash = LazyAttribute(lambda row: token_hash(f"{row.prefix}_secret", purpose=PURPOSE))
    scopes = LazyFunction(lambda: ["seats.view"])


def text_of(key: ApiKey) -> str:
    """The text of a key made by the factory."""
    return f"{key.prefix}_secret"
