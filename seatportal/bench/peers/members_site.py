"""What a team writes at first for a list of people: REST framework's list view with numbered pages, on our tables."""

import os
from typing import Any, cast

import django
from django.conf import settings
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seatportal.settings")
settings.ROOT_URLCONF = __name__
django.setup()
# Only now: allauth looks for its own while it is set up.
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # it says how long an answer is

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the settings
from django.db.models import OuterRef, QuerySet, Subquery  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.generics import ListAPIView  # noqa: E402
from rest_framework.pagination import PageNumberPagination  # noqa: E402

from accounts.access.api import ApiKeyAuthentication, ApiRequest  # noqa: E402
from accounts.models import Membership  # noqa: E402
from seats.models import Assignment  # noqa: E402


class MemberSerializer(serializers.ModelSerializer[Membership]):
    name = serializers.CharField(source="user.name")
    email = serializers.EmailField(source="user.email")
    department = serializers.CharField(source="department.name", default=None)
    seat = serializers.CharField()

    class Meta:
        model = Membership
        fields = ["public_id", "name", "email", "role", "department", "seat", "external_id", "joined_at"]


class Pages(PageNumberPagination):
    page_size = 100


class Members(ListAPIView[Membership]):
    authentication_classes = [ApiKeyAuthentication]
    permission_classes = ()
    throttle_classes = ()
    serializer_class = MemberSerializer
    pagination_class = Pages
    filter_backends = ()

    def get_queryset(self) -> QuerySet[Membership, Any]:
        seat = Assignment.objects.filter(membership=OuterRef("pk"), ended_at=None).values("public_id")[:1]
        return (
            Membership.objects.filter(account=cast(ApiRequest, self.request).account, left_at=None)
            .select_related("user", "department")
            .annotate(seat=Subquery(seat))
            .order_by("user__name", "pk")
        )


urlpatterns = [path("members", Members.as_view())]
application = get_wsgi_application()
