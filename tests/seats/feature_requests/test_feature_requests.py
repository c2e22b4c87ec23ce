"""A wish is kept, reaches the account team where it tells of growth, and its answer reaches who asked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.access.actor import Actor
from accounts.models import Account, AuditEntry, Membership, Notice
from accounts.notices.deliver_notice import deliver_notice
from seats.errors import FeatureAnswered, FeatureUnsaid, TooManyWishes
from seats.feature_requests.answer_feature import answer_feature
from seats.feature_requests.ask_feature import MOST_A_DAY, ask_feature
from seats.growth.sweep import sweep_account
from seats.growth.words import sentence_of
from seats.models import ExpansionTask, FeatureRequest, Signal
from tests.conftest import make_user
from tests.integrator import integrator_of, problem

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Membership], Client]
STAFF = Actor.system("admin")


def wish(member: Membership, at: datetime, *, tag: str = "sso", what: str = "SSO with Entra") -> FeatureRequest:
    actor = Actor(user=member.user)
    return ask_feature(
        account=member.account, membership=member, what=what, why="We all sign in there", tag=tag, actor=actor, at=at
    )


def open_signals() -> dict[str, Signal]:
    found = Signal.objects.filter(kind=Signal.Kind.FEATURE_ASKED, ended_at__isnull=True)
    return {signal.subject: signal for signal in found}


def test_a_wish_for_single_sign_on_is_a_signal_with_a_task(
    account: Account, owner: Membership, member: Membership, now: datetime
) -> None:
    wish(member, now)
    wish(owner, now, what="SAML")
    wish(member, now, tag="other", what="Dark charts")
    sweep_account(account=account, at=now)
    [(tag, signal)] = open_signals().items()
    assert tag == "sso"
    assert {name: signal.evidence[name] for name in ("requests", "people", "newest")} == {
        "requests": 2,
        "people": 2,
        "newest": "SAML",
    }
    assert sentence_of(signal) == "2 requests about Single sign-on wait for an answer; the newest: SAML."
    task = ExpansionTask.objects.get(playbook="feature_asked")
    assert (task.subject, signal.task) == ("sso", task)
    sweep_account(account=account, at=now + timedelta(hours=1))
    assert ExpansionTask.objects.filter(playbook="feature_asked").count() == 1


def test_each_tag_has_its_own_and_an_answer_ends_it(
    account: Account, member: Membership, owner: Membership, now: datetime
) -> None:
    wishes = [wish(member, now, tag=tag) for tag in ("sso", "admin", "team")]
    sweep_account(account=account, at=now)
    assert set(open_signals()) == {"sso", "admin", "team"}
    assert ExpansionTask.objects.filter(playbook="feature_asked").count() == 3
    answer_feature(wish=wishes[0], state="planned", answer="In spring.", actor=STAFF, at=now)
    sweep_account(account=account, at=now + timedelta(hours=1))
    assert set(open_signals()) == {"admin", "team"}


def test_who_asked_reads_the_answer_once_for_each_state(account: Account, member: Membership, now: datetime) -> None:
    row = wish(member, now)
    answer_feature(wish=row, state="planned", answer="In spring.", actor=STAFF, at=now)
    with pytest.raises(FeatureAnswered):
        answer_feature(wish=row, state="planned", answer="Again", actor=STAFF, at=now)
    answer_feature(wish=row, state="shipped", answer="", actor=STAFF, at=now)
    for notice in Notice.objects.order_by("pk"):
        deliver_notice(notice_id=notice.pk, at=now)
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        (["mia@acme.example"], "Planned: SSO with Entra"),
        (["mia@acme.example"], "You can use it now: SSO with Entra"),
    ]
    assert "In spring." in str(mail.outbox[0].body)
    assert "/a/acme/feature-requests/" in str(mail.outbox[0].body)
    actions = AuditEntry.objects.filter(target=row.public_id).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["feature.asked", "feature.planned", "feature.shipped"]


def test_limits(account: Account, member: Membership, now: datetime) -> None:
    for field in ("what", "why"):
        words = {"what": "A", "why": "B"} | {field: "  "}
        with pytest.raises(FeatureUnsaid) as refused:
            ask_feature(account=account, membership=member, tag="sso", actor=STAFF, at=now, **words)
        assert refused.value.field == field
    assert FeatureRequest.objects.count() == 0
    for _ in range(MOST_A_DAY):
        wish(member, now)
    with pytest.raises(TooManyWishes):
        wish(member, now)
    assert FeatureRequest.objects.count() == MOST_A_DAY
    wish(member, now + timedelta(days=2))


def test_the_page_takes_a_wish_and_lists_the_accounts_own(
    account: Account, member: Membership, outsider: Membership, client_of: SignIn, now: datetime
) -> None:
    wish(outsider, now, what="A secret of others")
    browser, url = client_of(member), f"/a/{account.slug}/feature-requests/"
    assert "Nothing asked for yet" in browser.get(url).text
    for broken in ({}, {"what": "x" * 121, "why": "y", "tag": "sso"}, {"what": "a", "why": "b", "tag": "gold"}):
        assert browser.post(url, broken).status_code == 422
    assert FeatureRequest.objects.filter(account=account).count() == 0
    page = browser.post(url, {"what": "Roles", "why": "Teams of ours", "tag": "team"}, follow=True).text
    assert "Your request is kept." in page
    assert "Roles" in page
    assert "A secret of others" not in page
    answer_feature(wish=FeatureRequest.objects.get(what="Roles"), state="declined", answer="No.", actor=STAFF, at=now)
    page = browser.get(url).text
    assert "Declined" in page
    assert ": No." in page


def test_the_api_takes_and_lists(account: Account, owner: Membership, member: Membership, now: datetime) -> None:
    acme = integrator_of(owner, now)
    body = {"what": "SCIM", "why": "Joiners", "tag": "admin"}
    made = acme.post("feature-requests", body)
    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["asked_by"]) == ("new", "olivia@acme.example")
    assert acme.post("feature-requests", body | {"member_id": member.public_id}).json()["asked_by"] == member.user.email
    for wrong, code in (({"tag": "gold"}, "validation_failed"), ({"member_id": "mem_nobody"}, "not_a_member")):
        refused = acme.post("feature-requests", body | wrong)
        assert refused.status_code in (400, 422)
        assert problem(refused)["code"] == code
    assert FeatureRequest.objects.count() == 2
    wish(member, now, tag="other")
    assert [row["tag"] for row in acme.get("feature-requests?tag=admin").json()["results"]] == ["admin", "admin"]
    assert acme.get("feature-requests?state=planned").json()["results"] == []


def test_staff_answer_on_their_screen(account: Account, member: Membership, now: datetime, settings: Any) -> None:
    row = wish(member, now)
    settings.STAFF_NEED_MFA = False
    staff = Client()
    staff.force_login(
        make_user("Stella", domain="vendor.example", is_staff=True, is_superuser=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    screen = f"/staff/seats/featurerequest/{row.pk}"
    assert "Decline it" in staff.get(f"{screen}/change/").text
    done = staff.post(f"{screen}/act/plan/", {"reason": "In spring."})
    assert done.status_code == 302
    row.refresh_from_db()
    assert (row.state, row.answer) == ("planned", "In spring.")
    assert "Plan it" not in staff.get(f"{screen}/change/").text
    assert Notice.objects.filter(kind="feature_answered", user=member.user).count() == 1
