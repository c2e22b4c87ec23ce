"""Views of the seats table that a person keeps: a filter, a search, an order and columns under a name."""

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Membership
from seatportal.api.fields import Input, PageQuery, Text, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seats.errors import NotAMember, ViewRefused
from seats.insight.people import DAY_SHOWS, SHOWS, SORTS, Choice
from seats.insight.saved_views import COLUMNS, USUAL, delete_view, save_view, saved_views_of
from seats.models import SavedView

SHOWN = [*SHOWS, *DAY_SHOWS]
ORDERS = [*SORTS, *(f"-{name}" for name in SORTS)]
NAMES = list(COLUMNS)


class NewSeatViewSerializer(Input):
    """What the table shows."""

    name = Text(max_length=60)
    show = serializers.ChoiceField(choices=SHOWN, required=False, default="all")
    search = Text(required=False, default="", allow_blank=True, max_length=200)
    sort = serializers.ChoiceField(
        choices=ORDERS, required=False, default="name", help_text="With a hyphen: the other direction."
    )
    columns = serializers.ListField(
        child=serializers.ChoiceField(choices=NAMES), required=False, default=list(USUAL), max_length=len(NAMES)
    )


class SeatViewSerializer(serializers.Serializer[SavedView]):
    """One view."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    show = serializers.ChoiceField(choices=SHOWN)
    search = serializers.CharField(source="text", allow_blank=True)
    sort = serializers.ChoiceField(choices=ORDERS)
    columns = serializers.ListField(child=serializers.ChoiceField(choices=NAMES))


class _ViewsView(ApiView):
    required_capability = "seats.view"

    def person(self) -> Membership:
        """Whose table it is: the person in the browser, or who made the key. Raises NotAMember once they left."""
        if self.membership is None or self.membership.left_at is not None:
            raise NotAMember
        return self.membership


class SavedViews(_ViewsView):
    """GET and POST /api/v1/seat-views"""

    @operation(
        "listSeatViews",
        tag="people",
        summary="Saved views of the seats table",
        query=PageQuery,
        answers={200: SeatViewSerializer(many=True)},
        problems=[NotAMember],
    )
    def get(self, request: Request) -> Response:
        """Those of the person in the browser; a key reads those of who made it. The newest first."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(saved_views_of(self.account, self.person()), SeatViewSerializer)

    @operation(
        "saveSeatView",
        tag="people",
        summary="Save a view of the seats table",
        body=NewSeatViewSerializer,
        answers={201: SeatViewSerializer},
        problems=[ViewRefused, NotAMember],
        examples={"Idle ones, the longest first": {"name": "Idle", "show": "idle", "sort": "active"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """The same name again replaces it. A person has twenty at most."""
        values = checked(NewSeatViewSerializer, request.data)
        choice = Choice(show=values["show"], text=values["search"], sort=values["sort"])
        view = save_view(
            account=self.account,
            membership=self.person(),
            name=values["name"],
            choice=choice,
            columns=values["columns"],
        )
        return Response(SeatViewSerializer(view).data, status=201)


class OneSavedView(_ViewsView):
    """DELETE /api/v1/seat-views/{view_id}"""

    @operation(
        "deleteSeatView",
        tag="people",
        summary="Delete a view of the seats table",
        answers={204: None},
        problems=[NotAMember],
    )
    def delete(self, request: Request, view_id: str) -> Response:
        """One's own."""
        if not delete_view(account=self.account, membership=self.person(), view_id=view_id):
            raise Http404
        return Response(status=204)
