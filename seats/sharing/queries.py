"""Cases for those who may see them, and the words of their evidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Membership
from seatportal.templatetags.portal import moment
from seats.models import SharingCase, UsageSettings
from seats.usage.settings import groups_only


@dataclass(frozen=True)
class Told:
    """A case in words. sentence: what was seen; lines: one piece of evidence each."""

    case: SharingCase
    sentence: str
    lines: list[str]


def case_for(membership: Membership) -> SharingCase | None:
    """What the person is asked, if anything."""
    return SharingCase.objects.filter(
        account=membership.account_id, membership=membership, answer="", closed_at__isnull=True
    ).first()


def shown_cases(account: Account) -> QuerySet[SharingCase]:
    """What admins and staff may see, with names; nothing where usage is shown for groups only."""
    return _cases(account).filter(shown_at__isnull=False).select_related("membership__user", "closed_by")


def found_cases(account: Account) -> QuerySet[SharingCase]:
    """The open ones with those that only their people know, for whoever tries the detector at the server's console."""
    return _cases(account).filter(closed_at__isnull=True).select_related("membership__user")


def open_cases(account: Account) -> QuerySet[SharingCase]:
    """Those that wait for an admin."""
    return shown_cases(account).filter(closed_at__isnull=True)


def _cases(account: Account) -> QuerySet[SharingCase]:
    return SharingCase.objects.none() if groups_only(account) else SharingCase.objects.filter(account=account)


def cases_for_staff() -> QuerySet[SharingCase]:
    """Those of every account that the vendor's staff may see: never before the account's admins do."""
    private = UsageSettings.objects.filter(account=OuterRef("account"), groups_only=True)
    return SharingCase.objects.filter(~Exists(private), shown_at__isnull=False)


def cases_to_sell(first: int, last: int) -> QuerySet[SharingCase]:
    """The open ones of many accounts, by primary key, both included: seats could answer them."""
    return cases_for_staff().filter(account_id__gte=first, account_id__lte=last, closed_at__isnull=True)


def tell(case: SharingCase) -> Told:
    """The case in the reader's language and time zone."""
    return Told(case, sentence_of(case), list(_lines(case.evidence)))


def sentence_of(case: SharingCase) -> str:
    """What was seen, without a judgement."""
    if case.at_once > 1:
        text = ngettext(
            "Used on %(devices)s device, at one moment in %(places)s places at once.",
            "Used on %(devices)s devices, at one moment in %(places)s places at once.",
            case.devices,
        )
    else:
        text = ngettext("Used on %(devices)s device.", "Used on %(devices)s devices.", case.devices)
    return text % {"devices": case.devices, "places": case.at_once}


def _lines(evidence: dict[str, Any]) -> Iterable[str]:
    for moment_ in evidence["moments"]:
        yield _("%(devices)s were in use at once, each on a network of its own, on %(when)s.") % {
            "devices": _names(moment_["devices"]),
            "when": moment(_at(moment_["from_at"])),
        }
    for trip in evidence["trips"]:
        words = {
            "one": _device(trip["leaves"]),
            "other": _device(trip["arrives"]),
            "km": number_format(trip["km"], force_grouping=True),
            "minutes": trip["minutes"],
            "when": moment(_at(trip["at"])),
        }
        if trip["minutes"]:
            yield (
                ngettext(
                    "%(one)s and then %(other)s were used %(km)s km apart within %(minutes)s minute, on %(when)s.",
                    "%(one)s and then %(other)s were used %(km)s km apart within %(minutes)s minutes, on %(when)s.",
                    trip["minutes"],
                )
                % words
            )
        else:
            yield _("%(one)s and %(other)s were used %(km)s km apart at the same time, on %(when)s.") % words
    for device in evidence["devices"]:
        yield ngettext(
            "%(device)s was used on %(days)s day, last on %(when)s.",
            "%(device)s was used on %(days)s days, last on %(when)s.",
            device["days"],
        ) % {"device": _device(device["name"]), "days": device["days"], "when": moment(_at(device["last_at"]))}


def _names(letters: Iterable[str]) -> str:
    return get_text_list([_device(letter) for letter in letters], _("and"))


def _device(letter: str) -> str:
    return _("Device %(letter)s") % {"letter": letter}


def _at(text: str) -> datetime | None:
    return parse_datetime(text)
