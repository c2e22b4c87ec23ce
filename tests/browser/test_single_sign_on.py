"""From the sign-in page to the provider and back, under our content security policy; and the pages of its set-up."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.models import JoinRequest
from tests.accounts.sso.conftest import connected, policy, proved
from tests.browser.conftest import Visit
from tests.browser.test_barriers import walk
from tests.browser.watch import Watch
from tests.conftest import make_account
from tests.idp import providing

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_comes_in_and_an_admin_lets_another_in(
    visit: Visit, watch: Watch, settings: Any, now: datetime
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    # axe sets styles to see what they do.
    watch.forgiven.append("Applying inline style violates")
    owner = make_account("Acme", now)
    account, home = owner.account, f"/a/{owner.account.slug}/settings"
    domain = proved(account, "acme.example", now)
    with providing() as idp:
        watch.hosts.add(urlsplit(idp.issuer).netloc)
        okta = connected(account, idp, now)
        policy(account, join="approval")
        idp.sign_in_as("olivia@acme.example")
        page = visit()
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill("olivia@acme.example")
        page.get_by_role("button", name="Continue with SSO").click()
        page.wait_for_url(f"**/a/{account.slug}/**")

        idp.sign_in_as("lena@acme.example", name="Lena Lang")
        lena = visit()
        lena.goto(f"/sso/{okta.public_id}/start/")
        waiting = lena.locator("main").inner_text()
        asked = JoinRequest.objects.get()
        pages = [
            f"{home}/sign-in/",
            f"{home}/sign-in/domains/new/",
            f"{home}/sign-in/domains/{domain.public_id}/",
            f"{home}/sign-in/connections/{okta.public_id}/",
            f"{home}/sign-in/connections/oidc/",
            f"{home}/sign-in/connections/saml/",
            f"{home}/joining/",
        ]
        found = walk(page, pages)
        page.get_by_role("button", name="Let in without a seat").click()
        page.get_by_text("Lena Lang is a member now.").wait_for()

    asked.refresh_from_db()
    assert "has to approve you first" in waiting
    assert found == []
    assert asked.state == JoinRequest.State.APPROVED
