"""Acme with its directory and five seats."""

from datetime import datetime

import pytest

from accounts.models import Account, Membership
from tests.directory import Directory, directory_of
from tests.factories.seats import give_pool


@pytest.fixture
def okta(owner: Membership, now: datetime) -> Directory:
    """Acme's directory; five seats are bought and nobody sits."""
    give_pool(owner.account, 5, now)
    return directory_of(owner, now)


@pytest.fixture
def elsewhere(outsider: Membership, now: datetime) -> Directory:
    """Another account's directory."""
    give_pool(outsider.account, 5, now)
    return directory_of(outsider, now, name="Entra")


@pytest.fixture
def acme(okta: Directory) -> Account:
    """The account of `okta`."""
    return okta.account
