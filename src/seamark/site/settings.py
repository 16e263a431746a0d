"""Django's settings, derived from `options`."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from seamark.core.errors import InvalidSetting
from seamark.site.options import check_model, mail_settings, read_options, second_factor_roles, secret_key, waiver_days

try:
    _options = read_options(os.environ)
    check_model(_options)
    SEAMARK_WAIVER_DAYS = waiver_days(_options["SEAMARK_WAIVER_DAYS"])
    SECRET_KEY = secret_key(_options["SEAMARK_HOME"], _options["SEAMARK_SECRET_KEY"])
    SEAMARK_SECOND_FACTOR = second_factor_roles(_options["SEAMARK_SECOND_FACTOR"])
    _mail = mail_settings(_options["SEAMARK_MAIL_URL"]) if _options["SEAMARK_MAIL_URL"] else {}
except InvalidSetting as error:
    raise ImproperlyConfigured(str(error)) from None

SEAMARK_HOME = _options["SEAMARK_HOME"]
SEAMARK_PUBLIC_URL = _options["SEAMARK_PUBLIC_URL"].rstrip("/")
SEAMARK_OFFICE_HOURS = _options["SEAMARK_OFFICE_HOURS"]
SEAMARK_UPLOAD_LIMIT = _options["SEAMARK_UPLOAD_LIMIT"] * 1024 * 1024
SEAMARK_RATE_LIMIT = _options["SEAMARK_RATE_LIMIT"]
SEAMARK_MAPPINGS = _options["SEAMARK_MAPPINGS"]
SEAMARK_FEED_MIRROR = _options["SEAMARK_FEED_MIRROR"]
SEAMARK_POLICY_TOKEN = _options["SEAMARK_POLICY_TOKEN"]
SEAMARK_POLICY_SYNC = _options["SEAMARK_POLICY_SYNC"]
SEAMARK_CSAF_PROVIDERS = _options["SEAMARK_CSAF_PROVIDERS"]
SEAMARK_INTERNAL_HOSTS = _options["SEAMARK_INTERNAL_HOSTS"]
SEAMARK_RULES_NEED_APPROVAL = _options["SEAMARK_RULES_NEED_APPROVAL"]
SEAMARK_FACTS_EXPORT = _options["SEAMARK_FACTS_EXPORT"]
SEAMARK_LEDGER_KEY = _options["SEAMARK_LEDGER_KEY"]
SEAMARK_ENCRYPTION_KEYS = _options["SEAMARK_ENCRYPTION_KEYS"] or [SECRET_KEY]
SEAMARK_LOCAL_LOGIN = _options["SEAMARK_LOCAL_LOGIN"]
SEAMARK_SSO = _options["SEAMARK_SSO"]
SEAMARK_SAML = find_spec("onelogin") is not None
SEAMARK_TERRAFORM_KEY = _options["SEAMARK_TERRAFORM_KEY"]
SEAMARK_TERRAFORM_HOST = _options["SEAMARK_TERRAFORM_HOST"]
SEAMARK_MODEL_URL = _options["SEAMARK_MODEL_URL"].rstrip("/")
SEAMARK_MODEL_NAME = _options["SEAMARK_MODEL_NAME"]
SEAMARK_MODEL_KEY = _options["SEAMARK_MODEL_KEY"]
SEAMARK_MODEL_SECONDS = _options["SEAMARK_MODEL_SECONDS"]
SEAMARK_MODEL_CALLS = _options["SEAMARK_MODEL_CALLS"]
SEAMARK_MODEL_TOKENS = _options["SEAMARK_MODEL_TOKENS"]
SEAMARK_MODEL_LINES = _options["SEAMARK_MODEL_LINES"]
DEBUG = _options["SEAMARK_DEBUG"]
ALLOWED_HOSTS = _options["SEAMARK_ALLOWED_HOSTS"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "seamark.interfaces.web",
    "seamark.interfaces.web.access",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *(["allauth.socialaccount.providers.saml"] if SEAMARK_SAML else []),
    "allauth.usersessions",
    "axes",
    "csp",
    "django_htmx",
    "ninja",
    "seamark.store",
    "seamark.interfaces.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "seamark.interfaces.web.locale.LocaleMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "seamark.interfaces.web.access.seen.SessionMiddleware",
    "seamark.interfaces.web.access.required.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "seamark.site.urls"
WSGI_APPLICATION = "seamark.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    try:
        database = dict(dj_database_url.parse(url or f"sqlite:///{SEAMARK_HOME / 'seamark.sqlite3'}"))
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(
            f"SEAMARK_DATABASE_URL is not understood ({type(error).__name__}); "
            "allowed are postgresql://user:password@host/name and sqlite:///path"
        ) from None
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
        }
    elif database["ENGINE"] == "django.db.backends.postgresql":
        database.setdefault("CONN_MAX_AGE", 60)
        database["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("SEAMARK_DATABASE_URL must name PostgreSQL or SQLite")
    return database


DATABASES = {"default": _database(_options["SEAMARK_DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "store.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "seamark.interfaces.web.access.backends.PasswordBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if _options["SEAMARK_BREACHED_PASSWORDS"] is not None:
    AUTH_PASSWORD_VALIDATORS.append(
        {
            "NAME": "seamark.interfaces.web.access.breached.BreachedPasswordValidator",
            "OPTIONS": {"path": _options["SEAMARK_BREACHED_PASSWORDS"]},
        }
    )
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "web/locked.html"
AXES_IPWARE_PROXY_COUNT = _options["SEAMARK_TRUSTED_PROXIES"]
AXES_IPWARE_META_PRECEDENCE_ORDER = (
    ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if _options["SEAMARK_TRUSTED_PROXIES"] else ["REMOTE_ADDR"]
)
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SEAMARK_SENDS_MAIL = bool(_mail)
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if _mail else "seamark.interfaces.web.access.mail.UnsentBackend"
)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _options["SEAMARK_MAIL_FROM"]
EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST", "localhost"), _mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_USER", ""), _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)

_secure = SEAMARK_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_TRUSTED_ORIGINS = [SEAMARK_PUBLIC_URL] if SEAMARK_PUBLIC_URL else []

ALLAUTH_TRUSTED_PROXY_COUNT = _options["SEAMARK_TRUSTED_PROXIES"]
ACCOUNT_ADAPTER = "seamark.interfaces.web.access.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = SEAMARK_SENDS_MAIL
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Seamark: "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _secure else "http"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# The lock-out after 8 failures is django-axes'; this one stops those who guess from many addresses.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,10/300s/key", "login": "60/m/ip"}
MFA_ADAPTER = "seamark.interfaces.web.access.adapters.FactorAdapter"
MFA_FORMS = {
    "authenticate": "seamark.interfaces.web.access.forms.FactorForm",
    "reauthenticate": "seamark.interfaces.web.access.forms.FactorAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Seamark"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _secure
SOCIALACCOUNT_ADAPTER = "seamark.interfaces.web.access.sso.SignOnAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
if _secure and _options["SEAMARK_TRUSTED_PROXIES"]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# Numbers are written alike in all languages: they stand in drawings and form fields too.
FORMAT_MODULE_PATH = ["seamark.interfaces.web.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"seamark": {"level": "INFO"}},
}
