"""What is Django told of the application itself?"""

from pathlib import Path
from urllib.parse import urlsplit

from portal.environment import checked, database, read
from portal.logs import names_the_door
from portal.settings.place import BASE_DIR, PORTAL_HOST, PORTAL_URL, VAR_DIR
from portal.settings.registry import REGISTRY_HOST

DEBUG = False
ALLOWED_HOSTS = [PORTAL_HOST, str(urlsplit(f"//{REGISTRY_HOST}").hostname)]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tokens",
]
MIDDLEWARE = [
    "portal.middleware.security_headers",
    "portal.middleware.says_what_is_allowed",
    "portal.middleware.origin_of_request",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.Compressed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.EndsOldSessions",
    "portal.middleware.speaks_as_chosen",
    "portal.middleware.stored_nowhere",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.SignInRequired",
    "portal.middleware.SecondFactorRequired",
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
            # And pages go from the log into the file 10,000 at a time (40 MB), not 1,000: where a
            # million tokens are used, each use is another page.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            " PRAGMA mmap_size=2147418112; PRAGMA wal_autocheckpoint=10000;",
        },
    }
else:
    DATABASES["default"] |= {
        "CONN_MAX_AGE": 0,
        # Beside what the address asks for, such as ?sslmode=verify-full. Whoever waits for another
        # writer is told so after 5 s, as on SQLite.
        "OPTIONS": {"options": "-c lock_timeout=5s"}
        | DATABASES["default"].get("OPTIONS", {})
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

# Text alone: a file would be written to the disk before anybody looked at it.
FILE_UPLOAD_HANDLERS = ["portal.uploads.NoFiles"]

# Static files: named by their content, compressed, served by whitenoise.
STATIC_URL = "/static/"
STATIC_ROOT = Path(read("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# They are for our own pages alone, as everything is.
WHITENOISE_ALLOW_ALL_ORIGINS = False
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
        },
        "door": {"()": "django.utils.log.CallbackFilter", "callback": names_the_door},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["door"]}
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # An answer that refuses is no news, and machines may hear it a thousand times a second.
    "loggers": {"django.request": {"level": "ERROR", "filters": ["raised"]}},
}
