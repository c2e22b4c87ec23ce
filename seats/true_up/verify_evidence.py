"""Recompute a bundle from its own content and from the rows it speaks of."""

import csv
import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

from seats.models import TrueUp
from seats.true_up.evidence import CSV_HEAD, as_csv, as_json, chain, facts_of, header_of
from seats.true_up.idle import idle_holders
from seats.true_up.record_marks import marks_from_ledger

# Kept for people and free to change later, so only the chain vouches for them.
ONLY_CHAINED = frozenset({"person", "price"})


class NotABundle(Exception):
    """Not a file of this kind; the message says why."""


def verify_bundle(text: str) -> list[str]:
    """What is wrong with a file, in words; empty when it is equal to what its own content and the rows give.

    The file is read byte for byte: one that says the same in other bytes is refused too. Raises NotABundle.
    """
    bundle, again = _read(text)
    found = _chain_of(bundle)
    if again != text:
        found.append("The file is not written as it was sealed: at least one byte was changed.")
    run = TrueUp.objects.filter(public_id=bundle["header"].get("true_up")).select_related("account").first()
    if run is None:
        return [*found, f"There is no true-up {bundle['header'].get('true_up')!r} here."]
    if bundle["seal"] != run.seal:
        found.append(f"The seal {bundle['seal']} is not the one that was kept: {run.seal or 'none'}.")
    return found + _rows_of(bundle, run)


def verify_true_up(run: TrueUp) -> list[str]:
    """As verify_bundle, for the bundle that is kept with the row. Raises NotABundle when it is not sealed yet."""
    if run.evidence is None:
        raise NotABundle("This true-up is not settled yet, so there is no evidence.")
    return verify_bundle(as_json(run.evidence))


def _read(text: str) -> tuple[dict[str, Any], str]:
    """The bundle, and its file as it would be written."""
    try:
        if text.startswith(",".join(CSV_HEAD)):
            bundle = _from_csv(text)
            return bundle, as_csv(bundle)
        read = json.loads(text)
        bundle = {
            "header": dict(read["header"]),
            "records": [{name: row[name] for name in ("number", "kind", "data", "hash")} for row in read["records"]],
            "seal": str(read["seal"]),
        }
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise NotABundle(f"This is not a bundle of a true-up: {type(error).__name__} {error}") from error
    return bundle, as_json(bundle)


def _from_csv(text: str) -> dict[str, Any]:
    rows = list(csv.DictReader(StringIO(text)))
    records = [
        {"number": int(row["number"]), "kind": row["kind"], "data": json.loads(row["data"]), "hash": row["hash"]}
        for row in rows[1:]
    ]
    return {"header": json.loads(rows[0]["data"]), "records": records, "seal": rows[-1]["hash"]}


def _chain_of(bundle: Mapping[str, Any]) -> list[str]:
    """The first link that does not hold; those after it cannot."""
    right = chain(bundle["header"], [(row["kind"], row["data"]) for row in bundle["records"]])
    for row, expected in zip(bundle["records"], right["records"], strict=True):
        if row["number"] != expected["number"] or row["hash"] != expected["hash"]:
            return [f"Record {expected['number']} ({row['kind']}) does not fit its hash."]
    return [] if bundle["seal"] == right["seal"] else ["The seal does not fit the records."]


def _rows_of(bundle: Mapping[str, Any], run: TrueUp) -> list[str]:
    """Differences between the bundle and what the rows give now."""
    found = []
    if bundle["header"] != header_of(run):
        found.append("The header differs from the true-up's row.")
    marks = marks_from_ledger(run.account, zone=run.time_zone, first=run.first_day, last=run.last_day)
    expected = [_line(kind, data) for kind, data in facts_of(run, marks)]
    stated = [_line(row["kind"], row["data"]) for row in bundle["records"] if row["kind"] not in ONLY_CHAINED]
    known, said = set(expected), set(stated)
    found += [f"The rows do not say this: {line}" for line in stated if line not in known]
    found += [f"The bundle does not say this: {line}" for line in expected if line not in said]
    return found + _idle_of(bundle, run)


def _idle_of(bundle: Mapping[str, Any], run: TrueUp) -> list[str]:
    """Who did nothing, counted again from tenures and daily usage."""
    if not run.removes_idle or run.counted_at is None:
        return []
    again = idle_holders(run.account, zone=run.time_zone, last=run.last_day, days=run.idle_days, at=run.counted_at)
    counted = {holder.member_id for holder in again}
    stated = {row["data"]["member"] for row in bundle["records"] if row["kind"] == "idle"}
    return [f"Usage counts {member} idle, the bundle does not." for member in sorted(counted - stated)] + [
        f"The bundle counts {member} idle, usage does not." for member in sorted(stated - counted)
    ]


def _line(kind: str, data: Mapping[str, Any]) -> str:
    return f"{kind} {json.dumps(data, sort_keys=True, ensure_ascii=False)}"
