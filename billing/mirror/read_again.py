"""Staff ask for a fresh read."""

from datetime import datetime

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from billing.errors import ProviderUnavailable
from billing.gateway.contract import GatewayError
from billing.mirror.mirror_customer import refresh_customer
from billing.mirror.refresh import refresh_until_written
from billing.models import Subscription


def read_again(*, subscription: Subscription, actor: Actor, at: datetime) -> None:
    """Read one subscription with its customer from Stripe; writes only here. Raises ProviderUnavailable."""
    try:
        refresh_until_written(stripe_id=subscription.stripe_id, at=at)
        refresh_customer(stripe_id=subscription.customer.stripe_id, at=at)
    except GatewayError as error:
        raise ProviderUnavailable from error
    record_audit(
        account=subscription.account, actor=actor, action="subscription.read_again", target=subscription.public_id
    )
