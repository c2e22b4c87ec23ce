"""What every template may write: money, dates, icons and the small drawings in tables. No query, no rule."""

from collections.abc import Sequence
from datetime import date, datetime
from html import unescape
from typing import Any

from babel.dates import format_timedelta
from django import template
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, to_locale

from seatportal.kit.money import format_money

register = template.Library()

# Months are always words, so that no reader mistakes the order of the numbers.
DAY_FORMATS = {"de": "j. F Y", "es": r"j \d\e F \d\e Y"}
SHORT_DAY_FORMATS = {"de": "j. M", "es": "j b"}


@register.filter
def money(amount: int | None, currency: str) -> str:
    """`{{ 4000|money:"usd" }}`: minor units for the reader's language, "$40.00". Nothing for None."""
    return "" if amount is None else format_money(amount, currency, _language())


@register.filter
def money_signed(amount: int | None, currency: str) -> str:
    """As `money`, with a plus in front of what is added: "+$80.00"."""
    return f"+{money(amount, currency)}" if amount is not None and amount > 0 else money(amount, currency)


@register.filter
def day(value: date | datetime | None) -> str:
    """A date with the month's name, in the active time zone: "1 May 2026"."""
    return _date(value, DAY_FORMATS.get(_language()[:2], "j F Y"))


@register.filter
def short_day(value: date | datetime | None) -> str:
    """Day and month for narrow columns: "1 Sep"."""
    return _date(value, SHORT_DAY_FORMATS.get(_language()[:2], "j M"))


@register.filter
def clock(value: datetime | None) -> str:
    """The time of day in the active zone, with its name: "14:32 CEST"."""
    return "" if value is None else date_format(timezone.localtime(value), "H:i T")


@register.filter
def moment(value: datetime | None) -> str:
    """Day, time and zone: "16 April 2026, 14:17 CEST"."""
    return "" if value is None else f"{day(value)}, {clock(value)}"


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago or ahead in words, the exact moment on hover and for screen readers. "never" for None."""
    if value is None:
        return gettext("never")
    away = value - timezone.now()
    if abs(away.total_seconds()) < 60:
        words = gettext("just now")
    else:
        words = format_timedelta(away, add_direction=True, locale=to_locale(_language()))
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>',
        value.isoformat(),
        moment(value),
        words,
        moment(value),
    )


@register.filter
def initials(name: str) -> str:
    """Two letters for the round picture: "Ana López" is AL, "ben@acme.test" is BE."""
    words = name.split("@")[0].replace(".", " ").replace("-", " ").replace("_", " ").split()
    if len(words) > 1:
        return (words[0][0] + words[-1][0]).upper()
    return words[0][:2].upper() if words else "?"


@register.simple_tag
def icon(name: str, label: str = "", size: int = 16) -> SafeString:
    """One symbol of the sprite. Without a label it is decoration and hidden from screen readers."""
    css = "icon icon-20" if size == 20 else "icon"
    href = f"{static('portal/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, href)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, href)


@register.simple_tag
def countdown(until: datetime, done: str = "") -> SafeString:
    """The time left in words where a script runs, the hour where none does; `done` is said when it is over."""
    return format_html(
        '<time data-countdown datetime="{}" data-left="{}" data-done="{}">{}</time>',
        until.isoformat(),
        gettext("%s left"),
        done,
        gettext("until %(time)s") % {"time": clock(until)},
    )


@register.simple_tag(takes_context=True)
def page_url(context: Context, **changes: Any) -> str:
    """The present query string with some values replaced; None or "" takes one out: `{% page_url after=key %}`."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def echo_block(context: Context, name: str) -> str:
    """The words of a block that stands elsewhere on the page, so that <title> and <h1> are written once."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return " ".join(unescape(strip_tags(block.render(context))).split()) if block else ""


@register.inclusion_tag("components/seat_bar.html")
def seat_bar(purchased: int, assigned: int, active: int, *, slim: bool = False) -> dict[str, Any]:
    """Active within assigned within purchased as one bar; what is above the purchase is drawn apart."""
    whole = max(purchased, assigned, 1)
    return {
        "purchased": purchased,
        "assigned": assigned,
        "active": active,
        "slim": slim,
        "assigned_width": _percent(min(assigned, purchased), whole),
        "active_width": _percent(min(active, assigned, purchased), whole),
        "over_width": _percent(max(assigned - purchased, 0), whole),
        "limit_at": _percent(purchased, whole),
    }


@register.inclusion_tag("components/spark.html")
def spark(values: Sequence[int], label: str) -> dict[str, Any]:
    """One small bar a day; `label` is the sentence that stands for the drawing."""
    top = max([*values, 1])
    step = 100 / max(len(values), 1)
    bars = [
        {
            "x": f"{index * step:.2f}",
            "width": f"{step * 0.7:.2f}",
            "height": f"{max(value / top * 24, 2):.1f}" if value else "1.5",
            "y": f"{24 - max(value / top * 24, 2):.1f}" if value else "22.5",
            "empty": not value,
        }
        for index, value in enumerate(values)
    ]
    return {"bars": bars, "label": label}


def _date(value: date | datetime | None, words: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
    return date_format(value, words)


def _language() -> str:
    return get_language() or "en"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%"
