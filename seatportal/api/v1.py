"""/api/v1/: the three apps' endpoints."""

from django.urls import include, path, re_path

from seatportal.api.view import UnknownPath

app_name = "api"
urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("seats.api.urls")),
    re_path(r"^", UnknownPath.as_view(), name="unknown"),
]
