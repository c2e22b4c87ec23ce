"""dj-stripe as a site of its own: the smallest Django project that receives webhooks with it, as its manual says.

It runs in an environment of its own, because dj-stripe wants an older stripe library, and knows nothing of the portal:
`python djstripe_site.py prepare`, `python djstripe_site.py handled`, `gunicorn djstripe_site:application`.
Environment: PEER_DATABASE, PEER_SOCKET (PostgreSQL), STRIPE_API_BASE, PEER_SECRET.
"""

import os
import sys
from uuid import UUID

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

ENDPOINT = UUID("5ea75ea7-0000-4000-8000-000000000001")
KEY = "sk_test_" + "simulator" * 4

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PEER_DATABASE"],
            "HOST": os.environ["PEER_SOCKET"],
            "USER": "postgres",
            "CONN_MAX_AGE": 600,
        }
    },
    # Its hundred migrations take minutes; the tables of today's models are the same.
    MIGRATION_MODULES={"auth": None, "contenttypes": None, "djstripe": None},
    STRIPE_API_HOST=os.environ["STRIPE_API_BASE"],
    STRIPE_TEST_SECRET_KEY=KEY,
    STRIPE_LIVE_MODE=False,
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
    LOGGING={"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}},
)
django.setup()
urlpatterns = [path("stripe/", include("djstripe.urls", namespace="djstripe"))]


def prepare() -> None:
    """Tables, the vendor's account with its key, and the endpoint, as its admin page would make them."""
    from django.core.management import call_command
    from djstripe.models import Account, APIKey, WebhookEndpoint

    call_command("migrate", "--no-input", "--run-syncdb", verbosity=0)
    account = Account.objects.create(id="acct_bench", livemode=False, stripe_data={"id": "acct_bench"})
    APIKey.objects.create(type="secret", secret=KEY, livemode=False, djstripe_owner_account=account)
    WebhookEndpoint.objects.create(
        id="we_bench",
        djstripe_uuid=ENDPOINT,
        djstripe_owner_account=account,
        secret=os.environ["PEER_SECRET"],
        livemode=False,
        status="enabled",
        url="http://127.0.0.1/",
        enabled_events=["*"],
    )


def handled() -> None:
    """Print how many deliveries were processed, and how many failed; then forget them and their events."""
    from djstripe.models import Event, WebhookEventTrigger

    processed = WebhookEventTrigger.objects.filter(processed=True).exclude(event=None)
    sys.stdout.write(f"{processed.count()} {WebhookEventTrigger.objects.exclude(exception='').count()}\n")
    WebhookEventTrigger.objects.all().delete()
    Event.objects.all().delete()


if __name__ == "__main__":
    {"prepare": prepare, "handled": handled}[sys.argv[1]]()
else:
    application = get_wsgi_application()
