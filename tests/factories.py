"""Who is in the tests, and what do they have? All of it is made by the deeds themselves."""

import secrets
import unicodedata
from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from tokens.actions import tokens as deeds
from tokens.actions.companies import add_company
from tokens.actions.people import invite, join
from tokens.management.demo import set_up_app
from tokens.models import CONSOLE, Company, Token, Use, User, noted_uses
from tokens.models.accounts import Role
from tokens.models.uses import Place

PASSWORD = "a long enough password"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of the authenticator apps of the vendor's people


def make_company(slug: str, **options: object) -> Company:
    return add_company(slug, name=slug.capitalize(), by=CONSOLE, **options)


def make_person(name: str, company: Company, role: Role = Role.MEMBER) -> User:
    """A person such as ``ana@acme.example``, who signs in with ``PASSWORD``.

    The vendor's people also need the code of an app with ``SEED``.
    """
    first_name = unicodedata.normalize("NFD", name.split()[0].lower()).encode("ascii", "ignore")
    email = f"{first_name.decode()}@{company.slug}.example"
    invitation = invite(email, company=company, role=role, by=CONSOLE)
    person = join(invitation, name=name, password=PASSWORD)
    if company.is_vendor:
        set_up_app(person, SEED)
    return person


def request_token(by: User, description: str = "Production cluster") -> deeds.Requested:
    return deeds.request(by=by, description=description, nonce=secrets.token_urlsafe(16))


def use(token: Token, *addresses: str, days_ago: float = 0, client: str = "docker") -> None:
    """A machine logs in with the token from each of the addresses."""
    at = timezone.now() - timedelta(days=days_ago)
    for address in addresses or ("203.0.113.7",):
        Use.record(Place(token.pk, address, client), at=at)
    noted_uses.write_everything()


class Cast:
    """Acme with an administrator, two members and an auditor; Globex; the vendor's people.

    Each is made when first named, so a test pays for the people it is about.
    """

    @cached_property
    def acme(self) -> Company:
        return make_company("acme")

    @cached_property
    def globex(self) -> Company:
        return make_company("globex")

    @cached_property
    def vendor(self) -> Company:
        return make_company("thinkwise", is_vendor=True, pushes=("public/*", "internal/*"))

    @cached_property
    def ana(self) -> User:
        """An administrator of Acme."""
        return make_person("Ana Vos", self.acme, Role.ADMIN)

    @cached_property
    def bram(self) -> User:
        """A member of Acme."""
        return make_person("Bram de Wit", self.acme)

    @cached_property
    def chloe(self) -> User:
        """Another member of Acme."""
        return make_person("Chloé Martin", self.acme)

    @cached_property
    def dirk(self) -> User:
        """An auditor of Acme."""
        return make_person("Dirk Smit", self.acme, Role.AUDITOR)

    @cached_property
    def eva(self) -> User:
        """An administrator of Globex."""
        return make_person("Eva Klein", self.globex, Role.ADMIN)

    @cached_property
    def farid(self) -> User:
        """A member of Globex."""
        return make_person("Farid Haddad", self.globex)

    @cached_property
    def vera(self) -> User:
        """An administrator of the vendor: an operator."""
        return make_person("Vera Visser", self.vendor, Role.ADMIN)

    @cached_property
    def tom(self) -> User:
        """An auditor of the vendor."""
        return make_person("Tom Bakker", self.vendor, Role.AUDITOR)

    @cached_property
    def max(self) -> User:
        """A plain member of the vendor."""
        return make_person("Max Jansen", self.vendor)
