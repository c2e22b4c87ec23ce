"""Bea of finance, who asks and approves."""

from datetime import datetime

import pytest

from accounts.models import Membership, Role
from tests.conftest import Funded, join


@pytest.fixture
def bea(funded: Funded, now: datetime) -> Membership:
    """Bea of finance."""
    return join(funded.account, "Bea", Role.BILLING, now)
