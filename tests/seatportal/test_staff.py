"""The staff site: who may enter, every list with real rows, and that money and history cannot be edited."""

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Membership, User
from billing.changes.buy_quote import buy_quote
from billing.changes.decreases import plan_decrease
from billing.models import ApprovalStep, Invoice, InvoiceLine, QuantityChange, StripeEvent, Subscription
from billing.quotes.quote_quantity import quote_quantity
from seatportal.templatetags.portal import money
from seats.holders.assign_seat import assign_seat
from seats.holders.planned import plan_holders
from seats.models import Assignment, LedgerEntry, SeatPool
from tests.conftest import Funded, make_account, make_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


def staff_user(*, second_factor: bool = True) -> User:
    """Somebody of the vendor's own people."""
    user = make_user("Stella", domain="vendor.example", is_staff=True, is_superuser=True)
    if second_factor:
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return user


@pytest.fixture
def staff(db: None) -> Client:
    """Stella, signed in with a second factor."""
    client = Client()
    client.force_login(staff_user(), backend=BACKEND)
    return client


@pytest.fixture
def busy(funded: Funded, now: datetime) -> Funded:
    """An account with a row of nearly every kind."""
    StripeEvent.objects.create(event_id="evt_1", kind="invoice.paid", stripe_created=now, payload={}, state="dead")
    quote = quote_quantity(account=funded.account, actor=funded.actor, add=2, at=now)
    plan_holders(
        account=funded.account, quote_id=quote.public_id, members=[], emails=["new@acme.example"], actor=funded.actor
    )
    buy_quote(account=funded.account, quote_id=quote.public_id, actor=funded.actor, at=now)
    assign_seat(account=funded.account, membership=funded.owner, actor=funded.actor, at=now)
    plan_decrease(account=funded.account, quantity=5, actor=funded.actor, at=now)
    return funded


def lists() -> Iterator[str]:
    """The address of every list on the staff site."""
    for model in admin.site._registry:
        yield f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"


def test_staff_without_a_second_factor_are_sent_to_set_one_up(db: None) -> None:
    client = Client()
    client.force_login(staff_user(second_factor=False), backend=BACKEND)

    answer = client.get(reverse("admin:index"), follow=False)

    assert answer.status_code == 302
    assert client.get(answer["Location"])["Location"] == reverse("mfa_index")


def test_customers_and_strangers_stay_outside(owner: Membership) -> None:
    stranger, customer = Client(), Client()
    customer.force_login(owner.user, backend=BACKEND)

    for client in (stranger, customer):
        for name in lists():
            answer = client.get(reverse(name))
            assert answer.status_code == 302, name
            assert reverse("admin:login") in answer["Location"]


@pytest.mark.django_db(transaction=True)
def test_every_list_opens_searches_and_shows_a_row(staff: Client, busy: Funded) -> None:
    for name in lists():
        url = reverse(name)
        assert staff.get(url).status_code == 200, name
        assert staff.get(url, {"q": "acme"}).status_code == 200, name
    for model in admin.site._registry:
        row = model._default_manager.first()
        if row is not None:
            meta = model._meta
            change = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
            assert staff.get(change).status_code == 200, change


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Subscription, Invoice, QuantityChange, LedgerEntry, AuditEntry, StripeEvent])
def test_mirror_ledger_and_trail_are_read_only(staff: Client, busy: Funded, model: type) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    row = model.objects.first()  # type: ignore[attr-defined]
    change = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    delete = reverse(f"admin:{meta.app_label}_{meta.model_name}_delete", args=[row.pk])
    add = reverse(f"admin:{meta.app_label}_{meta.model_name}_add")
    count = model.objects.count()  # type: ignore[attr-defined]

    assert staff.post(change, {"status": "forged"}).status_code == 403
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    assert staff.post(add, {}).status_code == 403

    assert model.objects.count() == count  # type: ignore[attr-defined]


def test_limit_is_changed_through_the_verb_with_a_reason(staff: Client, owner: Membership) -> None:
    pool = SeatPool.objects.get(account=owner.account)
    url = reverse("admin:seats_seatpool_change", args=[pool.pk])

    refused = staff.post(url, {"mode": "soft", "allowance": 2, "grace_days": 14, "reason": ""})
    assert refused.status_code == 200
    pool.refresh_from_db()
    assert pool.allowance == 0

    staff.post(url, {"mode": "soft", "allowance": 2, "grace_days": 14, "reason": "Agreed by phone"})

    pool.refresh_from_db()
    assert (pool.mode, pool.allowance, pool.entitled) == ("soft", 2, 2)
    entry = AuditEntry.objects.get(action="policy.changed")
    assert (entry.summary, entry.door) == ("Agreed by phone", "admin")


def test_a_hard_limit_with_extra_seats_is_refused_in_the_field(staff: Client, owner: Membership) -> None:
    pool = SeatPool.objects.get(account=owner.account)

    answer = staff.post(
        reverse("admin:seats_seatpool_change", args=[pool.pk]),
        {"mode": "hard", "allowance": 2, "grace_days": 14, "reason": "x"},
    )

    assert "With a hard limit there are no extra seats." in answer.content.decode()
    assert not AuditEntry.objects.filter(action="policy.changed").exists()


