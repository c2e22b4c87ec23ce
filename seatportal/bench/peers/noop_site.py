"""What a check is held against: views that know who calls and do nothing, without our middleware.

`lean` knows it as our own check does: one statement, one count. `usual` is a view of REST framework with the same key,
rate and scope.
"""

import os
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seatportal.settings")
settings.ROOT_URLCONF = __name__
django.setup()
# Only now: allauth looks for its own while it is set up.
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # it says how long an answer is

from django.core.wsgi import get_wsgi_application  # noqa: E402  after the settings
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402

from accounts.access.api import bearer_of  # noqa: E402
from seatportal.api.throttling import EntitlementsThrottle, count_request  # noqa: E402
from seatportal.api.view import ApiView  # noqa: E402
from seatportal.kit.clock import now  # noqa: E402
from seats.entitlements.asker import asker_of  # noqa: E402


class Nothing(ApiView):
    required_capability = "entitlements.check"
    throttle_classes = [EntitlementsThrottle]

    def get(self, _request: Request, **_: Any) -> Response:
        return Response({})


def nothing(request: HttpRequest) -> HttpResponse:
    asker = asker_of(bearer_of(request.META["HTTP_AUTHORIZATION"]) or "", now())
    if asker is None or count_request(EntitlementsThrottle.scope, f"key:{asker.key}") is None:
        return HttpResponse(status=401)
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("usual", Nothing.as_view()), path("lean", nothing)]
application = get_wsgi_application()
