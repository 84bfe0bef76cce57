"""How do allauth's second factors differ here? Seeds are encrypted, and what is posted is whole."""

import base64
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps

import qrcode
from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from qrcode.image.svg import SvgPathFillImage

from tokens.models import User

View = Callable[..., HttpResponseBase]


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right, or was used before. Enter the next one."),
        "incorrect_passkey": _("This passkey is not one of yours. Try again, or use another way."),
        "unreadable": _(
            "Your second factor can no longer be checked. Ask an administrator of your company to"
            " reset it."
        ),
    }

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text again; raises ValidationError where no key that is known has encrypted it."""
        try:
            return _fernet().decrypt(encrypted_text).decode()
        except InvalidToken:
            raise self.validation_error("unreadable") from None

    def build_totp_svg(self, url: str) -> str:
        """The code to be scanned, as an element for the page itself."""
        image = qrcode.make(url, image_factory=SvgPathFillImage)
        return str(image.to_string(encoding="unicode"))

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey %(number)s") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys are the portal's, whatever host the request was sent to."""
        return {"id": settings.PORTAL_HOST, "name": settings.PORTAL_BRAND}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        return {"id": user.public_id.bytes, "display_name": user.name, "name": user.email}


class SecondStep(AuthenticateView):  # type: ignore[misc]
    """The second step of a sign-in: where it fails the password was right all the same."""

    def form_invalid(self, form: Form) -> HttpResponse:
        get_adapter().note_failure(self.stage.login.user.email)
        answer: HttpResponse = super().form_invalid(form)
        return answer


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    """A key for this one purpose."""
    derivation = HKDF(SHA256(), length=32, salt=None, info=b"seeds of second factors")
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))


def whole(view: View) -> View:
    """A view of allauth's, where what is posted and the event of it both happen or none does.

    Other methods are refused: DELETE would do what POST does, past all signals.
    """

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return view(request, *args, **kwargs)

    return answer
