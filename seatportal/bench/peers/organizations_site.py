"""django-organizations as a site of its own: adding a member as its own manager does, asked over HTTP.

It runs in an environment of its own and knows nothing of the portal: `python organizations_site.py prepare`,
`python organizations_site.py people N` prints the first person's id, `gunicorn organizations_site:application`.
Environment: PEER_DATABASE, PEER_SOCKET (PostgreSQL).
"""

import json
import os
import sys

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", "organizations"],
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
    MIGRATION_MODULES={"auth": None, "contenttypes": None, "sites": None, "organizations": None},
    LOGGING={"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}},
)
django.setup()


@csrf_exempt
def add(request: HttpRequest) -> HttpResponse:
    """One member more; the body has `user`."""
    from django.contrib.auth.models import User
    from organizations.models import Organization

    user = User.objects.get(pk=json.loads(request.body)["user"])
    member = Organization.objects.get(slug="bench").add_user(user)
    return HttpResponse(json.dumps({"id": member.pk}), content_type="application/json", status=201)


urlpatterns = [path("add", add)]
application = get_wsgi_application()


def prepare() -> None:
    """Tables, and an organization with its owner."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from organizations.utils import create_organization

    call_command("migrate", "--no-input", "--run-syncdb", verbosity=0)
    create_organization(User.objects.create(username="owner"), "Bench", slug="bench")


def people(number: int) -> None:
    """Print the id of the first of so many new people; the others follow it."""
    from django.contrib.auth.models import User

    start = User.objects.count()
    made = User.objects.bulk_create(User(username=f"person{start + n}") for n in range(number))
    print(made[0].pk)  # noqa: T201  the answer


if __name__ == "__main__":
    people(int(sys.argv[2])) if sys.argv[1] == "people" else prepare()
