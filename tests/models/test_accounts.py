"""What must never be false about companies, people and invitations?"""

from datetime import timedelta

import pytest
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from tests.factories import Cast, make_company, request_token
from tokens.actions.people import invite
from tokens.models import CONSOLE, Company, Entitlement, Invitation, User
from tokens.models.accounts import Role


def test_the_database_knows_one_vendor(cast: Cast) -> None:
    assert cast.vendor
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.filter(pk=cast.acme.pk).update(is_vendor=True)


def test_two_companies_never_share_a_slug(cast: Cast) -> None:
    assert cast.acme
    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.create(slug="acme", name="Another Acme")


def test_two_people_never_share_an_address_in_whatever_case(cast: Cast) -> None:
    assert cast.bram
    for email in ("bram@acme.example", "BRAM@acme.example", "Bram@ACME.Example"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email=email, name="Another Bram", company=cast.globex)


def test_people_are_found_by_their_address_in_whatever_case(cast: Cast) -> None:
    bram = cast.bram
    assert User.objects.get_by_natural_key("BRAM@acme.example") == bram


@pytest.mark.parametrize("role", ["", "root", "Admin"])
def test_the_database_knows_three_roles(role: str, cast: Cast) -> None:
    person = User.objects.filter(pk=cast.bram.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        person.update(role=role)
    invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.update(role=role)


def test_companies_and_people_are_never_deleted(cast: Cast) -> None:
    request_token(cast.bram)
    with pytest.raises(ProtectedError):
        cast.acme.delete()
    with pytest.raises(ProtectedError):
        cast.bram.delete()


def test_a_company_pulls_what_its_entitlements_in_force_say(cast: Cast) -> None:
    now = timezone.now()
    for pattern, ends_at in {
        "ended": now - timedelta(seconds=1),
        "ends-later": now + timedelta(days=1),
        "never-ends": None,
    }.items():
        Entitlement.objects.create(company=cast.acme, pattern=pattern, ends_at=ends_at)
    assert cast.acme.pulls() == ["ends-later", "never-ends", "public/*"]


def test_a_company_has_a_pattern_once(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Entitlement.objects.create(company=cast.acme, pattern="public/*")


@pytest.mark.parametrize("pattern", ["public/*", "public/base", "a/b/c/*", "base"])
def test_a_pattern_is_a_name_or_a_prefix_of_names(pattern: str, cast: Cast) -> None:
    company = make_company("initech", pushes=(pattern,))
    assert pattern in company.pulls()


@pytest.mark.parametrize("pattern", ["*", "/*", "public*", "public/**", "PUBLIC/*", "a//b", "a b"])
def test_nothing_else_is_a_pattern(pattern: str, cast: Cast) -> None:
    with pytest.raises(ValidationError, match="a prefix and"):
        Entitlement(company=cast.acme, pattern=pattern).full_clean()


def test_operators_are_the_admins_of_the_vendor(cast: Cast) -> None:
    people = (cast.ana, cast.bram, cast.dirk, cast.max, cast.tom, cast.vera)
    assert [person for person in people if person.is_operator] == [cast.vera]


def test_the_vendors_admins_and_auditors_see_every_company(cast: Cast) -> None:
    people = (cast.ana, cast.bram, cast.dirk, cast.max, cast.tom, cast.vera)
    assert [person for person in people if person.sees_every_company] == [cast.tom, cast.vera]


def test_the_key_of_an_invitation_leads_to_it(cast: Cast) -> None:
    zoe, ida = (
        invite(f"{name}@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
        for name in ("zoe", "ida")
    )
    assert Invitation.objects.behind(zoe.key) == zoe
    assert Invitation.objects.behind(ida.key) == ida


def test_a_tampered_key_leads_nowhere(cast: Cast) -> None:
    invitation = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    key = invitation.key
    value, signature = key.rsplit(":", 1)
    swapped = signature[:-2] + signature[-2:][::-1] + "x"
    tampered = {
        "nothing": "",
        "its id alone": str(invitation.public_id),
        "no signature": value,
        "another signature": f"{value}:{swapped}",
        "one letter less": key[:-1],
        "one letter more": key + "A",
        "another id": "A" + key,
        "another purpose": signing.dumps(str(invitation.public_id), salt="password reset"),
        "junk": "\x00é%00:::",
    }
    for what, wrong in tampered.items():
        assert Invitation.objects.behind(wrong) is None, what


def test_parties_name_what_the_trail_needs(cast: Cast) -> None:
    assert cast.acme.party == ("company", "acme", "Acme")
    assert cast.bram.party == ("person", str(cast.bram.public_id), "Bram de Wit")
    assert CONSOLE.party == ("console", "", "console")


def test_things_are_written_as_people_know_them(cast: Cast) -> None:
    invitation = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    assert str(cast.acme) == "Acme"
    assert str(cast.bram) == "Bram de Wit"
    assert str(invitation) == "zoe@acme.example"
    assert [str(one) for one in cast.acme.entitlements.all()] == ["public/*"]


def test_people_and_invitations_are_seen_by_their_company_and_by_the_vendor(cast: Cast) -> None:
    invitation = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    readers = (cast.ana, cast.bram, cast.dirk, cast.eva, cast.max, cast.tom, cast.vera)
    expected = [cast.ana, cast.bram, cast.dirk, cast.tom, cast.vera]
    assert [p for p in readers if cast.bram in User.objects.visible_to(p)] == expected
    assert [p for p in readers if invitation in Invitation.objects.visible_to(p)] == expected


def test_the_link_of_an_invitation_leads_to_the_portal(cast: Cast) -> None:
    invitation = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    start, _join, key = invitation.link.removesuffix("/").rpartition("/join/")
    assert start == "http://portal.example:8000"
    assert Invitation.objects.behind(key) == invitation
