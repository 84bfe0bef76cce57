"""Everything that can be set, in the order: where, who, registry, sign-in, browser, Django."""

from datetime import timedelta
from email.utils import formataddr
from pathlib import Path
from urllib.parse import urlsplit

from portal.environment import (
    checked,
    database,
    env,
    folder,
    host_and_port,
    load_dotenv,
    mail,
    networks,
    not_empty,
    patterns,
    read,
    secret_prefix,
    sender,
    switch,
    time_zone,
    web_address,
)

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")

# Where the portal lives. Everything that it writes itself is below VAR_DIR.
VAR_DIR = checked("VAR_DIR", read("VAR_DIR", default=str(BASE_DIR / "var")), folder)
PORTAL_URL = checked(
    "PORTAL_URL",
    read("PORTAL_URL", default=f"http://127.0.0.1:{read('PORT', env.int, default=8000)}"),
    web_address,
)
PORTAL_BRAND = read("PORTAL_BRAND", default="Thinkwise containers")
SECRET_KEY = checked("SECRET_KEY", read("SECRET_KEY"), not_empty)
DEBUG = False
TRUSTED_PROXIES = checked(
    "TRUSTED_PROXIES",
    ",".join(read("TRUSTED_PROXIES", env.list, default=[])),
    lambda text: networks([part.strip() for part in text.split(",") if part]),
)

# The registry, and what the realm tells it.
REGISTRY_HOST = checked(
    "REGISTRY_HOST",
    read("REGISTRY_HOST", default=f"127.0.0.1:{read('REGISTRY_PORT', env.int, default=5000)}"),
    host_and_port,
)
REGISTRY_URL = checked(
    "REGISTRY_URL", read("REGISTRY_URL", default=f"http://{REGISTRY_HOST}"), web_address
)
REGISTRY_SERVICE = checked(
    "REGISTRY_SERVICE", read("REGISTRY_SERVICE", default="container-registry"), not_empty
)
REGISTRY_ISSUER = checked(
    "REGISTRY_ISSUER", read("REGISTRY_ISSUER", default="container-token-portal"), not_empty
)
# How long a grant to pull lasts; clients raise smaller values than 60.
REGISTRY_TOKEN_SECONDS = checked(
    "REGISTRY_TOKEN_SECONDS",
    read("REGISTRY_TOKEN_SECONDS", default="60"),
    lambda text: min(max(int(text), 60), 900),
)
REGISTRY_PUSH_TOKEN_SECONDS = max(REGISTRY_TOKEN_SECONDS, 300)
REGISTRY_CA_CERT_FILE = Path(read("REGISTRY_CA_CERT_FILE", default=str(VAR_DIR / "ca.crt")))
REGISTRY_CA_KEY_FILE = Path(read("REGISTRY_CA_KEY_FILE", default=str(VAR_DIR / "ca.key")))
REGISTRY_CA_DAYS = read("REGISTRY_CA_DAYS", env.int, default=3650)
# With what the registry proves, when it tells of pulls, that it is the registry.
REGISTRY_EVENTS_SECRET = read("REGISTRY_EVENTS_SECRET", default="")
REGISTRY_DEFAULT_REPOSITORIES = checked(
    "REGISTRY_DEFAULT_REPOSITORIES",
    read("REGISTRY_DEFAULT_REPOSITORIES", env.list, default=["public/*"]),
    patterns,
)
# Whether the registry's proxy asks /auth/check about each request: revocations hold at once.
REVOCATION_CHECK = checked("REVOCATION_CHECK", read("REVOCATION_CHECK", default="off"), switch)
# How long the gauges of a token are kept.
USES_KEPT = timedelta(days=read("USES_KEPT_DAYS", env.int, default=400))
PULLS_KEPT = timedelta(days=read("PULLS_KEPT_DAYS", env.int, default=400))
REFUSALS_KEPT = timedelta(days=read("REFUSALS_KEPT_DAYS", env.int, default=90))
# What signs how the chains of events end, and where that is written: "-" is standard output.
AUDIT_KEY_FILE = read("AUDIT_KEY_FILE", default="")
AUDIT_CHECKPOINTS = read("AUDIT_CHECKPOINTS", default=str(VAR_DIR / "checkpoints.jsonl"))
METRICS_SECRET = read("METRICS_SECRET", default="")
# Never changed once tokens exist: scanners know secrets by it.
SECRET_PREFIX = checked("SECRET_PREFIX", read("SECRET_PREFIX", default="twc_"), secret_prefix)
# What the people and secrets of the demo are derived from; empty where there is no demo.
DEMO_KEY = read("DEMO_KEY", default="")

