"""What stands around every page: navigation and banners. Apps above add theirs in AppConfig.ready()."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access.pages import AccountRequest


@dataclass(frozen=True)
class Banner:
    """One message above the page. kind: bad, warn, good or info. gravity: the highest one is shown."""

    kind: str
    title: str | Promise
    text: str | Promise = ""
    action_label: str | Promise = ""
    action_url: str = ""
    gravity: int = 0


@dataclass(frozen=True)
class NavEntry:
    """A place in the rail. `url_name` is reversed with the account's slug; `order` sorts, low first.

    capability: who sees it, None for every member. count: an optional small figure beside the label.
    exact: current only on its own address, for a place whose address begins all the others.
    """

    label: str | Promise
    icon: str
    url_name: str
    capability: str | None
    order: int
    count: Callable[[AccountRequest], int] | None = None
    exact: bool = False


@dataclass(frozen=True)
class NavLink:
    """An entry as drawn for one request."""

    label: str | Promise
    icon: str
    url: str
    current: bool
    count: int


NAV: list[NavEntry] = []
BANNERS: list[Callable[[AccountRequest], Banner | None]] = []
# The places of the settings pages, drawn as tabs below Settings.
SETTINGS: list[NavEntry] = [
    NavEntry(_("Account"), "settings", "accounts:settings", "account.manage", 10),
    NavEntry(_("People"), "users", "accounts:people", "members.manage", 20),
    NavEntry(_("Departments and regions"), "building-2", "accounts:structure", "account.manage", 30),
    NavEntry(_("Sign-in and domains"), "fingerprint", "accounts:sign_in_settings", "account.manage", 40),
    NavEntry(_("API keys"), "key-round", "accounts:api_keys", "keys.manage", 60),
    NavEntry(_("Directories"), "users", "accounts:directories", "keys.manage", 65),
    NavEntry(_("Webhooks"), "webhook", "accounts:webhooks", "webhooks.manage", 66),
    NavEntry(_("Audit trail"), "book-open", "accounts:audit_trail", "audit.view", 70),
]


def links(request: AccountRequest, entries: list[NavEntry]) -> list[NavLink]:
    """The entries that this member may open, in order; the current one is the longest match of the address."""
    allowed = sorted(
        (e for e in entries if e.capability is None or e.capability in request.capabilities), key=lambda e: e.order
    )
    urls = {entry: reverse(entry.url_name, args=[request.account.slug]) for entry in allowed}
    path = request.path
    matching = (url for entry, url in urls.items() if path == url or (path.startswith(url) and not entry.exact))
    current = max(matching, key=len, default="")
    return [
        NavLink(e.label, e.icon, url, url == current, e.count(request) if e.count else 0) for e, url in urls.items()
    ]


def nav_of(request: AccountRequest) -> list[NavLink]:
    """The rail: the apps' places, then Settings, which opens the first of its pages that the member may see."""
    settings = settings_of(request)
    rail = links(request, NAV)
    if settings:
        inside = any(link.current for link in settings)
        rail.append(NavLink(_("Settings"), "settings", settings[0].url, inside, 0))
    return rail


def settings_of(request: AccountRequest) -> list[NavLink]:
    """The tabs of the settings pages."""
    return links(request, SETTINGS)


def banner_of(request: AccountRequest) -> Banner | None:
    """The gravest banner there is."""
    found = [banner for source in BANNERS if (banner := source(request)) is not None]
    return max(found, key=lambda banner: banner.gravity, default=None)
