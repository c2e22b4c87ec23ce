"""What a person sees when a form's protection fails."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or cookies are off. The reason is for developers and is not shown."""
    return render(request, "accounts/csrf_failure.html", status=403)
