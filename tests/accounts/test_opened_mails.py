"""Whether a mailed report was opened: its reader's own signed-in visit counts, and nothing else."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership, Notice
from accounts.notices.deliver_notice import deliver_notice
from accounts.notices.note_opening import note_opening, opening_token
from accounts.notices.send_notice import send_notice
from tests.accounts.conftest import browser_of
from tests.factories.accounts import AT

pytestmark = pytest.mark.django_db
PAGE = "/a/acme/settings/"


@pytest.fixture
def report(acme: Account, olga: Membership) -> Notice:
    """A weekly digest to Olga that leads to a page of her account."""
    figures = {"purchased": 10, "assigned": 8, "active": 7, "free": 2, "idle": 1, "band": "neutral"}
    more = {"more_purchased": None, "more_assigned": None, "more_active": None, "early_at": None, "late_at": None}
    context = {**figures, **more, "link": PAGE, "watched": True}
    send_notice(account=acme, kind="weekly_digest", key="weekly:1", context=context, at=AT, to=[olga.user], roles=())
    return Notice.objects.get(key="weekly:1")


def opened(notice: Notice) -> object:
    return Notice.objects.get(pk=notice.pk).opened_at


def address(notice: Notice) -> str:
    return reverse("accounts:open_mail", args=[opening_token(notice)])


def test_the_mails_link_leads_by_the_page_that_notes_it(report: Notice) -> None:
    assert deliver_notice(notice_id=report.pk, at=AT)
    body = str(mail.outbox[0].body)
    assert "/mails/" in body
    assert PAGE not in body
    assert Notice.objects.get(pk=report.pk).context["link"] == PAGE


def test_the_first_visit_of_its_reader_counts(report: Notice, olga: Membership) -> None:
    answer = browser_of(olga.user).get(address(report))
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    first = opened(report)
    assert first is not None
    browser_of(olga.user).get(address(report))
    assert opened(report) == first


def test_nobody_elses_does(report: Notice, adam: Membership) -> None:
    visitor = Client().get(address(report))
    assert visitor["Location"].startswith(reverse("account_login"))
    assert address(report) in visitor["Location"]
    assert browser_of(adam.user).get(address(report))["Location"] == PAGE
    assert opened(report) is None


def test_staff_who_act_as_the_reader_do_not_count(report: Notice, olga: Membership) -> None:
    token = opening_token(report)
    assert note_opening(token=token, reader=olga.user, at=AT, acting=True) == PAGE
    assert opened(report) is None


def test_a_link_that_is_not_ours_or_too_old_is_404(
    report: Notice, olga: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = reverse("accounts:open_mail", args=[report.public_id])
    assert browser_of(olga.user).get(made_up).status_code == 404
    monkeypatch.setattr("accounts.notices.note_opening.LONGEST", timedelta(seconds=-1))
    assert browser_of(olga.user).get(address(report)).status_code == 404
    assert opened(report) is None


def test_a_page_elsewhere_is_not_led_to(report: Notice, olga: Membership) -> None:
    Notice.objects.filter(pk=report.pk).update(context={"link": "https://elsewhere.example/"})
    assert browser_of(olga.user).get(address(report)).status_code == 404
