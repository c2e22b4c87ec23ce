"""The proof of a true-up: every day, every tenure, every decision and price, in a chain of hashes.

A bundle is a header and numbered records. The hash of a record covers the hash before it and the record itself, so
one changed byte breaks every hash after it; the last hash is the seal, which our row and the audit trail keep too.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from io import StringIO
from typing import Any

from django.db.models import F, Q

from billing.models import QuantityChange, Quote, ScheduledDecrease, SubscriptionItem
from seatportal.kit.clock import start_of_day
from seats.models import Assignment, LedgerEntry, TrueUp, TrueUpPerson
from seats.true_up.record_marks import marks_written

FORMAT = "seat-portal-true-up/1"
CSV_HEAD = ("number", "kind", "hash", "data")

type Record = tuple[str, dict[str, Any]]


def seal_evidence(run: TrueUp) -> None:
    """Collect and chain the evidence of a true-up that is being settled; the caller saves the row."""
    bundle = chain(header_of(run), [*_context(run), *facts_of(run)])
    run.evidence, run.seal = bundle, bundle["seal"]


def header_of(run: TrueUp) -> dict[str, Any]:
    """What the bundle is about."""
    return {
        "format": FORMAT,
        "true_up": run.public_id,
        "account": run.account.public_id,
        "first_day": run.first_day.isoformat(),
        "last_day": run.last_day.isoformat(),
        "time_zone": run.time_zone,
        "idle_days": run.idle_days,
        "idle_seats_leave": run.removes_idle,
        "counted_at": _at(run.counted_at),
        "settled_at": _at(run.settled_at),
    }


def chain(header: Mapping[str, Any], records: Iterable[Record]) -> dict[str, Any]:
    """Number and hash the records. Pure."""
    last = digest("", header)
    rows = []
    for number, (kind, data) in enumerate(records, start=1):
        last = digest(last, {"number": number, "kind": kind, "data": data})
        rows.append({"number": number, "kind": kind, "data": data, "hash": last})
    return {"header": dict(header), "records": rows, "seal": last}


def digest(before: str, content: Mapping[str, Any]) -> str:
    """SHA-256 of the hash before and the content as canonical JSON. Pure."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"{before}\n{text}".encode()).hexdigest()


