"""What the vendor sells, at Stripe: 50 a seat, 40 from the eleventh, and a year at 15 or 20 % less."""

from seatportal.demo.vendor import Vendor


def publish(vendor: Vendor) -> None:
    """Make products and prices. Amounts in minor units, set per currency and not converted."""
    team = vendor.offer("Team", "Each seat from the eleventh on costs less.", position=1)
    vendor.price("team-usd", team, "usd", nickname="Team, monthly", amounts=(5000, 4000), mode="graduated")
    vendor.price("team-eur", team, "eur", nickname="Team, monthly", amounts=(5000, 4000), mode="graduated")
    vendor.price("team-jpy", team, "jpy", nickname="Team, monthly", amounts=(7500, 6000), mode="graduated")
    business = vendor.offer("Business", "One price for every seat, by the month or by the year.", position=2)
    for currency in ("usd", "eur"):
        vendor.price(f"business-{currency}", business, currency, nickname="Business, monthly", amounts=(5000,))
        vendor.price(
            f"business-{currency}-year",
            business,
            currency,
            nickname="Business, yearly",
            amounts=(51_000,),
            interval="year",
        )
    volume = vendor.offer("Volume", "From eleven seats on, every seat costs less.", position=3)
    for currency in ("usd", "eur"):
        vendor.price(
            f"volume-{currency}",
            volume,
            currency,
            nickname="Volume, monthly",
            amounts=(5000, 4000),
            mode="volume",
        )
    scale = vendor.offer("Scale", "For ten seats and more, by the year.", position=4, minimum=10)
    for currency in ("usd", "eur"):
        vendor.price(
            f"scale-{currency}-year",
            scale,
            currency,
            nickname="Scale, yearly",
            amounts=(48_000,),
            interval="year",
        )


def publish_thirty_days(vendor: Vendor) -> None:
    """Team for thirty days at a time, for a day on which no running month has a half (see stories.half_way)."""
    team = vendor.offer("Team, 30 days", "Each seat from the eleventh on costs less.", position=5)
    vendor.price(
        "team-usd-30-days",
        team,
        "usd",
        nickname="Team, every 30 days",
        amounts=(5000, 4000),
        mode="graduated",
        interval="day",
        interval_count=30,
    )
