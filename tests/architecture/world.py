"""An account with one of everything that has an address of its own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps

from accounts.access.actor import Actor
from accounts.directory.connect import connect_directory
from accounts.keys.issue_api_key import issue_api_key
from accounts.members.invitations import token_of
from accounts.members.structure import add_place
from accounts.models import (
    Account,
    JoinRequest,
    MailDomain,
    Membership,
    Role,
    SsoConnection,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from billing.changes.buy_quote import buy_quote
from billing.changes.credit_idle import IdleCount, open_idle_credit
from billing.models import Invoice, Vendor
from billing.quotes.quote_quantity import quote_quantity
from billing.terms.offers import ask_for_offer
from seats.holders.assign_seat import assign_seat
from seats.holders.release_seat import release_seat
from seats.holders.reserve_seat import invite_with_seat
from seats.models import LedgerEntry, PeopleImport, SavedView, SharingCase, Tranche, TrueUp, UsageImport
from seats.people.import_people import add_people_import
from seats.people.table import read_table
from seats.requests.request_purchase import request_purchase
from seats.requests.request_seat import request_seat
from seats.rollout.plans import open_rollout
from seats.true_up.settle_true_up import settle
from seats.value.goals import Wish, add_goal
from seats.value.plans import start_plan
from seats.value.report import end_plan
from tests.conftest import FundMaker, join, make_account


@dataclass
class World:
    """An account with one of everything, and the ids to ask for it."""

    account: Account
    people: dict[str, Membership]
    ids: dict[str, str] = field(default_factory=dict)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """See rows_of."""
        return rows_of(self.account)


def rows_of(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Everything that belongs to the account by its model's label, to see whether anything moved."""
    models = [m for m in apps.get_models() if any(_is_ours(f) for f in m._meta.concrete_fields)]
    return {
        model._meta.label: list(model._default_manager.filter(account=account).order_by("pk").values())
        for model in models
    }


def _is_ours(found: Any) -> bool:
    """allauth calls something else an account."""
    return bool(found.name == "account" and found.related_model is Account)