def as_json(bundle: Mapping[str, Any]) -> str:
    """The bundle as a file. Pure."""
    return json.dumps(bundle, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def as_csv(bundle: Mapping[str, Any]) -> str:
    """The same as a table: the header is row 0, the seal the last hash. Pure."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    header = bundle["header"]
    writer.writerow([0, "header", digest("", header), json.dumps(header, sort_keys=True, ensure_ascii=False)])
    for row in bundle["records"]:
        data = json.dumps(row["data"], sort_keys=True, ensure_ascii=False)
        writer.writerow([row["number"], row["kind"], row["hash"], data])
    return out.getvalue()


def _context(run: TrueUp) -> list[Record]:
    """What may change later and is only kept: names, and the price list of that day."""
    ids = set(_tenures(run).values_list("membership__public_id", "membership__user__name", "membership__user__email"))
    found: list[Record] = [
        ("person", {"member": member, "name": name, "email": email}) for member, name, email in sorted(ids)
    ]
    item = SubscriptionItem.objects.filter(
        subscription__account=run.account, subscription__ended_at__isnull=True
    ).select_related("price__plan").first()  # fmt: skip
    if item is not None:
        price = item.price
        tiers = list(price.tiers.values("up_to", "unit_amount", "flat_amount"))
        found.append(
            (
                "price",
                {
                    "plan": price.plan.name,
                    "price": price.stripe_id,
                    "currency": price.currency,
                    "interval": f"{price.interval_count} {price.interval}",
                    "scheme": price.scheme,
                    "unit_amount": price.unit_amount,
                    "tiers": tiers,
                },
            )
        )
    return found


def facts_of(run: TrueUp, marks: Iterable[Any] | None = None) -> list[Record]:
    """What can be worked out again at any time from the rows themselves.

    marks: the daily marks to state; those that were written, unless others are given.
    """
    known = marks_written(run.account, first=run.first_day, last=run.last_day) if marks is None else marks
    found: list[Record] = [
        (
            "mark",
            {
                "day": mark.day.isoformat(),
                "purchased": mark.purchased,
                "assigned_peak": mark.assigned_peak,
                "over_peak": mark.over_peak,
                "free": mark.free,
            },
        )
        for mark in known
    ]
    found += [
        ("complimentary", {"at": _at(entry.at), "seats_before": entry.comped_before, "seats_after": entry.comped_after})
        for entry in LedgerEntry.objects.filter(account=run.account, at__lt=run.due_at)
        .exclude(comped_before=F("comped_after"))
        .order_by("at", "pk")
    ]
    found += [("tenure", _tenure(row, run)) for row in _tenures(run)]
    people = run.people.select_related("membership", "chosen_by").order_by("seated_at", "membership__public_id")
    found += [("idle", _person(person)) for person in people]
    found.append(("decision", _decision(run)))
    if run.quote is not None and run.change is not None:
        found.append(("quote", _quote(run.quote)))
        found.append(("charge", _charge(run.change)))
    decrease = ScheduledDecrease.objects.filter(account=run.account, public_id=run.decrease_id).first()
    if run.decrease_id and decrease is not None:
        found.append(
            (
                "reduction",
                {
                    "id": decrease.public_id,
                    "seats_now": decrease.base_quantity,
                    "seats_then": decrease.renew_quantity,
                },
            )
        )
    return found


def _tenures(run: TrueUp) -> Any:
    """Who sat in the quarter, by the moment of the seal. A seat's row moves on to its next holder, and the tenure
    stays as a closed row; so a tenure is told by its holder and its beginning, not by the row."""
    return (
        Assignment.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gte=start_of_day(run.first_day, run.time_zone)),
            account=run.account,
            state=Assignment.State.HELD,
            started_at__lt=run.due_at,
        )
        .select_related("membership__user", "started_by", "ended_by")
        .order_by("started_at", "membership__public_id")
    )


def _tenure(row: Assignment, run: TrueUp) -> dict[str, Any]:
    ended = row.ended_at is not None and run.settled_at is not None and row.ended_at <= run.settled_at
    return {
        "member": row.membership.public_id if row.membership else "",
        "from": _at(row.started_at),
        "given_by": row.started_by.public_id if row.started_by else "",
        "to": _at(row.ended_at) if ended else "",
        "ended_because": row.end_reason if ended else "",
        "ended_by": row.ended_by.public_id if ended and row.ended_by else "",
    }


def _person(person: TrueUpPerson) -> dict[str, Any]:
    return {
        "member": person.membership.public_id,
        "seat_since": _at(person.seated_at),
        "last_active_on": person.last_active_on.isoformat() if person.last_active_on else "",
        "choice": person.choice,
        "chosen_by": person.chosen_by.public_id if person.chosen_by else "",
        "chosen_at": _at(person.chosen_at),
        "outcome": person.outcome,
    }


def _decision(run: TrueUp) -> dict[str, Any]:
    return {
        "decision": run.decision,
        "decided_at": _at(run.decided_at),
        "decided_by": run.decided_by.public_id if run.decided_by else "",
        "purchased": run.purchased,
        "highest_use_over_the_limit": run.peak,
        "seats_to_be_purchased": run.target,
        "seats_of_the_next_period": run.renew_quantity,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        "id": quote.public_id,
        "seats_before": quote.base_quantity,
        "seats_after": quote.target_quantity,
        "price": quote.price_stripe_id,
        "prorated_from": quote.proration_date,
        "currency": quote.currency,
        "subtotal": quote.subtotal,
        "tax": quote.tax,
        "total": quote.total,
        "amount_due": quote.amount_due,
        "lines": quote.lines,
    }


def _charge(change: QuantityChange) -> dict[str, Any]:
    return {
        "id": change.public_id,
        "key": change.idempotency_key,
        "parameters_sha256": change.params_sha256,
        "state": change.state,
        "total": change.charged_total,
        "due": change.charged_due,
        "invoice": change.invoice_stripe_id,
    }


def _at(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""
