"""Something that the price counted on changes before the click (F37)."""

from collections.abc import Callable

from billing.models import Incident
from seatportal.matrix.scenarios import PAYS
from seatportal.matrix.stage import Stage
from seatportal.matrix.stories.buying import finish, natural_end


def credit_used_up(stage: Stage) -> Callable[[], None]:
    """A credit is there when the price is asked for, and gone afterwards."""
    stage.shop.credit(stage.customer, 2000, "usd", "goodwill")
    return lambda: stage.shop.spend_credit(stage.customer, 2000)


def tax_begins(stage: Stage) -> Callable[[], None]:
    """Tax comes on top afterwards."""
    return lambda: stage.shop.tax(stage.subscription.stripe_id)


def discount_begins(stage: Stage) -> Callable[[], None]:
    """A coupon is given afterwards."""
    return lambda: stage.shop.discount(stage.subscription.stripe_id)


def not_as_quoted(change: Callable[[Stage], Callable[[], None]], gravity: str) -> Callable[[Stage], None]:
    """F37: something that the price counted on changes before the click. The charge stands, with an incident."""

    def story(stage: Stage) -> None:
        stage.open()
        after = change(stage)
        quote = stage.quote()
        after()
        stage.news()
        stage.click(quote)
        finish(stage)
        stage.expect_end(natural_end(stage))
        if stage.scenario.card in PAYS:
            incident = Incident.objects.filter(change=stage.change(), kind=Incident.Kind.CHARGE_DIFFERS).first()
            stage.expect("the incident", incident and incident.gravity, gravity)

    return story
