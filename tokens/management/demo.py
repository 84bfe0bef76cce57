"""Who is in the demo, and what do they have?"""

import base64
import hmac
from collections.abc import Iterator
from typing import NamedTuple

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from tokens.actions import tokens
from tokens.actions.companies import add_company
from tokens.actions.people import invite, join
from tokens.forms.tokens import new_nonce
from tokens.models import CONSOLE, Company, User
from tokens.models.accounts import Role

DESCRIPTIONS = (
    "Production cluster, node pool EU",
    "Build server in Apeldoorn",
    "Test machine of the integration team",
)


class DemoPerson(NamedTuple):
    """Somebody who can sign in to the demo."""

    name: str
    email: str
    role: Role
    company: str


COMPANIES = {"thinkwise": "Thinkwise", "acme": "Acme", "globex": "Globex"}
VENDOR = "thinkwise"
PEOPLE = (
    DemoPerson("Vera Visser", "vera@thinkwise.example", Role.ADMIN, "thinkwise"),
    DemoPerson("Tom Bakker", "tom@thinkwise.example", Role.AUDITOR, "thinkwise"),
    DemoPerson("Ana Vos", "ana@acme.example", Role.ADMIN, "acme"),
    DemoPerson("Bram de Wit", "bram@acme.example", Role.MEMBER, "acme"),
    DemoPerson("Chloé Martin", "chloe@acme.example", Role.MEMBER, "acme"),
    DemoPerson("Dirk Smit", "dirk@acme.example", Role.AUDITOR, "acme"),
    DemoPerson("Eva Klein", "eva@globex.example", Role.ADMIN, "globex"),
    DemoPerson("Farid Haddad", "farid@globex.example", Role.MEMBER, "globex"),
    DemoPerson("Greta Lund", "greta@globex.example", Role.MEMBER, "globex"),
    DemoPerson("Hugo Peeters", "hugo@globex.example", Role.AUDITOR, "globex"),
)


def password(email: str) -> str:
    """Derived from the e-mail address under DEMO_KEY: the same at every start, stored nowhere."""
    return base64.urlsafe_b64encode(_derived(f"password {email}")[:15]).decode()


def seed(email: str) -> str:
    """What an authenticator app makes the codes of somebody of the vendor from, in base32."""
    return base64.b32encode(_derived(f"second factor {email}")[:20]).decode()


def _derived(what: str) -> bytes:
    return hmac.digest(settings.DEMO_KEY.encode(), what.encode(), "sha256")


def fill() -> None:
    """Adds the companies, people and tokens that are missing, through the deeds themselves."""
    for slug, name in COMPANIES.items():
        if not Company.objects.filter(slug=slug).exists():
            is_vendor = slug == VENDOR
            pushes = ("public/*", "internal/*") if is_vendor else ()
            add_company(slug, name=name, by=CONSOLE, is_vendor=is_vendor, pushes=pushes)
    for person in PEOPLE:
        somebody = User.objects.filter(email=person.email).first() or _join(person)
        if somebody.company.is_vendor and not somebody.has_second_factor:
            set_up_app(somebody, seed(person.email))
    requester = User.objects.get(email="bram@acme.example")
    if not requester.company.tokens.exists():
        for description in DESCRIPTIONS:
            tokens.request(by=requester, description=description, nonce=new_nonce())


@transaction.atomic
def _join(person: DemoPerson) -> User:
    company = Company.objects.get(slug=person.company)
    invitation = invite(person.email, company=company, role=person.role, by=CONSOLE)
    return join(invitation, name=person.name, password=password(person.email))


@transaction.atomic
def set_up_app(person: User, seed: str) -> None:
    """What the page does that takes the first code of an app."""
    data = {"secret": get_adapter().encrypt(seed)}
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data=data)


def people() -> Iterator[dict[str, object]]:
    """The people as ``var/demo.json`` lists them."""
    for person in PEOPLE:
        yield {
            "email": person.email,
            "password": password(person.email),
            "name": person.name,
            "company": COMPANIES[person.company],
            "role": str(person.role),
            "vendor": person.company == VENDOR,
            "totp": seed(person.email) if person.company == VENDOR else None,
        }
