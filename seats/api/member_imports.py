"""People in bulk: what a list of them would do, doing it, and what became of each."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import ApiRequest, require
from accounts.errors import CapabilityMissing, NotYours
from accounts.models import Membership, Role
from seatportal.api.fields import Day, Input, Moment, PageQuery, Text, YesNo, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now
from seats.models import ImportedPerson, PeopleImport
from seats.people.columns import FIELDS
from seats.people.import_people import add_people_import, apply_people_import
from seats.people.judge import May
from seats.people.plan import Effect, effect_of, lines_of
from seats.people.queries import tally_of
from seats.people.table import MOST_PEOPLE, Table

ROLES = [str(role) for role in Role.values]
LEVELS = [str(level) for level in Membership.Level.values if level]
EMPLOYMENTS = [str(kind) for kind in Membership.Employment.values]
OUTCOMES = [str(outcome) for outcome in ImportedPerson.Outcome.values]
STATES = [str(state) for state in PeopleImport.State.values if state != PeopleImport.State.DRAFT]


class PersonInput(Input):
    """One person. What is not sent stays as it is; null empties it."""

    email = Text(max_length=254)
    name = Text(required=False, max_length=150, help_text="Of a new person; people write their own names.")
    role = serializers.ChoiceField(choices=ROLES, required=False)
    department = Text(required=False, allow_null=True, max_length=80, help_text="By name; a new one is added.")
    region = Text(required=False, allow_null=True, max_length=80, help_text="By name; a new one is added.")
    level = serializers.ChoiceField(choices=LEVELS, required=False, allow_null=True)
    manager = Text(
        required=False, allow_null=True, max_length=254, help_text="The address of a member or of somebody in the list."
    )
    title = Text(required=False, allow_null=True, max_length=80)
    employment = serializers.ChoiceField(choices=EMPLOYMENTS, required=False)
    ends_on = Day(required=False, allow_null=True, help_text="The last day of a contract.")
    external_id = Text(required=False, allow_null=True, max_length=128)
    seat = YesNo(required=False, help_text="True: gets one, or waits for it. False: has none. Takes `seats.assign`.")


class PeopleSerializer(Input):
    """Many people at once."""

    preview = YesNo(default=False, help_text="True: only say what would happen.")
    people = serializers.ListField(child=PersonInput(), min_length=1, max_length=MOST_PEOPLE)


class ChangeSerializer(serializers.Serializer[Any]):
    """What changes about somebody."""

    field = serializers.ChoiceField(choices=list(FIELDS))
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class WrongSerializer(serializers.Serializer[Any]):
    """Why a person is left out."""

    code = serializers.CharField()
    field = serializers.CharField()
    message = serializers.CharField()


class JudgedSerializer(serializers.Serializer[Any]):
    """What would become of one person."""

    line = serializers.IntegerField(help_text="Its place in the list, from 1.")
    email = serializers.CharField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    seat = serializers.ChoiceField(choices=["", "give", "release", "leave_queue"], allow_blank=True)
    waits_for = serializers.ChoiceField(
        choices=["", "seat", "region", "budget", "frozen"],
        allow_blank=True,
        help_text="Why no seat is given: what has to have room first.",
    )
    changes = ChangeSerializer(many=True)
    problem = WrongSerializer(allow_null=True)


class EffectSerializer(serializers.Serializer[Any]):
    """What a list would do now."""

    invited = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    failed = serializers.IntegerField()
    seats_needed = serializers.IntegerField()
    seats_free = serializers.IntegerField(help_text="Of those needed.")
    seats_missing = serializers.IntegerField(help_text="So many people wait.")
    seats_to_buy = serializers.IntegerField(
        help_text="So many more would end their wait, as far as regions and budgets let them; a quote says the price."
    )
    seats_released = serializers.IntegerField()
    new_places = serializers.ListField(child=serializers.CharField(), help_text="Departments and regions to be added.")
    people = JudgedSerializer(many=True)


class ImportSerializer(serializers.Serializer[Any]):
    """An import that was started."""

    id = serializers.CharField(source="row.public_id")
    state = serializers.ChoiceField(source="row.state", choices=STATES)
    people = serializers.IntegerField(source="row.rows")
    done = serializers.IntegerField(source="row.rows_done")
    invited = serializers.IntegerField(source="tally.outcomes.invited")
    changed = serializers.IntegerField(source="tally.outcomes.changed")
    unchanged = serializers.IntegerField(source="tally.outcomes.unchanged")
    failed = serializers.IntegerField(source="tally.outcomes.failed")
    seats_given = serializers.IntegerField(source="tally.seats.given")
    waiting = serializers.IntegerField(source="tally.seats.waiting")
    began_at = Moment(source="row.began_at")
    ended_at = Moment(source="row.ended_at", allow_null=True)


class ImportedSerializer(serializers.Serializer[ImportedPerson]):
    """What became of one person."""

    line = serializers.IntegerField()
    email = serializers.CharField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    seat = serializers.ChoiceField(choices=["", "given", "waiting", "released"], allow_blank=True)
    code = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField(source="text", allow_blank=True)


class ImportedQuery(PageQuery):
    """Which of them to list."""

    outcome = serializers.ChoiceField(choices=OUTCOMES, required=False)


class MemberImports(ApiView):
    """POST /api/v1/members/import"""

    required_capability = "members.manage"

    @operation(
        "importMembers",
        tag="people",
        summary="Invite and change many people",
        body=PeopleSerializer,
        answers={200: EffectSerializer, 202: ImportSerializer},
        problems=[CapabilityMissing, NotYours],
        examples={"What would happen": {"preview": True, "people": [{"email": "lena@example.com", "seat": True}]}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """`200` for a preview, which changes nothing. `202`: a worker does it; wrong people are left out."""
        values = checked(PeopleSerializer, request.data)
        if any("seat" in person for person in values["people"]):
            require(self.request, "seats.assign")
        table = Table(list(FIELDS), [(n, _cells(person)) for n, person in enumerate(values["people"], start=1)])
        if values["preview"]:
            lines = lines_of(table, list(FIELDS))
            found = effect_of(account=self.account, lines=lines, may=self._may(), actor=self.actor, at=now())
            return Response(EffectSerializer(_told(found)).data)
        row = add_people_import(account=self.account, file_name="API", table=table, actor=self.actor, at=now())
        begun = apply_people_import(
            account=self.account, people_import=row, may=self._may(), actor=self.actor, at=now()
        )
        return Response(_import_data(begun), status=202)

    def _may(self) -> May:
        may: ApiRequest = self.request  # type: ignore[assignment]
        return May(give_seats="seats.assign" in may.capabilities, add_places="account.manage" in may.capabilities)


class OneMemberImport(ApiView):
    """GET /api/v1/member-imports/{people_import_id}"""

    required_capability = "members.manage"

    @operation("getMemberImport", tag="people", summary="One import of people", answers={200: ImportSerializer})
    def get(self, request: Request, people_import_id: str) -> Response:
        """How far it is."""
        return Response(_import_data(_find(self, people_import_id)))


class MemberImportPeople(ApiView):
    """GET /api/v1/member-imports/{people_import_id}/people"""

    required_capability = "members.manage"

    @operation(
        "listMemberImportPeople",
        tag="people",
        summary="What became of each person of an import",
        query=ImportedQuery,
        answers={200: ImportedSerializer(many=True)},
    )
    def get(self, request: Request, people_import_id: str) -> Response:
        """Those who are done, the latest first."""
        wanted = checked(ImportedQuery, request.query_params.dict())
        people = _find(self, people_import_id).people.order_by()
        outcome = wanted.get("outcome")
        return self.pages(people.filter(outcome=outcome) if outcome else people, ImportedSerializer)


def _find(view: ApiView, people_import_id: str) -> PeopleImport:
    rows = PeopleImport.objects.filter(account=view.account).exclude(state=PeopleImport.State.DRAFT).defer("content")
    return get_object_or_404(rows, public_id=people_import_id)


def _import_data(row: PeopleImport) -> Any:
    return ImportSerializer({"row": row, "tally": tally_of(row)}).data


def _cells(person: dict[str, Any]) -> list[str]:
    """As a row of a file says it: empty leaves, a hyphen empties."""
    words = {True: "yes", False: "no"}
    return [
        ("-" if person[name] is None else words[person[name]] if name == "seat" else str(person[name]))
        if name in person
        else ""
        for name in FIELDS
    ]


def _told(effect: Effect) -> dict[str, Any]:
    people = [
        {
            "line": line.line,
            "email": step.email,
            "outcome": str(step.outcome),
            "seat": step.seat,
            "waits_for": step.waits_for,
            "changes": [
                {"field": name, "before": str(step.before[name] or ""), "after": str(value or "")}
                for name, value in step.changes.items()
            ],
            "problem": (
                {"code": step.wrong.code, "field": step.wrong.field, "message": step.wrong.text} if step.wrong else None
            ),
        }
        for line, step in effect.steps
    ]
    return {
        **effect.counts,
        "seats_needed": effect.seats,
        "seats_free": effect.free,
        "seats_missing": effect.missing,
        "seats_to_buy": effect.to_buy,
        "seats_released": effect.lost,
        "new_places": effect.new_places,
        "people": sorted(people, key=lambda one: int(str(one["line"]))),
    }
