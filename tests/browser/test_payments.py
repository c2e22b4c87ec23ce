"""Paying when it does not go smoothly: nothing is charged twice, and nobody is left in doubt."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from billing.changes.finish_open_changes import finish_open_changes
from billing.models import QuantityChange
from seatportal.kit import clock
from seats.models import SeatPool
from tests.browser.conftest import Visit
from tests.conftest import Funded
from tests.invariants import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)
ShopWith = Callable[..., Funded]
DECLINED = "Your card was declined. You were not charged and no seats were added."


def bought(shop: Funded) -> list[int]:
    """What was really charged for seats, in minor units, one figure for each paid invoice."""
    paid = shop.desk.invoices(shop.stripe_id, billing_reason="subscription_update", status="paid")
    return [int(row["amount_paid"]) for row in paid]


def rests(shop: Funded, *, purchased: int, charged: list[int]) -> None:
    """Here and at Stripe everything has the same end."""
    assert bought(shop) == charged
    assert shop.desk.quantity(shop.stripe_id) == purchased
    assert SeatPool.objects.get(account=shop.account).purchased == purchased
    assert broken_invariants(shop.desk) == []


def open_offer(page: Page, shop: Funded, add: int = 2) -> None:
    page.goto(f"/a/{shop.account.slug}/seats/add/?add={add}")


def pay(page: Page, amount: str, add: int = 2) -> None:
    page.get_by_role("button", name=f"Pay {amount} and add {add} seats").click()


def type_card(page: Page, number: str, button: str) -> None:
    """Fill the card's form on a page of the payment service."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name=button).click()


def test_a_declined_card_is_explained_and_another_one_pays(shop_with: ShopWith, visit: Visit) -> None:
    shop = shop_with(card="pm_card_chargeCustomerFail")
    page = visit(shop.owner)
    open_offer(page, shop)
    pay(page, "$80.00")

    alert = page.get_by_role("alert").filter(has_text=DECLINED)
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("$80.00 for 2 seats is kept as it is")
    rests(shop, purchased=10, charged=[])
    waiting = page.url

    page.get_by_role("button", name="Use another card").click()
    expect(page.get_by_role("heading", name="Payment card", level=1)).to_be_visible()
    type_card(page, "4242 4242 4242 4242", "Save card")
    expect(page).to_have_url(f"{waiting}?card=changed")
    expect(page.get_by_role("heading", name="Visa •••• 4242 is the card now")).to_be_visible()
    rests(shop, purchased=10, charged=[])
    pay(page, "$80.00")

    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    rests(shop, purchased=12, charged=[8000])


def test_the_bank_asks_and_the_seats_come_after_the_answer(shop_with: ShopWith, visit: Visit) -> None:
    shop = shop_with(card="pm_card_authenticationRequired")
    page = visit(shop.owner)
    open_offer(page, shop)
    pay(page, "$80.00")
    alert = page.get_by_role("alert").filter(has_text="Your bank asks you to confirm this payment.")
    expect(alert).to_be_focused()
    rests(shop, purchased=10, charged=[])

    with page.expect_popup() as opened:
        page.get_by_role("link", name="Confirm with your bank").click()
    opened.value.get_by_role("button", name="Complete authentication").click()

    # The page from which one left shows the result by itself.
    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    rests(shop, purchased=12, charged=[8000])


def test_a_payment_that_is_not_confirmed_charges_nothing(shop_with: ShopWith, visit: Visit) -> None:
    shop = shop_with(card="pm_card_authenticationRequired")
    page = visit(shop.owner)
    open_offer(page, shop)
    pay(page, "$80.00")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Confirm with your bank").click()
    opened.value.get_by_role("button", name="Fail authentication").click()
    expect(page.get_by_role("button", name="Use another card")).to_be_visible()

    page.get_by_role("button", name="Stop this purchase").click()

    expect(page.get_by_role("heading", name="The purchase was not paid and has ended")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("You were not charged and no seats were added.")
    rests(shop, purchased=10, charged=[])
    page.get_by_role("link", name="Try again with 2 seats").click()
    expect(page.get_by_role("button", name="Pay $80.00 and add 2 seats")).to_be_visible()


def test_a_double_click_and_the_back_button_buy_once(shop: Funded, visit: Visit) -> None:
    page = visit(shop.owner)
    open_offer(page, shop)
    quote = page.locator("input[name=quote_id]").get_attribute("value")

    page.get_by_role("button", name="Pay $80.00 and add 2 seats").dblclick()

    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    done = page.url
    page.go_back()
    expect(page.get_by_role("button", name="Pay $80.00 and add 2 seats")).to_be_visible()
    # Whether the browser kept the old page or asked for a new one is its own affair: the old price is sent again.
    page.locator("input[name=quote_id]").evaluate("(field, value) => { field.value = value }", quote)
    pay(page, "$80.00")
    expect(page).to_have_url(done)
    page.reload()
    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()

    assert QuantityChange.objects.count() == 1
    rests(shop, purchased=12, charged=[8000])


def test_of_two_admins_the_second_sees_the_change_and_a_new_price(
    shop_with: ShopWith, admin_member: Membership, visit: Visit
) -> None:
    shop = shop_with(quantity=9)
    first, second = visit(shop.owner), visit(admin_member)
    open_offer(first, shop)
    open_offer(second, shop)
    pay(first, "$90.00")
    expect(first.get_by_role("heading", name="2 seats added")).to_be_visible()

    pay(second, "$90.00")

    notice = second.get_by_role("alert")
    expect(notice).to_be_focused()
    expect(notice).to_contain_text("Olivia added 2 seats at ")
    expect(notice).to_contain_text("(11 now).")
    expect(second.get_by_role("row", name="Due now")).to_have_text("Due now$90.00$80.00")
    rests(shop, purchased=11, charged=[9000])
    pay(second, "$80.00")
    expect(second.get_by_role("heading", name="2 seats added")).to_be_visible()
    rests(shop, purchased=13, charged=[8000, 9000])


def test_while_stripe_is_silent_the_page_says_so_and_settles_by_itself(shop: Funded, visit: Visit) -> None:
    page = visit(shop.owner)
    open_offer(page, shop)
    # The read before the call is answered; the call is executed, and its answer and all reads after it are lost.
    shop.desk.fault("slow", method="GET", seconds=0)
    shop.desk.fault("reset_after")
    shop.desk.fault("error500_no_effect", method="GET", times=3)
    pay(page, "$80.00")

    expect(page.get_by_role("heading", name="We are checking whether the payment went through")).to_be_visible()
    expect(page.get_by_text("Do not pay again.")).to_be_visible()
    change = QuantityChange.objects.get()
    assert change.state == QuantityChange.State.UNKNOWN

    finish_open_changes(at=clock.now() + timedelta(minutes=5))

    expect(page.get_by_role("heading", name="2 seats added")).to_be_visible()
    rests(shop, purchased=12, charged=[8000])
