"""What templates may write: money, dates, drawings."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from seatportal.templatetags.portal import ago, clock, day, initials, moment, money, money_signed, page_url, short_day

AT = datetime(2026, 4, 16, 12, 17, tzinfo=UTC)


def test_money_follows_the_language() -> None:
    with translation.override("de"):
        assert money(4000, "usd") == "40,00\xa0$"
    with translation.override("en"):
        assert money(None, "usd") == ""
        assert [money_signed(x, "usd") for x in (8000, 0, -8000)] == ["+$80.00", "$0.00", "−$80.00"]


@pytest.mark.parametrize(
    ("language", "text"), [("en", "1 May 2026"), ("de", "1. Mai 2026"), ("es", "1 de mayo de 2026")]
)
def test_day_names_the_month(language: str, text: str) -> None:
    with translation.override(language):
        assert day(date(2026, 5, 1)) == text


@pytest.mark.parametrize(("language", "text"), [("en", "1 Sep"), ("de", "1. Sep"), ("es", "1 sep")])
def test_short_day_shortens_the_month(language: str, text: str) -> None:
    with translation.override(language):
        assert short_day(date(2026, 9, 1)) == text


def test_moments_are_told_in_the_active_zone_with_its_name() -> None:
    with translation.override("en"), timezone.override("Europe/Berlin"):
        assert clock(AT) == "14:17 CEST"
        assert moment(AT) == "16 April 2026, 14:17 CEST"
        assert day(datetime(2026, 4, 30, 22, 30, tzinfo=UTC)) == "1 May 2026"


def test_ago_says_the_words_and_the_moment() -> None:
    then = timezone.now() - timedelta(days=3)
    with translation.override("en"):
        text = ago(then)
        assert ">3 days ago<" in text
        assert f'datetime="{then.isoformat()}" title="{moment(then)}"' in text
        assert ago(None) == "never"
        assert ">just now<" in ago(timezone.now())


@pytest.mark.parametrize(
    ("name", "letters"), [("Ana López", "AL"), ("ben@acme.test", "BE"), ("Jean-Luc van Dam", "JD"), ("", "?")]
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_page_url_changes_only_what_is_named() -> None:
    request = RequestFactory().get("/seats/", {"q": "ana & co", "state": "idle", "after": "7"})

    url = page_url(Context({"request": request}), state="active", after=None)

    assert url == "?q=ana+%26+co&state=active"


def test_seat_bar_draws_what_is_over_the_purchase_apart() -> None:
    html = Template("{% seat_bar 10 12 8 %}").render(Context())

    assert 'class="seatbar-assigned" width="83.33%"' in html
    assert 'class="seatbar-active" width="66.67%"' in html
    assert 'class="seatbar-over" x="83.33%" width="16.67%"' in html
    assert "8 active of 12 assigned of 10 purchased seats" in html


def test_spark_has_a_bar_a_day_and_a_sentence() -> None:
    html = Template('{% spark values "Active 2 of 3 days" %}').render(Context({"values": [0, 1, 4]}))

    assert html.count("<rect") == 3
    assert html.count('class="none"') == 1
    assert 'aria-label="Active 2 of 3 days"' in html


def test_a_block_is_echoed_once_escaped() -> None:
    base = Template("<title>{% echo_block 'title' %}</title><h1>{% block title %}{% endblock %}</h1>")
    page = Template("{% extends base %}{% block title %}{{ name }} & <b>seats</b>{% endblock %}")

    html = page.render(Context({"base": base, "name": "A&B"}))

    assert html == "<title>A&amp;B &amp; seats</title><h1>A&amp;B & <b>seats</b></h1>"
