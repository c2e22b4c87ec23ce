"""SCIM 2.0: one address for everything below it."""

from django.urls import path

from seats.scim.view import scim

app_name = "scim"

urlpatterns = [path("", scim, {"path": ""}, name="root"), path("<path:path>", scim, name="scim")]
