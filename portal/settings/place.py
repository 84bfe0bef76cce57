"""Where does the portal live, and how do others know that it is the portal?"""

from datetime import timedelta
from email.utils import formataddr
from pathlib import Path
from urllib.parse import urlsplit

from portal.colours import OURS, Shades
from portal.environment import (
    checked,
    env,
    folder,
    load_dotenv,
    mail,
    networks,
    not_empty,
    picture,
    read,
    sender,
    time_zone,
    web_address,
)

BASE_DIR = Path(__file__).resolve().parents[2]
load_dotenv(BASE_DIR / ".env")

# Everything that the portal writes itself is below VAR_DIR.
VAR_DIR = checked("VAR_DIR", read("VAR_DIR", default=str(BASE_DIR / "var")), folder)
PORTAL_URL = checked(
    "PORTAL_URL",
    read("PORTAL_URL", default=f"http://127.0.0.1:{read('PORT', env.int, default=8000)}"),
    web_address,
)
IS_HTTPS = PORTAL_URL.startswith("https://")
PORTAL_HOST = str(urlsplit(PORTAL_URL).hostname)
PORTAL_BRAND = read("PORTAL_BRAND", default="Thinkwise containers")
PORTAL_COLOUR = checked("PORTAL_COLOUR", read("PORTAL_COLOUR", default=OURS), Shades.of)
PORTAL_LOGO = checked("PORTAL_LOGO", read("PORTAL_LOGO", default=""), picture)
SECRET_KEY = checked("SECRET_KEY", read("SECRET_KEY"), not_empty)
# Earlier ones, with which what they signed and encrypted can still be read.
SECRET_KEY_FALLBACKS = [key.strip() for key in read("SECRET_KEY_FALLBACKS", env.list, default=[])]
TRUSTED_PROXIES = checked(
    "TRUSTED_PROXIES",
    ",".join(read("TRUSTED_PROXIES", env.list, default=[])),
    lambda text: networks([part.strip() for part in text.split(",") if part]),
)
METRICS_SECRET = read("METRICS_SECRET", default="")
# What the people and secrets of the demo are derived from; empty where there is no demo.
DEMO_KEY = read("DEMO_KEY", default="")

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
# Each in its own words, which whoever looks for it reads.
LANGUAGES = [("en", "English"), ("nl", "Nederlands")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "__Host-language" if IS_HTTPS else "language"
LANGUAGE_COOKIE_AGE = int(timedelta(days=365).total_seconds())
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = IS_HTTPS, True, "Lax"
USE_I18N = USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "portal.formats"
TIME_ZONE = checked("TIME_ZONE", read("TIME_ZONE", default="Europe/Amsterdam"), time_zone)
USE_TZ = True