@pytest.mark.django_db(transaction=True)
def test_actions_read_again_look_again_and_replay(staff: Client, busy: Funded) -> None:
    def act(name: str, action: str, pk: object) -> str:
        answer = staff.post(reverse(name), {"action": action, "_selected_action": [pk]}, follow=True)
        return answer.content.decode()

    assert "Acme was read." in act("admin:billing_subscription_changelist", "read", busy.subscription.pk)
    change = QuantityChange.objects.get()
    assert "Done" in act("admin:billing_quantitychange_changelist", "look_again", change.pk)
    assert "1 of 1 events" in act("admin:billing_stripeevent_changelist", "replay", "evt_1")
    seat = Assignment.objects.get(membership=busy.owner, ended_at=None)
    assert "is free." in act("admin:seats_assignment_changelist", "release", seat.pk)
    seat.refresh_from_db()
    assert seat.ended_at is not None
    plan = busy.subscription.items.get().price.plan
    assert "prices are on sale" in act("admin:billing_plan_changelist", "bring_in", plan.pk)


@pytest.mark.django_db(transaction=True)
def test_who_may_only_look_has_no_actions(busy: Funded) -> None:
    """Each action does something, so it takes the right to change, as a row's own buttons do."""
    looker = make_user("Lea", domain="vendor.example", is_staff=True)
    Authenticator.objects.create(user=looker, type=Authenticator.Type.TOTP, data={"secret": "x"})
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(looker, backend=BACKEND)
    seat = Assignment.objects.get(membership=busy.owner, ended_at=None)

    for model, action, pk in (
        ("seats_assignment", "release", seat.pk),
        ("billing_stripeevent", "replay", "evt_1"),
        ("billing_quantitychange", "look_again", QuantityChange.objects.get().pk),
        ("billing_subscription", "read", busy.subscription.pk),
        ("billing_subscription", "compare", busy.subscription.pk),
        ("seats_trueup", "run_again", 1),
        ("billing_idlecredit", "again", 1),
        ("billing_plan", "bring_in", busy.subscription.items.get().price.plan_id),
    ):
        address = reverse(f"admin:{model}_changelist")
        assert f'value="{action}"' not in client.get(address).content.decode()
        client.post(address, {"action": action, "_selected_action": [pk]})

    seat.refresh_from_db()
    assert seat.ended_at is None
    assert StripeEvent.objects.get().state == "dead"


def rows_of(page: str) -> list[list[str]]:
    """The cells of a list, without markup."""
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    rows = (re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in body.split("<tr>")[1:])
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in rows]


@pytest.mark.django_db(transaction=True)
def test_amounts_are_shown_as_money(staff: Client, busy: Funded) -> None:
    """In a list, on a row's page, on the lines below it, and as decimals in the file to take away."""
    change = QuantityChange.objects.get()
    total = change.charged_total
    assert total is not None
    shown, plain = f"${total // 100}.{total % 100:02}", f"{total // 100}.{total % 100:02}"
    page = reverse("admin:billing_quantitychange_changelist")

    assert [row[7:10] for row in rows_of(staff.get(page).content.decode())] == [[shown, shown, "usd"]]
    detail = staff.get(reverse("admin:billing_quantitychange_change", args=[change.pk])).content.decode()
    assert re.findall(r"<label>(Charged total|Quoted due):</label>\s*<div class=\"readonly\">(.*?)</div>", detail) == [
        ("Quoted due", shown),
        ("Charged total", shown),
    ]
    invoice = Invoice.objects.get(stripe_id=change.invoice_stripe_id)
    below = staff.get(reverse("admin:billing_invoice_change", args=[invoice.pk])).content.decode()
    lines = re.findall(r'<td class="field-amount">\s*<p>(.*?)</p>', below)
    assert lines == [
        money(line.amount, "usd") for line in InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    ]
    file = staff.post(page, {"action": "export_csv", "_selected_action": [change.pk]})
    assert isinstance(file, StreamingHttpResponse)
    first, second = list(csv.reader(StringIO(b"".join(file).decode("utf-8-sig"))))
    assert dict(zip(first, second, strict=True))["charged total"] == plain


@pytest.mark.django_db(transaction=True)
def test_an_amount_without_a_currency_stays_a_number(staff: Client, owner: Membership, funded: Funded) -> None:
    """Steps of approval know none of their own: the account's, once it pays in one."""
    other = make_account("Later", timezone.now(), owner="Lou", domain="later.example")
    ApprovalStep.objects.create(account=funded.account, position=1, role="owner", from_amount=50000)
    ApprovalStep.objects.create(account=other.account, position=1, role="owner", from_amount=70000)

    found = rows_of(staff.get(reverse("admin:billing_approvalstep_changelist")).content.decode())

    assert sorted((row[1], row[4]) for row in found) == [("Acme", "$500.00"), ("Later", "70000")]
