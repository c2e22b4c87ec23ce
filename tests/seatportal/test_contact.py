"""Whom customers talk to: named by a setting, on every page of an account and in its mails."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from accounts.models import Membership, Notice
from accounts.notices.deliver_notice import mail_of
from seatportal.checks import account_team_is_named, account_team_is_reachable
from seatportal.kit.contact import account_team
from tests.conftest import Funded, FundMaker

ClientOf = Callable[[Membership], Client]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", {}),
        ("team@vendor.example", {"url": "mailto:team@vendor.example", "text": "team@vendor.example"}),
        (
            "https://vendor.example/contact/",
            {"url": "https://vendor.example/contact/", "text": "vendor.example/contact"},
        ),
    ],
)
def test_a_mail_address_or_a_page(settings: Any, value: str, expected: dict[str, str]) -> None:
    settings.ACCOUNT_TEAM = value

    assert {name: text for name, text in account_team().items() if name != "mail"} == expected
    assert account_team_is_reachable(None) == []
    assert [found.id for found in account_team_is_named(None)] == ([] if value else ["seatportal.W030"])


@pytest.mark.parametrize("value", ["the sales people", "javascript:alert(1)", "ftp://vendor.example", "team@"])
def test_nonsense_is_said_by_the_check_and_never_linked(settings: Any, value: str) -> None:
    settings.ACCOUNT_TEAM = value

    assert [found.id for found in account_team_is_reachable(None)] == ["seatportal.E030"]
    assert account_team() == {}


def notice_to(owner: Membership, now: datetime) -> EmailMultiAlternatives:
    return mail_of(
        Notice.objects.create(
            account=owner.account, user=owner.user, kind="resumed", key="k", context={"link": "/x"}, next_try_at=now
        )
    )


@pytest.mark.django_db
@pytest.mark.parametrize("mail", [True, False])
def test_mails_name_it_and_answers_reach_it(owner: Membership, now: datetime, settings: Any, mail: bool) -> None:
    settings.ACCOUNT_TEAM = "team@vendor.example" if mail else ""

    sent = notice_to(owner, now)

    assert sent.reply_to == (["team@vendor.example"] if mail else [])
    assert ("Your account team: team@vendor.example" in str(sent.body)) is mail
    assert ("mailto:team@vendor.example" in str(sent.alternatives[0][0])) is mail


@pytest.mark.django_db(transaction=True)
def test_pages_link_to_it(fund: FundMaker, owner: Membership, client_of: ClientOf, settings: Any) -> None:
    settings.ACCOUNT_TEAM = "https://vendor.example/contact"
    funded: Funded = fund(owner, collection_method="send_invoice", days_until_due=30)
    client = client_of(owner)

    assert 'href="https://vendor.example/contact"' in client.get(f"/a/{funded.account.slug}/plan/").content.decode()
    page = client.get(f"/a/{funded.account.slug}/seats/add/").content.decode()

    assert "Talk to your account team" in page