def build(name: str, fund: FundMaker, now: datetime) -> World:
    domain = f"{name.lower()}.example"
    owner = make_account(name, now, owner="Olivia", domain=domain)
    account, actor = owner.account, Actor(user=owner.user)
    fund(owner)
    roles = [role for role in Role.values if role != Role.OWNER]
    people = {"owner": owner} | {role: join(account, role, role, now, domain=domain) for role in roles}
    quote = quote_quantity(account=account, actor=actor, add=1, at=now)
    change = buy_quote(account=account, quote_id=quote.public_id, actor=actor, at=now)
    place = add_place(account=account, kind="department", name="Support", actor=actor, at=now)
    region = add_place(account=account, kind="region", name="EU", actor=actor, at=now)
    key, _secret = issue_api_key(
        account=account, name="Sync", scopes=["seats.view"], expires_at=None, membership=owner, actor=actor, at=now
    )
    connection, _token = connect_directory(account=account, name="Okta", membership=owner, actor=actor, at=now)
    seat = assign_seat(account=account, membership=people["member"], actor=actor, at=now)
    freed = assign_seat(account=account, membership=people["team_manager"], actor=actor, at=now)
    release_seat(account=account, assignment=freed, actor=actor, at=now)
    invitation, _seat = invite_with_seat(
        account=account, email=f"new@{domain}", role=Role.MEMBER, department=None, name="", actor=actor, at=now
    )
    viewer = people["viewer"]
    asked = request_seat(
        account=account,
        membership=viewer,
        asked_by=viewer.user,
        reason="To test",
        actor=Actor(user=viewer.user),
        at=now,
    )
    more = quote_quantity(account=account, actor=actor, add=1, at=now)
    purchase = request_purchase(
        account=account,
        membership=viewer,
        quote_id=more.public_id,
        reason="To test",
        actor=Actor(user=viewer.user),
        at=now,
    )
    view = SavedView.objects.create(account=account, membership=people["owner"], name="Mine")
    credit = open_idle_credit(
        subscription=change.subscription,
        item=change.subscription.items.get(),
        period_start=now,
        period_end=now,
        count=IdleCount(now.date(), now.date(), quantity=10, assigned=2, credited=0, people=[]),
        at=now,
    )
    offer = ask_for_offer(account=account, quantity=60, contact=f"olivia@{domain}", above=50, actor=actor, at=now)
    run = TrueUp.objects.create(
        account=account,
        first_day=now.date(),
        last_day=now.date(),
        time_zone="UTC",
        idle_days=30,
        removes_idle=True,
        due_at=now,
        answer_by=now,
        counted_at=now,
        decision=TrueUp.Decision.NOTHING,
    )
    settle(run, now)
    case = SharingCase.objects.create(
        account=account,
        membership=people["member"],
        found_at=now,
        shown_at=now,
        score=60,
        devices=3,
        at_once=3,
        extra_people=2,
        evidence={"devices": [], "moments": [], "trips": []},
    )
    batch = UsageImport.objects.create(
        account=account, file_name="events.csv", format="csv", size=1, began_at=now, state="stopped", lines=1
    )
    people_file = add_people_import(
        account=account, file_name="people.csv", table=read_table(b"email\nzoe@example.com"), actor=actor, at=now
    )
    # A draft is shown on pages alone; the API knows those that were applied.
    PeopleImport.objects.filter(pk=people_file.pk).update(state=PeopleImport.State.STOPPED, began_at=now)
    start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    report = end_plan(account=account, actor=actor, at=now)
    start_plan(account=account, starts_on=now.date(), actor=actor, at=now)
    wish = Wish(name="Projects", unit="projects", baseline=Decimal(4), target=Decimal(6))
    goal = add_goal(account=account, wish=wish, actor=actor, at=now)
    rollout = open_rollout(account=account, name="Sales", budget_month=1, actor=actor)
    step = Tranche.objects.create(
        account=account,
        plan=rollout,
        quantity=10,
        due_on=now.date() + timedelta(days=30),
        owner=owner,
        currency="usd",
        ceiling=40_000,
        agreed_at=now,
        agreed_by=owner.user,
    )
    Vendor.objects.get_or_create(slot=1, defaults={"name": "Seatworks Ltd", "address": "1 High Street"})
    mail_domain = MailDomain.objects.create(account=account, name=domain, token="t")
    provider = SsoConnection.objects.create(account=account, kind="oidc", name="Okta", issuer=f"https://{domain}")
    waiting = JoinRequest.objects.create(account=account, connection=provider, email=f"lena@{domain}", asked_at=now)
    endpoint = WebhookEndpoint.objects.create(account=account, url="https://hooks.example/", nonce="n")
    event = WebhookEvent.objects.create(account=account, type="endpoint.test", at=now, sequence=0)
    delivery = WebhookDelivery.objects.create(account=account, endpoint=endpoint, event=event, next_try_at=now)
    return World(
        account,
        people,
        {
            "account_slug": account.slug,
            "member_id": people["member"].public_id,
            "invitation_id": invitation.public_id,
            "token": token_of(invitation),
            "key_id": key.public_id,
            "connection_id": connection.public_id,
            "domain_id": mail_domain.public_id,
            "sso_id": provider.public_id,
            "join_id": waiting.public_id,
            "endpoint_id": endpoint.public_id,
            "delivery_id": delivery.public_id,
            "kind": "department",
            "place_id": place.public_id,
            "department_id": place.public_id,
            "region_id": region.public_id,
            "quote_id": quote.public_id,
            "change_id": change.public_id,
            "order_id": change.public_id,
            "document_id": change.public_id,
            "invoice_id": Invoice.objects.filter(account=account).latest("pk").public_id,
            "view_id": view.public_id,
            "seat_id": seat.public_id,
            "assignment_id": seat.public_id,
            "freed_id": freed.public_id,
            "true_up_id": run.public_id,
            "import_id": batch.public_id,
            "people_import_id": people_file.public_id,
            "goal_id": goal.public_id,
            "report_id": report.public_id,
            "plan_id": rollout.public_id,
            "rollout_id": rollout.public_id,
            "tranche_id": step.public_id,
            "case_id": case.public_id,
            "credit_id": credit.public_id,
            "request_id": asked.public_id,
            "asked_id": purchase.public_id,
            "offer_id": offer.public_id,
            "entry_id": LedgerEntry.objects.filter(account=account).latest("pk").public_id,
            # Django admin's.
            "object_id": str(account.pk),
            "content_type_id": "1",
            "app_label": "accounts",
            "act": "resolve",
            "position": "0",
            "table": "year",
            "user": people["member"].public_id,
            "url": "nothing/",
        },
    )
