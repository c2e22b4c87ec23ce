"""Scar 2 behind the doors of directories (SCIM). See test_doors.py."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.urls import get_resolver

from accounts.models import DirectoryPerson
from seatportal.checks import walk
from seats.models import SeatPool
from tests.architecture.doors import taken_back, tried
from tests.architecture.world import build
from tests.conftest import FundMaker
from tests.directory import BULK, GROUP, PATCH, Directory, directory_of, new_user

pytestmark = pytest.mark.django_db(transaction=True)
Call = Callable[[], Any]


def scim_calls(okta: Directory, gone: str, group: str, member: str) -> dict[str, list[Call]]:
    """What a directory may send to each endpoint that could seat somebody. gone: the id of somebody who is switched
    off."""
    on = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": True}]}
    add = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": member}]}]}
    bulk = {
        "schemas": [BULK],
        "Operations": [{"method": "POST", "path": "/Users", "bulkId": "one", "data": new_user("Bulky")}],
    }
    team = {"schemas": [GROUP], "displayName": "Team", "members": [{"value": member}]}
    return {
        "/Users": [
            partial(okta.add, "Newcomer"),
            partial(okta.ask, "PATCH", f"Users/{gone}", on),
            partial(okta.ask, "PUT", f"Users/{gone}", new_user("Gone")),
        ],
        "/Groups": [
            partial(okta.ask, "POST", "Groups", team),
            partial(okta.ask, "PATCH", f"Groups/{group}", add),
            partial(okta.ask, "PUT", f"Groups/{group}", team),
        ],
        "/Bulk": [partial(okta.ask, "POST", "Bulk", bulk)],
    }


def test_no_call_of_a_directory_passes_the_limit(fund: FundMaker, now: datetime) -> None:
    """Who finds no seat is not turned away but waits (ADR 36)."""
    world = build("Acme", fund, now)
    account = world.account
    assert [path for path, _ in walk(get_resolver().url_patterns) if path.startswith("scim/")] == [
        "scim/v2/",
        "scim/v2/<path:path>",
    ]
    okta = directory_of(world.people["owner"], now, name="Azure")
    SeatPool.objects.filter(account=account).update(purchased=40)
    gone, stays = (okta.add(name).json()["id"] for name in ("Gone", "Stays"))
    okta.set_active(gone, False)
    group = okta.ask("POST", "Groups", {"schemas": [GROUP], "displayName": "Others"}).json()["id"]
    calls = scim_calls(okta, gone, group, stays)
    kinds = {kind["endpoint"] for kind in okta.get("ResourceTypes").json()["Resources"]}
    assert kinds | {"/Bulk"} == set(calls)

    found, wrong = set(), []
    for kind, asked in calls.items():
        for number, call in enumerate(asked):
            free, full = tried(account, call, room=1), tried(account, call, room=0)
            if free.filled > 0:
                found.add((kind, number))
            if full.filled > 0 or not (full.refused or 200 <= full.status < 300):
                wrong.append((kind, number, full))

    assert wrong == []
    assert found == {("/Users", 0), ("/Users", 1), ("/Users", 2), ("/Bulk", 0)}
    with taken_back():
        pool = SeatPool.objects.get(account=account)
        SeatPool.objects.filter(pk=pool.pk).update(purchased=pool.assigned)
        answer = okta.add("Newcomer").json()
        assert [one["value"] for one in answer["entitlements"]] == ["waiting_for_seat"]
        assert DirectoryPerson.objects.filter(account=account, user_name__startswith="newcomer").count() == 1