IS_HTTPS = PORTAL_URL.startswith("https://")
PORTAL_HOST = str(urlsplit(PORTAL_URL).hostname)
# Where clients ask for grants. In production that is the registry's own host name: some clients
# refuse a realm elsewhere, and some lower-case its address.
REGISTRY_REALM = f"{f'https://{REGISTRY_HOST}' if IS_HTTPS else PORTAL_URL}/auth/token".lower()
ALLOWED_HOSTS = [PORTAL_HOST, str(urlsplit(f"//{REGISTRY_HOST}").hostname)]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "tokens",
]
MIDDLEWARE = [
    "portal.middleware.security_headers",
    "portal.middleware.says_what_is_allowed",
    "portal.middleware.origin_of_request",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.ends_old_sessions",
    "portal.middleware.stored_nowhere",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.SignInRequired",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.portal",
            ]
        },
    }
]

# Facts.
DATABASES = {
    "default": checked(
        "DATABASE_URL",
        read("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/portal.sqlite3"),
        database,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"] |= {
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 5,
            "transaction_mode": "IMMEDIATE",
            # A revocation may not be lost with the power. Mapped into memory, 2 GB of it, what was
            # read is shared by all threads: with 100,000 tokens the realm is nearly twice as fast.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            " PRAGMA mmap_size=2147418112;",
        },
    }
else:
    DATABASES["default"] |= {
        "CONN_MAX_AGE": 0,
        # Beside what the address asks for, such as ?sslmode=verify-full.
        "OPTIONS": DATABASES["default"].get("OPTIONS", {})
        | {
            "connect_timeout": 2,
            "pool": {"min_size": 1, "max_size": 16, "timeout": 0.8, "reconnect_timeout": 1},
            # What is asked often is planned once for each connection: half of the realm's query.
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    }
# Shared by all processes and replicas, so that limits on sign-in hold across them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in.
AUTH_USER_MODEL = "tokens.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "tokens"
ACCOUNT_ADAPTER = "portal.sign_in.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Who asks for a new password at an address that nobody has here gets no mail: it is not theirs.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# By person alone: by address allauth allows ten failures a minute, and counts as failed whoever is
# being checked right now, so of twenty people behind one address some would be refused.
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "portal.sign_in.LinkMaker"  # nosec B105
ACCOUNT_USER_DISPLAY = "portal.sign_in.display"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_IDLE_SECONDS = int(timedelta(minutes=30).total_seconds())
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"

# The browser. SECURE_PROXY_SSL_HEADER is believed of a trusted proxy only: see portal.middleware.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# portal.middleware.security_headers sends X-Frame-Options, on more answers than Django's would.
SILENCED_SYSTEM_CHECKS = ["security.W002"]

# Mail.
_mail = read("EMAIL_URL", env.email_url, default="consolemail://")
DEFAULT_FROM_EMAIL = checked(
    "EMAIL_FROM",
    read("EMAIL_FROM", default=formataddr((PORTAL_BRAND, f"no-reply@{PORTAL_HOST}"))),
    sender,
)
vars().update(mail(_mail, seconds=5))

# Languages and times.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
FORMAT_MODULE_PATH = "portal.formats"
TIME_ZONE = checked("TIME_ZONE", read("TIME_ZONE", default="Europe/Amsterdam"), time_zone)
USE_TZ = True

# Static files: named by their content, compressed, served by whitenoise.
STATIC_URL = "/static/"
STATIC_ROOT = Path(read("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": "at",  # in UTC
        }
    },
    "filters": {
        "raised": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: record.exc_info is not None,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # An answer that refuses is no news, and machines may hear it a thousand times a second.
    "loggers": {"django.request": {"level": "ERROR", "filters": ["raised"]}},
}
