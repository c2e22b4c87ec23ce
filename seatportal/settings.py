"""One settings module for every environment; what differs comes from `env.py`."""

import sys
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from seatportal import env
from seatportal.observability.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = env.read()

DEBUG = ENV["DEBUG"]
# Unset, each process makes its own: nothing is signed with a known key, and sign-ins end with the process.
SECRET_KEY = ENV["SECRET_KEY"] or token_urlsafe(50)
SECRET_KEY_FALLBACKS = ENV["SECRET_KEY_FALLBACKS"]
ALLOWED_HOSTS = ENV["ALLOWED_HOSTS"]
SITE_URL = ENV["SITE_URL"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "seatportal.staff_app.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "hijack",
    "hijack.contrib.admin",
    "seatportal.apps.SeatPortalConfig",
    "accounts.apps.AccountsConfig",
    "billing.apps.BillingConfig",
    "seats.apps.SeatsConfig",
]

MIDDLEWARE = [
    "seatportal.lean.LeanPathMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.access.middleware.PersonalSettingsMiddleware",
    "accounts.access.middleware.ViewOnlyMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.access.middleware.OwnCredentialsMiddleware",
    "hijack.middleware.HijackUserMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "seatportal.urls"
WSGI_APPLICATION = "seatportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.access.context.frame",
            ],
            "builtins": ["seatportal.templatetags.portal", "django.templatetags.i18n"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(0, "django.forms")

DATABASES: dict[str, dict[str, Any]] = {"default": environ.Env.db_url_config(ENV["DATABASE_URL"])}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})
# Only what `kit.prepared` runs is prepared: planned once for all accounts, and not anew for what each request sends.
DATABASES["default"]["OPTIONS"].setdefault("options", "-c plan_cache_mode=force_generic_plan")
# No number of times makes psycopg prepare the rest; None, which Django sets, would keep it from preparing even this.
DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", sys.maxsize)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENV["CACHE_URL"],
        "KEY_PREFIX": environ.Env().str("CACHE_PREFIX", default="seatportal"),
    }
}

# Sign-in: people are known by their e-mail address; allauth keeps sessions, second factors and passkeys.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "accounts.forms.AddPasskeyForm"}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not ENV["SECURE"]
MFA_TOTP_ISSUER = "Seat Portal"
USERSESSIONS_TRACK_ACTIVITY = False
IDP_OIDC_ADAPTER = "accounts.keys.oauth.OAuthAdapter"
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 900
# Single sign-on per account: providers are rows of ours, and nobody connects or signs up by themselves (ADR 46).
SOCIALACCOUNT_ADAPTER = "accounts.sso.adapter.SocialAccountAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"provider_class": "accounts.sso.oidc.OidcProvider"},
    "saml": {"provider_class": "accounts.sso.saml.SamlProvider"},
}
HIJACK_PERMISSION_CHECK = "accounts.access.impersonation.may_impersonate"
HIJACK_INSERT_BEFORE = None
STAFF_NEED_MFA = ENV["STAFF_NEED_MFA"]

# Languages: addressed formally in German (Sie) and Spanish (usted).
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "seatportal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "seatportal" / "static"]
# A built image serves hashed files; the demo and the tests serve the sources, which need no build step.
_HASHED = (STATIC_ROOT / "staticfiles.json").exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _HASHED

MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {},
    }
}
_mail = environ.Env.email_url_config(ENV["EMAIL_URL"])
MAILERS["default"]["BACKEND"] = _mail["EMAIL_BACKEND"]
if "smtp" in _mail["EMAIL_BACKEND"]:
    MAILERS["default"]["OPTIONS"] = {
        "host": _mail["EMAIL_HOST"],
        "port": _mail["EMAIL_PORT"],
        "username": _mail["EMAIL_HOST_USER"],
        "password": _mail["EMAIL_HOST_PASSWORD"],
        "use_tls": _mail.get("EMAIL_USE_TLS", False),
        "timeout": 10,
    }
