"""The catalogues: whole, compiled, in the words the product has agreed on, and in the tone it speaks."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.encoding import force_str
from django.utils.translation.template import templatize

from accounts.sign_in import SAID_FORMALLY

type Id = tuple[str, ...]

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "seatportal" / "locale"
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
SOURCES = ("accounts", "billing", "seatportal", "seats", "templates")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}|</?\w[^>]*>")
# Said nowhere: "please" and exclamation marks; and who reads is spoken to formally.
NEVER = {
    "de": re.compile(r"!|\bbitte\b|\b(du|dich|dir|dein\w*|euch|euer|eure\w*)\b", re.IGNORECASE),
    "es": re.compile(r"[!¡]|\bpor favor\b|\b(tú|tus?|ti|contigo|vosotr\w+|vuestr\w+)\b", re.IGNORECASE),
}
PAY = ("Pay %(amount)s and add %(count)d seat", "Pay %(amount)s and add %(count)d seats")
PAY_AGAIN = ("Pay %(amount)s and add %(count)s seat", "Pay %(amount)s and add %(count)s seats")
# The product's agreed words. Of a plural, the forms for one and for several.
BINDING: dict[str, dict[Id, Id]] = {
    "de": {
        ("Due now",): ("Jetzt fällig",),
        ("Next invoice on %(day)s",): ("Nächste Rechnung am %(day)s",),
        PAY: (
            "%(count)d Seat zahlungspflichtig hinzufügen – %(amount)s",
            "%(count)d Seats zahlungspflichtig hinzufügen – %(amount)s",
        ),
        PAY_AGAIN: (
            "%(count)s Seat zahlungspflichtig hinzufügen – %(amount)s",
            "%(count)s Seats zahlungspflichtig hinzufügen – %(amount)s",
        ),
        ("Free seats",): ("Verfügbare Seats",),
        ("Reassign seat",): ("Seat neu zuweisen",),
        ("Your card was declined. You were not charged and no seats were added.",): (
            "Ihre Karte wurde abgelehnt. Es wurde nichts abgebucht und kein Seat hinzugefügt.",
        ),
        ("Your bank asks you to confirm this payment.",): ("Ihre Bank bittet Sie, diese Zahlung zu bestätigen.",),
    },
    "es": {
        ("Due now",): ("A pagar ahora",),
        ("Next invoice on %(day)s",): ("Próxima factura el %(day)s",),
        PAY: ("Pagar %(amount)s y añadir %(count)d asiento", "Pagar %(amount)s y añadir %(count)d asientos"),
        PAY_AGAIN: ("Pagar %(amount)s y añadir %(count)s asiento", "Pagar %(amount)s y añadir %(count)s asientos"),
        ("Free seats",): ("Asientos disponibles",),
        ("Reassign seat",): ("Reasignar asiento",),
        ("Your card was declined. You were not charged and no seats were added.",): (
            "Su tarjeta fue rechazada. No se ha cobrado nada ni se han añadido asientos.",
        ),
        ("Your bank asks you to confirm this payment.",): ("Su banco le pide que confirme este pago.",),
    },
}


def _forms(text: str | list[str] | tuple[str, ...] | None) -> Id:
    return (text,) if isinstance(text, str) else tuple(text or ())


def _messages(catalogue: Catalog) -> dict[tuple[str | None, Id], Id]:
    """(context, the English form or forms) -> the language's forms."""
    # Babel reads the context of a compiled catalogue as bytes.
    return {(m.context and force_str(m.context), _forms(m.id)): _forms(m.string) for m in catalogue if m.id}


def _po(language: str) -> dict[tuple[str | None, Id], Id]:
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return _messages(read_po(file))


def _mo(language: str) -> dict[tuple[str | None, Id], Id]:
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return _messages(read_mo(file))


def _said() -> Iterator[tuple[str, str | None, Id]]:
    """Every message of the code and the templates: where, context, English form or forms."""
    for path in sorted(p for top in SOURCES for p in (ROOT / top).rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"}:
            continue
        text = path.read_text()
        # What templatize leaves of a page is read as Python, which minds the indentation.
        source = text if path.suffix == ".py" else "\n".join(line.strip() for line in templatize(text).splitlines())
        for _, message, _, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
            yield str(path.relative_to(ROOT)), context, _forms(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_none_is_a_guess(language: str) -> None:
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalogue = read_po(file)
    assert not catalogue.fuzzy
    assert [m.id for m in catalogue if m.id and (m.fuzzy or not m.string or not all(_forms(m.string)))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_knows_every_message_of_the_code(language: str) -> None:
    # A plural is found by its first form, as gettext finds it.
    known = {(context, text[0]) for context, text in _po(language)}
    said = list(_said())
    assert len(said) > 1000
    assert [line for line in said if (line[1], line[2][0]) not in known] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_form_has_the_placeholders_and_tags_of_the_english(language: str) -> None:
    different = [
        (english, form)
        for (_, text), forms in _po(language).items()
        for index, form in enumerate(forms)
        if sorted(PLACEHOLDER.findall(form)) != sorted(PLACEHOLDER.findall(english := text[min(index, len(text) - 1)]))
    ]
    assert different == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    assert _mo(language) == _po(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tone_is_formal_and_calm(language: str) -> None:
    assert [form for forms in _po(language).values() for form in forms if NEVER[language].search(form)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_agreed_words_are_used_as_agreed(language: str) -> None:
    messages = _po(language)
    found = {text: messages[None, text] for text in BINDING[language]}
    assert {text: (forms[0], forms[-1])[: len(text)] for text, forms in found.items()} == BINDING[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_words_come_before_those_of_the_packages(language: str) -> None:
    messages = _po(language)
    with translation.override(language):
        assert [translation.gettext(text) for text in SAID_FORMALLY] == [messages[None, (x,)][0] for x in SAID_FORMALLY]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_of_ours_renames_a_month(language: str) -> None:
    """Django looks months up in the same catalogue: a word of ours such as "may" would stand in every date."""
    with translation.override("en"):
        months = {str(name) for name in (*MONTHS.values(), *MONTHS_3.values())}
    assert [text for context, text in _po(language) if context is None and text[0] in months] == []
