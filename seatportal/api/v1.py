"""/api/v1/: the three apps' endpoints."""

from django.urls import include, path

app_name = "api"
urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("seats.api.urls")),
]