DEFAULT_FROM_EMAIL = ENV["MAIL_FROM"]
ACCOUNT_TEAM = ENV["ACCOUNT_TEAM"]
WEBHOOKS_TO_LOOPBACK = ENV["WEBHOOKS_TO_LOOPBACK"]

# Browser security: nothing inline, nothing from elsewhere. Payment pages are Stripe's own, reached by a link.
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [
        CSP.SELF,
        "https://checkout.stripe.com",
        "https://billing.stripe.com",
        "https://invoice.stripe.com",
    ],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "accounts.views.errors.csrf_failure"
if ENV["SECURE"]:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
if ENV["WEB_TRUSTED_PROXY"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

USAGE_ARCHIVE = ENV["USAGE_ARCHIVE"]
SPARK_MASTER = ENV["SPARK_MASTER"]

# Stripe
STRIPE_API_KEY = ENV["STRIPE_API_KEY"]
STRIPE_API_BASE = ENV["STRIPE_API_BASE"]
STRIPE_WEBHOOK_SECRETS = ENV["STRIPE_WEBHOOK_SECRETS"]
STRIPE_TIMEOUT = ENV["STRIPE_TIMEOUT"]
STRIPE_CONTRACT_KEY = ENV["STRIPE_CONTRACT_KEY"]
if STRIPE_API_BASE:
    # The simulator's hosted pages stand in for Stripe's, so forms may lead there.
    SECURE_CSP["form-action"].append(STRIPE_API_BASE)

# Celery: rows are the truth and messages only a bell, so a lost message costs seconds, never work.
CELERY_BROKER_URL = ENV["BROKER_URL"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 90,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    # One more try at once, then the row waits for its sweep: a page or a delivery never waits for a broker.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 1000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.access.api.ApiKeyAuthentication",
        "accounts.access.api.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.access.api.HasCapability"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "seatportal.api.schema.Described",
    "DEFAULT_PAGINATION_CLASS": "seatportal.api.pagination.CursorPages",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "seatportal.api.errors.problem_handler",
    "DEFAULT_THROTTLE_CLASSES": ["seatportal.api.throttling.PerCallerThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "caller": ENV["API_RATE"],
        "usage": ENV["USAGE_EVENTS_RATE"],
        "entitlements": ENV["ENTITLEMENTS_RATE"],
        "scim": "1200/min",
        "token": "60/min",
        # A whole office may come by one address.
        "sso": "300/min",
        # Domains and providers that one account has us look at.
        "looks": "20/min",
    },
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Seat Portal API",
    "DESCRIPTION": "Seats, their holders, their price and their history.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_NAME_OVERRIDES": {
        "KeyKindEnum": "accounts.api.keys.KINDS",
        "ReportKindEnum": "seats.growth.reports.KINDS",
        "AssignmentStateEnum": "seats.api.assignments.STATES",
        "FeatureRequestStateEnum": "seats.api.features.STATES",
        "ConnectionKindEnum": "accounts.api.connections.KINDS",
        "DecisionEnum": "seats.api.requests.DECISIONS",
        "TrueUpDecisionEnum": "seats.api.true_ups.DECISIONS",
        "RoleEnum": "seats.api.members.ROLES",
        "ApproverRoleEnum": "seats.api.approvers.ROLES",
        "IdleCreditStateEnum": "seats.api.idle_credits.STATES",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # No badge from elsewhere.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "PREPROCESSING_HOOKS": ["seatportal.api.internal.for_customers"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "seatportal.api.schema.add_problem_responses",
        "accounts.webhooks.schema.add_webhooks",
    ],
}

LOGGING = logging_config(level=ENV["LOG_LEVEL"], style=ENV["LOG_FORMAT"])
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# An integrator's own X-Request-Id is the one in our logs and answers, so that both sides find the same request.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True

if ENV["SENTRY_DSN"]:
    import sentry_sdk

    sentry_sdk.init(dsn=ENV["SENTRY_DSN"], send_default_pii=False)

if ENV["SECURE"] and not ENV["SECRET_KEY"]:
    raise ImproperlyConfigured("SECRET_KEY is not set. Set it to a long random text before serving people.")
