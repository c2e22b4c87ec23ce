"""Wishes that tell of an account that grows: single sign-on, admin controls, team management (product.md C9)."""

from collections.abc import Iterator
from datetime import datetime

from seats.growth.detectors.read import rows
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal


def features_asked(span: Span, at: datetime) -> Iterator[Found]:
    """One signal for each of the three while somebody's wish is unanswered; its subject is the tag."""
    found = rows(
        """
        SELECT account_id, tag, count(*), count(DISTINCT asked_by_id),
               (array_agg(what ORDER BY created_at DESC, id DESC))[1], (array_agg(public_id ORDER BY id))[1:5]
        FROM seats_featurerequest
        WHERE state = 'new' AND tag IN ('sso', 'admin', 'team') AND account_id BETWEEN %(first)s AND %(last)s
        GROUP BY account_id, tag
        """,
        span,
    )
    for account, tag, requests, people, newest, ids in found:
        evidence = {"tag": tag, "requests": requests, "people": people, "newest": newest, "ids": list(ids)}
        yield Found(account, Signal.Kind.FEATURE_ASKED, subject=tag, evidence=evidence)
