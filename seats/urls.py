"""Addresses of the seat pages."""

from django.urls import URLPattern

app_name = "seats"
urlpatterns: list[URLPattern] = []
