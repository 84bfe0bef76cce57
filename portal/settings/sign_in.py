"""Who gets in, for how long, and what does the browser keep?"""

from datetime import timedelta

from portal.settings.place import IS_HTTPS, PORTAL_BRAND

AUTH_USER_MODEL = "tokens.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "portal.sign_in.LongEnough",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "tokens"
ACCOUNT_ADAPTER = "portal.sign_in.Adapter"
ACCOUNT_FORMS = {
    "login": "tokens.forms.accounts.SignInForm",
    "reset_password": "tokens.forms.accounts.ForgottenForm",  # nosec B105
    "reset_password_from_key": "tokens.forms.accounts.NewPasswordForm",  # nosec B105
    "change_password": "tokens.forms.accounts.AnotherPasswordForm",  # nosec B105
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = int(timedelta(minutes=10).total_seconds())
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
# How long nobody is asked again who they are, after the sign-in or after the last time.
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(timedelta(minutes=10).total_seconds())
MFA_ADAPTER = "portal.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "tokens.forms.factors.SignInCodeForm",
    "reauthenticate": "tokens.forms.factors.AgainCodeForm",
    "authenticate_webauthn": "tokens.forms.factors.SignInPasskeyForm",
    "reauthenticate_webauthn": "tokens.forms.factors.AgainPasskeyForm",
    "activate_totp": "tokens.forms.factors.AppForm",
    "add_webauthn": "tokens.forms.factors.PasskeyForm",
    "edit_webauthn": "tokens.forms.factors.RenamePasskeyForm",
}
MFA_TOTP_ISSUER = PORTAL_BRAND
# A step of 30 seconds to either side, for clocks that are not quite right (RFC 6238, section 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
SESSION_ENGINE = "portal.sessions"
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
