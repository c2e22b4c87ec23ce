"""What a signal says, in the reader's language: the numbers it saw and the rule behind it. Pure."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seatportal.templatetags.portal import day as written
from seats.models import FeatureRequest, Signal

Kind = Signal.Kind
type Evidence = Mapping[str, Any]

RULES: dict[str, str | Promise] = {
    Kind.CROSSED: gettext_lazy(
        "At least 80 % of the purchased seats are assigned or active. Told once; again only after both fell below 75 %."
    ),
    Kind.FEW_LEFT: gettext_lazy(
        "Few free seats for the size: 1 up to 15 seats, 2 up to 25, then 10 % up to 99, 8 % up to 999, and 5 % above."
    ),
    Kind.FULL: gettext_lazy("Every purchased seat is taken."),
    Kind.LOW_ADOPTION: gettext_lazy(
        "Fewer than 60 % of the purchased seats are active, 30 days or more after the first purchase: adoption comes "
        "first."
    ),
    Kind.LOW_HEALTH: gettext_lazy(
        "The health score is below 50: use of the seats counts 55 %; its direction, champion and approver, and payment "
        "15 % each."
    ),
    Kind.SHARING: gettext_lazy(
        "One sign-in on three networks at once, or on many devices in places too far apart. Two devices never count."
    ),
    Kind.HEADCOUNT_GAP: gettext_lazy("At least 3 people without a seat, members or invited, would find no free one."),
    Kind.NEW_LEADER: gettext_lazy(
        "Somebody whose title leads a department joined in the last 30 days, an account with people long before that."
    ),
    Kind.POWER_USERS: gettext_lazy(
        "At least 3 people active on 12 or more of the last 20 working days, each with 3 or more features."
    ),
    Kind.NEW_DEPARTMENT: gettext_lazy(
        "A department got its first seat in the last 30 days, at least 30 days after the account's first seat."
    ),
    Kind.DEPARTMENT_GROWTH: gettext_lazy(
        "A department of 3 or more holds at least 30 % more seats than a year ago; 30 to 60 % a year is usual."
    ),
    Kind.INTEREST: gettext_lazy(
        "In the last 7 days, and not answered by a purchase: prices asked for and left, requests refused, or people "
        "who wait for a seat."
    ),
    Kind.CHAMPION_LEFT: gettext_lazy("A champion on the stakeholder map left the account or may no longer sign in."),
    Kind.RUNWAY: gettext_lazy(
        "At the pace of the last 90 days the seats run out before 90 days are over; procurement takes 60 to 90 days. "
        "For accounts with 50 seats or more, or that pay by invoice."
    ),
    Kind.FEATURE_ASKED: gettext_lazy(
        "Somebody asked for single sign-on, admin controls or team management, and nobody has answered yet."
    ),
    Kind.RENEWAL: gettext_lazy(
        "A long period or a commitment ends within 90 days, and at least 3 seats that are a tenth of all are free or "
        "were not used for 30 days."
    ),
    Kind.CHECK_IN: gettext_lazy(
        "7, 30, 60 and 90 days after the first day of the value plan; without one, after the first purchase."
    ),
    Kind.VALUE_PROVEN: gettext_lazy("A goal of the account's value plan reached its target."),
}


def _seats(evidence: Evidence) -> str:
    return (
        _("Assigned %(assigned)s of %(purchased)s, active in the last 30 days %(active)s of %(purchased)s.") % evidence
    )


def _health(evidence: Evidence) -> str:
    return _("Health %(score)s of 100, active in the last 30 days %(use)s %% of the purchased seats.") % evidence


def _left(evidence: Evidence) -> str:
    free = max(evidence["purchased"] - evidence["assigned"], 0)
    return ngettext("%(free)s of %(purchased)s seats is free.", "%(free)s of %(purchased)s seats are free.", free) % {
        "free": free,
        "purchased": evidence["purchased"],
    }


def _shared(evidence: Evidence) -> str:
    return (
        ngettext(
            "One sign-in on %(devices)s devices, %(at_once)s places at once: %(extra)s more person by estimate.",
            "One sign-in on %(devices)s devices, %(at_once)s places at once: %(extra)s more people by estimate.",
            evidence["extra"],
        )
        % evidence
    )


def _gap(evidence: Evidence) -> str:
    if evidence.get("invited"):
        return ngettext(
            "%(people)s person has no seat, %(invited)s of them invited; %(free)s seats are free.",
            "%(people)s people have no seat, %(invited)s of them invited; %(free)s seats are free.",
            evidence["people"],
        ) % {name: evidence[name] for name in ("people", "invited", "free")}
    return ngettext(
        "%(people)s member has no seat; %(free)s seats are free.",
        "%(people)s members have no seat; %(free)s seats are free.",
        evidence["people"],
    ) % {"people": evidence["people"], "free": evidence["free"]}


def _power(evidence: Evidence) -> str:
    return ngettext(
        "%(people)s person uses the product on most working days, with several features.",
        "%(people)s people use the product on most working days, with several features.",
        evidence["people"],
    ) % {"people": evidence["people"]}


def _leader(evidence: Evidence) -> str:
    words = (
        _("%(leader)s began as %(title)s in %(department)s.")
        if evidence["department"]
        else _("%(leader)s began as %(title)s.")
    )
    return words % {name: evidence[name] for name in ("leader", "title", "department")}


def _new_department(evidence: Evidence) -> str:
    words = _("%(department)s got its first seat on %(day)s, %(days)s days after the account's first one.")
    day = written(date.fromisoformat(evidence["first_seat"]))
    return words % {"department": evidence["department"], "day": day, "days": evidence["days_after_first"]}


def _growth(evidence: Evidence) -> str:
    words = _("%(department)s went from %(then)s to %(now)s seats in a year: %(percent)s %% more.")
    said = words % {name: evidence[name] for name in ("department", "then", "now", "percent")}
    # Episodes from before marks were kept have no such word.
    by_members = evidence.get("by_members", True)
    return " ".join([said, _("Counted by who belongs to it today.")]) if by_members else said


def _interest(evidence: Evidence) -> str:
    parts = []
    if count := evidence["left"]:
        words = ngettext(
            "%(count)s person asked for a price and left.", "%(count)s people asked for a price and left.", count
        )
        parts.append(words % {"count": count})
    if count := evidence["refused"]:
        words = ngettext("%(count)s request was refused.", "%(count)s requests were refused.", count)
        parts.append(words % {"count": count})
    if count := evidence["waiting"]:
        words = ngettext("%(count)s person waits for a seat.", "%(count)s people wait for a seat.", count)
        parts.append(words % {"count": count})
    return " ".join(parts)


def _champion(evidence: Evidence) -> str:
    words = ngettext(
        "%(champion)s is gone; %(others)s other champion is known.",
        "%(champion)s is gone; %(others)s other champions are known.",
        evidence["others"],
    )
    return words % {"champion": evidence["champion"], "others": evidence["others"]}


def _runway(evidence: Evidence) -> str:
    words = ngettext(
        "The free seats last about %(days)s day; procurement takes %(shortest)s to %(longest)s days.",
        "The free seats last about %(days)s days; procurement takes %(shortest)s to %(longest)s days.",
        evidence["days"],
    )
    return words % {name: evidence[name] for name in ("days", "shortest", "longest")}


def _feature(evidence: Evidence) -> str:
    words = ngettext(
        "%(requests)s request about %(tag)s waits for an answer; the newest: %(newest)s.",
        "%(requests)s requests about %(tag)s wait for an answer; the newest: %(newest)s.",
        evidence["requests"],
    )
    tag = FeatureRequest.Tag(evidence["tag"]).label
    return words % {"requests": evidence["requests"], "tag": tag, "newest": evidence["newest"]}


def _renewal(evidence: Evidence) -> str:
    words = ngettext(
        "%(cut)s of %(purchased)s seats is likely to be cut on %(day)s: %(idle)s idle, %(free)s free, %(committed)s "
        "committed.",
        "%(cut)s of %(purchased)s seats are likely to be cut on %(day)s: %(idle)s idle, %(free)s free, %(committed)s "
        "committed.",
        evidence["cut"],
    )
    day = written(date.fromisoformat(evidence["day"]))
    return words % {**{name: evidence[name] for name in ("cut", "purchased", "idle", "free", "committed")}, "day": day}


def _check_in(evidence: Evidence) -> str:
    words = _("Day %(day)s of the value plan.") if evidence.get("plan") else _("Day %(day)s after the first purchase.")
    return words % {"day": evidence["day"]}


def _proven(evidence: Evidence) -> str:
    names = ("goal", "value", "unit", "baseline", "target", "department")
    words = (
        _("%(department)s: %(goal)s went from %(baseline)s to %(value)s %(unit)s; the goal was %(target)s.")
        if evidence["department"]
        else _("%(goal)s went from %(baseline)s to %(value)s %(unit)s; the goal was %(target)s.")
    )
    return words % {name: evidence[name] for name in names}


SENTENCES: dict[str, Callable[[Evidence], str]] = {
    Kind.CROSSED: _seats,
    Kind.FEW_LEFT: _left,
    Kind.FULL: _seats,
    Kind.LOW_ADOPTION: _seats,
    Kind.LOW_HEALTH: _health,
    Kind.SHARING: _shared,
    Kind.HEADCOUNT_GAP: _gap,
    Kind.NEW_LEADER: _leader,
    Kind.POWER_USERS: _power,
    Kind.NEW_DEPARTMENT: _new_department,
    Kind.DEPARTMENT_GROWTH: _growth,
    Kind.INTEREST: _interest,
    Kind.CHAMPION_LEFT: _champion,
    Kind.RUNWAY: _runway,
    Kind.FEATURE_ASKED: _feature,
    Kind.RENEWAL: _renewal,
    Kind.CHECK_IN: _check_in,
    Kind.VALUE_PROVEN: _proven,
}


def sentence_of(signal: Signal) -> str:
    """What was seen, with its numbers."""
    return SENTENCES[signal.kind](signal.evidence)


def rule_of(signal: Signal) -> str:
    """Why that is a signal."""
    return str(RULES[signal.kind])
