"""What a team writes at first for the same events: Django REST framework, without our middleware, on our tables.

`naive` saves each event by the ORM. `tuned` checks with `many=True`, writes with `bulk_create` and counts with one
upsert a key; it sorts them, because without that parallel senders lock each other out. `nothing` does no work at all.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any, cast
from zoneinfo import ZoneInfo

import django
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seatportal.settings")
settings.ROOT_URLCONF = __name__
django.setup()
# Only now: allauth looks for its own while it is set up.
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # it says how long an answer is

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the settings
from rest_framework import serializers  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from accounts.access.api import ApiKeyAuthentication, ApiRequest  # noqa: E402
from accounts.models import Account, Membership  # noqa: E402
from seats.models import DailyUsage, UsageEvent, UsageKey  # noqa: E402

_COUNT = """
INSERT INTO seats_dailyusage (account_id, membership_id, day, feature, outcome, count, quantity)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (account_id, membership_id, day, feature, outcome) DO UPDATE
SET count = seats_dailyusage.count + EXCLUDED.count, quantity = seats_dailyusage.quantity + EXCLUDED.quantity
"""


class EventSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(max_length=64)
    user = serializers.CharField(max_length=254)
    feature = serializers.CharField(max_length=60)
    occurred_at = serializers.DateTimeField()
    outcome = serializers.CharField(max_length=40, default="", allow_blank=True)
    quantity = serializers.IntegerField(min_value=1, default=1)


def save_each(account: int, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        key = {"account_id": account, "event_id": row["id"]}
        _, new = UsageKey.objects.get_or_create(**key, defaults={"day": row["day"]})
        if not new:
            continue
        _event(account, row).save(force_insert=True)
        count, _ = DailyUsage.objects.get_or_create(
            account_id=account,
            membership_id=row["membership_id"],
            day=row["day"],
            feature=row["feature"],
            outcome=row["outcome"],
            defaults={"count": 0},
        )
        DailyUsage.objects.filter(pk=count.pk).update(count=F("count") + 1, quantity=F("quantity") + row["quantity"])


def save_many(account: int, rows: list[dict[str, Any]]) -> None:
    ids = UsageKey.objects.filter(account_id=account, event_id__in=[row["id"] for row in rows])
    seen = set(ids.values_list("event_id", flat=True))
    rows = sorted((row for row in rows if row["id"] not in seen), key=lambda row: row["id"])
    UsageKey.objects.bulk_create([UsageKey(account_id=account, event_id=row["id"], day=row["day"]) for row in rows])
    UsageEvent.objects.bulk_create([_event(account, row) for row in rows])
    counts: Counter[tuple[Any, ...]] = Counter()
    amounts: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        key = row["membership_id"], row["day"], row["feature"], row["outcome"]
        counts[key] += 1
        amounts[key] += row["quantity"]
    with connection.cursor() as cursor:
        cursor.executemany(_COUNT, [(account, *key, counts[key], amounts[key]) for key in sorted(counts)])


def _event(account: int, row: dict[str, Any]) -> UsageEvent:
    return UsageEvent(
        account_id=account,
        day=row["day"],
        event_id=row["id"],
        membership_id=row["membership_id"],
        feature=row["feature"],
        outcome=row["outcome"],
        quantity=row["quantity"],
        occurred_at=row["occurred_at"],
    )


class Plain(APIView):
    authentication_classes = [ApiKeyAuthentication]
    permission_classes = ()
    throttle_classes = ()
    save: Callable[[int, list[dict[str, Any]]], None] = staticmethod(save_each)

    def post(self, request: Request) -> Response:
        shape = EventSerializer(data=request.data, many=True)
        shape.is_valid(raise_exception=True)
        account = cast(Account, cast(ApiRequest, request).account)
        people = dict(
            Membership.objects.filter(
                account=account, external_id__in={row["user"] for row in shape.validated_data}
            ).values_list("external_id", "pk")
        )
        zone = ZoneInfo(account.time_zone)
        rows = [
            {**row, "membership_id": people[row["user"]], "day": row["occurred_at"].astimezone(zone).date()}
            for row in shape.validated_data
        ]
        with transaction.atomic():
            self.save(account.pk, rows)
        return Response({"accepted": len(rows)})


@csrf_exempt
def nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json", headers={"Content-Length": "2"})


urlpatterns = [
    path("naive", Plain.as_view()),
    path("tuned", Plain.as_view(save=save_many)),
    path("nothing", nothing),
]
application = get_wsgi_application()
