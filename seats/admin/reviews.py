"""Business reviews, each a page to print or to show."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_date

from seatportal.kit.admin import ReadOnlyAdmin
from seats.growth.playbooks import PLAYBOOKS
from seats.growth.reviews import opportunities_of, withheld
from seats.models import BusinessReview, FeatureRequest


@admin.register(BusinessReview)
class BusinessReviewAdmin(ReadOnlyAdmin):
    """Prepared from the page of an account; the next date is the list's."""

    list_display = ("prepared_at", "account", "prepared_by", "next_on")
    list_filter = ("next_on",)
    search_fields = ("public_id", "account__name", "account__slug")
    date_hierarchy = "prepared_at"
    list_select_related = ("account", "prepared_by")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The document instead of its fields."""
        review = self.get_object(request, object_id)
        if review is None or not self.has_view_permission(request, review):
            raise Http404
        hidden = withheld(review)
        roadmap, ends = review.data["roadmap"], review.data["opportunities"]["runway"]
        context = {
            **self.admin_site.each_context(request),
            "title": review.account.name,
            "review": review,
            "withheld": hidden,
            "value": {**review.data["value"], "goals": [] if hidden else review.data["value"]["goals"]},
            "opportunities": [] if hidden else opportunities_of(review),
            "features": [] if hidden else review.data["opportunities"]["features"],
            "runway": [parse_date(day) for day in ends] if ends else None,
            "goals": roadmap["goals"],
            "wishes": [(wish["what"], FeatureRequest.State(wish["state"]).label) for wish in roadmap.get("wishes", [])],
            "ends_on": parse_date(roadmap["ends_on"]) if roadmap["ends_on"] else None,
            "tasks": [(PLAYBOOKS[one["playbook"]], parse_date(one["due_on"])) for one in roadmap["tasks"]],
        }
        return TemplateResponse(request, "admin/review.html", context)
