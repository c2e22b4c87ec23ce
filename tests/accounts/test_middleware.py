"""A signed-in person's language and time zone; the way home; the frame."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.access import frame
from accounts.access.context import frame as frame_context
from accounts.access.frame import Banner, NavEntry, banner_of, nav_of
from accounts.access.middleware import PersonalSettingsMiddleware
from accounts.access.pages import AccountRequest, requires
from accounts.models import Account, Membership, Role, User
from tests.accounts.conftest import browser_of
from tests.factories.accounts import AccountFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_profiles_language_wins_over_browser_and_cookie() -> None:
    browser = browser_of(UserFactory.create(locale="de"))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"

    response = browser.get(reverse("accounts:profile"), headers={"Accept-Language": "en"})

    assert response.headers["Content-Language"] == "de"
    assert '<html lang="de"' in response.content.decode()


def test_a_language_chosen_in_the_footer_is_kept() -> None:
    user = UserFactory.create(locale="de")

    browser_of(user).post(reverse("set_language"), {"language": "es", "next": "/profile/"})

    assert User.objects.get().locale == "es"


def test_an_unknown_language_changes_nothing() -> None:
    user = UserFactory.create(locale="de")

    browser_of(user).post(reverse("set_language"), {"language": "xx", "next": "/profile/"})

    assert User.objects.get().locale == "de"


def test_a_visitors_language_is_a_cookie() -> None:
    response = Client().post(reverse("set_language"), {"language": "es", "next": "/"})

    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "es"


@pytest.mark.parametrize(
    ("own", "expected"), [("Asia/Tokyo", "Asia/Tokyo"), ("", "Europe/Berlin")], ids=["own", "account's"]
)
def test_time_zone_within_a_page_and_none_after_it(own: str, expected: str, rf: RequestFactory) -> None:
    user = UserFactory.create(time_zone=own)
    MembershipFactory.create(user=user, account=AccountFactory.create(slug="acme", time_zone="Europe/Berlin"))
    seen: list[str] = []

    @requires(None)
    def page(request: AccountRequest) -> HttpResponse:
        seen.append(timezone.get_current_timezone_name())
        return HttpResponse()

    def view(request: HttpRequest) -> HttpResponse:
        response = page(request, account_slug="acme")
        assert isinstance(response, HttpResponse)
        return response

    request = rf.get("/")
    request.user = user
    request.session = {}  # type: ignore[assignment]
    PersonalSettingsMiddleware(view)(request)

    assert seen == [expected]
    assert timezone.get_current_timezone_name() == "UTC"


def test_home_for_a_visitor_is_the_sign_in() -> None:
    assert Client().get("/")["Location"] == reverse("account_login")


def test_home_without_an_account_is_the_choice() -> None:
    assert browser_of(UserFactory.create()).get("/")["Location"] == reverse("accounts:my_accounts")


def test_home_of_staff_without_an_account_is_the_staff_site() -> None:
    assert browser_of(UserFactory.create(is_staff=True)).get("/")["Location"] == reverse("admin:index")


def test_home_leads_to_the_account_of_last_time(acme: Account, olga: Membership) -> None:
    MembershipFactory.create(
        user=olga.user, account=AccountFactory.create(name="Aardvark", slug="aardvark"), role=Role.ADMIN
    )
    browser = browser_of(olga.user)

    first = browser.get("/")["Location"]
    asked = browser.get("/?account=acme")["Location"]
    again = browser.get("/")["Location"]
    foreign = browser.get(f"/?account={AccountFactory.create().slug}")["Location"]

    assert first == foreign == "/a/aardvark/settings/"
    assert asked == again == "/a/acme/settings/"


def test_home_of_a_plain_member_without_places_is_the_profile(acme: Account, mia: Membership) -> None:
    assert browser_of(mia.user).get("/")["Location"] == reverse("accounts:profile")


def request_of(membership: Membership, path: str, rf: RequestFactory) -> AccountRequest:
    request = rf.get(path)
    request.user = membership.user
    request.session = {}  # type: ignore[assignment]
    from accounts.access.pages import enter

    enter(request, membership.account.slug)  # type: ignore[arg-type]
    return request  # type: ignore[return-value]


def test_the_rail_shows_what_a_role_may_open(
    acme: Account, olga: Membership, mia: Membership, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [
        NavEntry("Trail", "book-open", "accounts:audit_trail", "audit.view", 20, count=lambda request: 3),
        NavEntry("Leave", "x", "accounts:leave", None, 10),
        NavEntry("Top", "x", "accounts:settings", "audit.view", 30, exact=True),
    ]
    monkeypatch.setattr(frame, "NAV", places)

    owners = nav_of(request_of(olga, "/a/acme/settings/audit/", rf))
    members = nav_of(request_of(mia, "/a/acme/leave/", rf))

    assert [(link.label, link.current, link.count) for link in owners] == [
        ("Leave", False, 0),
        ("Trail", True, 3),
        ("Top", False, 0),
        ("Settings", True, 0),
    ]
    assert [(link.label, link.current) for link in members] == [("Leave", True)]


def test_the_gravest_banner_is_shown(olga: Membership, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def source(banner: Banner | None) -> Callable[[AccountRequest], Banner | None]:
        return lambda request: banner

    found = [source(Banner("warn", "Over", gravity=1)), source(None), source(Banner("bad", "Past due", gravity=2))]
    monkeypatch.setattr(frame, "BANNERS", found)
    banner = banner_of(request_of(olga, "/", rf))

    assert banner is not None
    assert banner.title == "Past due"


def test_the_frame_of_a_visitor(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.COOKIES["theme"] = "dark"

    assert frame_context(request) == {"theme": "dark", "impersonating": None}


@pytest.mark.parametrize(("theme", "kept"), [("dark", "dark"), ("pink", "auto")])
def test_the_theme_is_kept(theme: str, kept: str) -> None:
    user = UserFactory.create()

    response = browser_of(user).post(reverse("accounts:set_theme"), {"theme": theme, "next": "/profile/"})

    assert response["Location"] == "/profile/"
    assert User.objects.get().theme == kept


def test_the_theme_form_leads_nowhere_else() -> None:
    response = Client().post(reverse("accounts:set_theme"), {"theme": "dark", "next": "https://evil.example/"})

    assert response["Location"] == "/"
    assert response.cookies["theme"].value == "dark"
