"""Where somebody goes who had to sign in first, or who named a page to return to."""

import pytest
from django.test import Client, RequestFactory

from accounts.models import Membership
from seatportal.kit.htmx import path_here


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/a/acme/seats/?show=idle", "/a/acme/seats/?show=idle"),
        ("https://testserver/a/acme/seats/?q=b#row", "/a/acme/seats/?q=b"),
        ("http://testserver/a/", ""),
        ("https://elsewhere.example/a/", ""),
        ("//elsewhere.example/", ""),
        ("https://testserver//elsewhere.example/", ""),
        ("https://testserver/\\elsewhere.example/", ""),
        ("///elsewhere.example/", ""),
        ("https://[/", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_only_pages_of_this_site(address: str, path: str) -> None:
    assert path_here(RequestFactory().get("/", secure=True), address) == path


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("http://testserver/a/acme/settings/spending/?open=1", "/a/acme/settings/spending/%3Fopen%3D1"),
        ("http://elsewhere.example/trap/", "/a/acme/settings/spending/budgets/"),
        (None, "/a/acme/settings/spending/budgets/"),
    ],
)
def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(
    owner: Membership, before: str | None, then: str
) -> None:
    """Its own address takes forms only: after the sign-in there would be an empty page."""
    headers = {} if before is None else {"Referer": before}

    answer = Client(headers=headers).post("/a/acme/settings/spending/budgets/", {"amount": "5"})

    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={then}")


def test_a_page_leads_back_to_itself_whatever_was_open_before(owner: Membership) -> None:
    answer = Client(headers={"Referer": "http://testserver/a/acme/"}).get("/a/acme/settings/spending/")

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/a/acme/settings/spending/")
