"""German and Spanish pages say everything in their language: nothing that the English page says stands in them."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import AuditEntry, Invitation, MailDomain, Membership
from billing.models import Invoice, Plan
from seats.models import DailyUsage, FeatureRequest, LedgerEntry, RolloutPlan, SeatRequest, ValueGoal
from tests.browser.conftest import Visit
from tests.browser.demo import Studio
from tests.browser.test_barriers import MAIN_PAGES

pytestmark = pytest.mark.django_db(transaction=True)

MORE_PAGES = ("plan/", "plan/card/", "me/", "settings/", "settings/people/", "settings/limit/", "settings/audit/")
# What the price box, the button and the answers must say, for two seats in the middle of a period.
WORDS = {
    "de": {
        "due": "Jetzt fällig",
        "next": "Nächste Rechnung am ",
        "charged": "Wird heute abgebucht von",
        "button": "2 Seats zahlungspflichtig hinzufügen – 40,00\xa0$",
        "done": "2 Seats hinzugefügt",
    },
    "es": {
        "due": "A pagar ahora",
        "next": "Próxima factura el ",
        "charged": "Se cargará hoy a",
        "button": "Pagar 40,00\xa0$ y añadir 2 asientos",
        "done": "2 asientos añadidos",
    },
}
# Words that are the same in both languages.
SAME = {
    "de": {"admin", "details", "limit", "name", "optional", "person", "region", "seats", "team", "webhooks"},
    "es": {"admin", "plan", "webhooks"},
}
# What is not a word: our ids, a month in short with its year, and capitals (CSV, WET).
NO_WORD = re.compile(r"\b[a-z]{3,4}_[a-z0-9]{20}\b|\b[A-Z][a-z]{2} \d{4}\b|\b[A-Z]{3,4}\b")
# Every text that is written on the page for people, without names, addresses and figures, which no one translates.
TEXTS = """() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.replace(/\\s+/g, " ").trim();
    const box = walker.currentNode.parentElement;
    if (/\\p{L}{3}/u.test(text) && !box.closest("script, option, [translate=no]")) found.add(text);
  }
  return [...found];
}"""


def texts_of(page: Page, studio: Studio, language: str) -> dict[str, set[str]]:
    """What stands on each main page for a reader of the language, by the page's path."""
    studio.owner.user.locale = language
    studio.owner.user.save()
    found: dict[str, set[str]] = {}
    for path in (*MAIN_PAGES, *MORE_PAGES):
        page.goto(f"/a/{studio.account.slug}/{path}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        found[path] = set(page.evaluate(TEXTS))
    return found


def names_in(studio: Studio) -> set[str]:
    """What people have written or are called, which nobody translates."""
    account = studio.account
    names = {account.name, account.slug, "Seat Portal", "Visa"}
    for row in Membership.objects.filter(account=account).select_related("user", "department", "region"):
        names |= {row.user.name, row.user.email, row.title, str(row.department), str(row.region)}
    names |= {row.email for row in Invitation.objects.filter(account=account)}
    names |= {row.name for row in Invitation.objects.filter(account=account)}
    names |= {row.number for row in Invoice.objects.filter(account=account)}
    names |= {row.reason for row in LedgerEntry.objects.filter(account=account)}
    names |= set(DailyUsage.objects.filter(account=account).values_list("feature", flat=True))
    names |= set(ValueGoal.objects.filter(plan__account=account).values_list("name", flat=True))
    names |= set(FeatureRequest.objects.filter(account=account).values_list("what", flat=True))
    names |= set(SeatRequest.objects.filter(account=account).values_list("reason", flat=True))
    names |= set(RolloutPlan.objects.filter(account=account).values_list("name", flat=True))
    names |= set(MailDomain.objects.filter(account=account).values_list("name", flat=True))
    # The reason that was given for a rule.
    names |= set(
        AuditEntry.objects.filter(account=account, action="buying_policy.changed").values_list("summary", flat=True)
    )
    return (names | set(Plan.objects.values_list("name", flat=True))) - {""}


def untold(texts: set[str], names: list[str], same: set[str]) -> list[str]:
    """Those of the texts in which a word is left when names and what is alike are taken out."""
    found = []
    for text in texts:
        rest = NO_WORD.sub(" ", text)
        for name in names:
            rest = rest.replace(name, " ")
        if {word for word in re.findall(r"[^\W\d_]{3,}", rest.lower()) if word not in same}:
            found.append(text)
    return sorted(found)


@pytest.mark.parametrize("language", ["de", "es"])
def test_pages_and_a_purchase_speak_the_readers_language(studio: Studio, visit: Visit, language: str) -> None:
    page = visit(studio.owner)
    english, native = (texts_of(page, studio, code) for code in ("en", language))
    names = sorted(names_in(studio), key=len, reverse=True)
    left = {path: untold(english[path] & native[path], names, SAME[language]) for path in native}

    assert {path: texts for path, texts in left.items() if texts} == {}

    words = WORDS[language]
    page.goto(f"/a/{studio.account.slug}/seats/add/?add=2")
    price = page.get_by_role("region").filter(has_text="Visa •••• 4242")
    for word in (words["due"], words["next"], words["charged"]):
        expect(price.get_by_role("term").filter(has_text=word).first).to_be_visible()
    page.get_by_role("button", name=words["button"], exact=True).click()
    expect(page.get_by_role("heading", name=words["done"], level=2)).to_be_visible()
