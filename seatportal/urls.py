"""The whole URL map."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api.oauth import oauth_token
from seatportal.api.internal import InternalSchema
from seatportal.api.view import UnknownPath
from seatportal.observability.health import livez, readyz

urlpatterns = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("i18n/", include("django.conf.urls.i18n")),
    # Not `allauth.urls`: its pages to connect providers by oneself have no place here.
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("hijack/", include("hijack.urls")),
    path("staff/", admin.site.urls),
    path("api/v1/", include("seatportal.api.v1")),
    path("api/oauth/token", oauth_token, name="oauth-token"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("api/internal/v1/", include("seats.api.internal.urls")),
    path("api/internal/schema/", InternalSchema.as_view(), name="internal-schema"),
    path("api/<path:rest>", UnknownPath.as_view(), name="api-unknown"),
    path("scim/v2/", include("seats.scim.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("seats.urls")),
]

handler500 = "seatportal.api.errors.server_error"
