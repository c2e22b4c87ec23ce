"""The broker or the database is gone (F34, F35)."""

from collections.abc import Callable

from seatportal.matrix import cuts
from seatportal.matrix.stage import Stage
from seatportal.matrix.stories.buying import finish, natural_end, purchase


def broker_gone(stage: Stage) -> None:
    """F34: no bell can be rung, by the buyer, the door or the worker; rows are found by sweeps."""
    stage.always = [*stage.always, cuts.broker_down()]
    purchase()(stage)


def database_lost(place: str) -> Callable[[Stage], None]:
    """F35: the database ends the session after the call, or inside the transaction that settles."""
    where = {"call": (cuts.GATEWAY, "update_subscription"), "settle": ("billing.mirror.settle", "record_audit")}
    owner, name = where[place]

    def story(stage: Stage) -> None:
        stage.open()
        hook = (
            cuts.around(owner, name, after=cuts.lose_database)
            if place == "call"
            else cuts.around(owner, name, before=cuts.lose_database)
        )
        ended = stage.click(stage.quote(), hook)
        stage.require("the session was lost", ended.error == "OperationalError")
        finish(stage)
        stage.expect_end(natural_end(stage))

    return story
