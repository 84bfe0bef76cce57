"""Do invitations work once, and for whom they were made? Is somebody always left to invite?"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from tests.factories import PASSWORD, Cast, make_person
from tests.facts import everything
from tokens import permissions
from tokens.actions import people as deeds
from tokens.models import CONSOLE, Event, Invitation, Message, User
from tokens.models.accounts import Role
from tokens.models.messages import Kind

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def invited(cast: Cast, role: Role = Role.MEMBER) -> Invitation:
    return deeds.invite("zoe@acme.example", company=cast.acme, role=role, by=cast.ana)


def accept(invitation: Invitation) -> User:
    return deeds.join(invitation, name="Zoë Maas", password=PASSWORD)


def test_an_invitation_remembers_who_invited_whom_as_what(cast: Cast) -> None:
    invitation = invited(cast, Role.AUDITOR)
    assert invitation.company == cast.acme
    assert invitation.email == "zoe@acme.example"
    assert invitation.role == Role.AUDITOR
    assert invitation.invited_by == cast.ana


def test_an_invitation_of_the_console_is_of_nobody(cast: Cast) -> None:
    invitation = deeds.invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    assert invitation.invited_by is None


def test_whoever_joins_has_the_address_company_and_role_of_the_invitation(cast: Cast) -> None:
    person = accept(invited(cast, Role.AUDITOR))
    assert (person.email, person.name) == ("zoe@acme.example", "Zoë Maas")
    assert (person.company, person.role) == (cast.acme, Role.AUDITOR)
    address = EmailAddress.objects.get(user=person)
    assert address.email == "zoe@acme.example"
    assert address.verified
    assert address.primary


def test_a_password_is_stored_as_argon2(argon2: None, cast: Cast) -> None:
    person = accept(invited(cast))
    assert person.password.startswith("argon2$argon2id$")
    assert check_password(PASSWORD, person.password)


def test_an_invitation_works_once(cast: Cast) -> None:
    invitation = invited(cast)
    accept(invitation)
    before = everything()
    with pytest.raises(deeds.InvitationEnded):
        accept(invitation)
    assert everything() == before
    assert Invitation.objects.behind(invitation.key) is None


def test_an_invitation_works_until_its_seven_days_are_over(cast: Cast) -> None:
    with time_machine.travel(MONDAY, tick=False):
        invitation = invited(cast)
    assert invitation.expires_at == MONDAY + WEEK
    with time_machine.travel(MONDAY + WEEK - timedelta(seconds=1), tick=False):
        assert Invitation.objects.behind(invitation.key) == invitation
        assert accept(invitation).email == "zoe@acme.example"


def test_an_invitation_ends_after_seven_days(cast: Cast) -> None:
    with time_machine.travel(MONDAY, tick=False):
        invitation = invited(cast)
    before = everything()
    with time_machine.travel(MONDAY + WEEK, tick=False):
        assert Invitation.objects.behind(invitation.key) is None
        with pytest.raises(deeds.InvitationEnded):
            accept(invitation)
    assert everything() == before


def test_of_two_invitations_to_one_address_the_first_that_is_accepted_counts(cast: Cast) -> None:
    one = invited(cast)
    other = deeds.invite("zoe@acme.example", company=cast.globex, role=Role.ADMIN, by=CONSOLE)
    accept(one)
    before = everything()
    with pytest.raises(deeds.AlreadyAPerson):
        accept(other)
    assert everything() == before
    assert User.objects.get(email="zoe@acme.example").role == Role.MEMBER


@pytest.mark.parametrize("address", ["bram@acme.example", " BRAM@Acme.Example "])
def test_somebody_who_has_an_account_is_not_invited_again(address: str, cast: Cast) -> None:
    assert cast.bram
    before = everything()
    with pytest.raises(deeds.AlreadyAPerson):
        deeds.invite(address, company=cast.globex, role=Role.ADMIN, by=CONSOLE)
    assert Invitation.objects.filter(company=cast.globex).count() == 0
    assert len(everything()["tokens.User"]) == len(before["tokens.User"])


@pytest.mark.parametrize("address", ["", "zoe", "zoe@", "zoe@acme.example, ana@acme.example"])
def test_an_invitation_goes_to_one_address(address: str, cast: Cast) -> None:
    assert cast.ana
    before = everything()
    with pytest.raises(ValidationError):
        deeds.invite(address, company=cast.acme, role=Role.MEMBER, by=cast.ana)
    assert everything() == before


def test_nobody_is_invited_to_a_role_that_does_not_exist(cast: Cast) -> None:
    assert cast.ana
    before = everything()
    with pytest.raises(ValidationError):
        deeds.invite("zoe@acme.example", company=cast.acme, role="root", by=cast.ana)
    assert everything() == before


@pytest.mark.parametrize("name", ["", "Z", "Z" * 101, "Zoë\u202eMaas", "Zoë\x00"])
def test_a_name_is_a_line_that_can_be_seen(name: str, cast: Cast) -> None:
    invitation = invited(cast)
    before = everything()
    with pytest.raises(ValidationError):
        deeds.join(invitation, name=name, password=PASSWORD)
    assert everything() == before


@pytest.mark.parametrize("length", [2, 100])
def test_a_name_has_2_to_100_characters(length: int, cast: Cast) -> None:
    person = deeds.join(invited(cast), name="Z" * length, password=PASSWORD)
    assert person.name == "Z" * length


def test_the_last_admin_is_not_deactivated(cast: Cast) -> None:
    assert cast.bram
    assert cast.ana
    before = everything()
    for actor in (cast.ana, CONSOLE):
        with pytest.raises(deeds.LastAdmin):
            deeds.deactivate(cast.ana, by=actor)
    assert everything() == before


def test_an_admin_is_deactivated_while_another_is_left(cast: Cast) -> None:
    ida = make_person("Ida Prins", cast.acme, Role.ADMIN)
    deeds.deactivate(cast.ana, by=ida)
    assert not User.objects.get(pk=cast.ana.pk).is_active
    with pytest.raises(deeds.LastAdmin):
        deeds.deactivate(ida, by=CONSOLE)


def test_a_member_is_deactivated_although_the_company_has_no_admin(cast: Cast) -> None:
    deeds.deactivate(cast.bram, by=CONSOLE)
    assert not User.objects.get(pk=cast.bram.pk).is_active


def test_somebody_deactivated_already_is_not_deactivated_twice(cast: Cast) -> None:
    deeds.deactivate(cast.bram, by=cast.ana)
    before = everything()
    assert not deeds.deactivate(cast.bram, by=cast.ana).is_active
    assert everything() == before


def test_an_admin_of_the_vendor_does_not_count_as_one_of_the_company(cast: Cast) -> None:
    with pytest.raises(deeds.LastAdmin):
        deeds.deactivate(cast.ana, by=cast.vera)


def test_the_events_of_an_invitation_name_the_address_and_hold_no_key(cast: Cast) -> None:
    invitation = invited(cast)
    event = Event.objects.latest("sequence")
    assert event.object_name == "zoe@acme.example"
    assert invitation.key not in str(event.line())


def test_a_company_invites_an_address_once_at_a_time(cast: Cast) -> None:
    invitation = invited(cast)
    before = everything()
    with pytest.raises(deeds.AlreadyInvited):
        deeds.invite(" ZOE@acme.example", company=cast.acme, role=Role.ADMIN, by=cast.ana)
    assert everything() == before
    deeds.withdraw(invitation, by=cast.ana)
    assert invited(cast, Role.ADMIN) != invitation


def test_an_invitation_that_was_withdrawn_opens_nothing(cast: Cast) -> None:
    invitation = invited(cast)
    deeds.withdraw(invitation, by=cast.ana)
    before = everything()
    assert Invitation.objects.behind(invitation.key) is None
    with pytest.raises(deeds.InvitationEnded):
        accept(invitation)
    for again in (deeds.withdraw, deeds.renew):
        with pytest.raises(deeds.InvitationEnded):
            again(invitation, by=cast.ana)
    assert everything() == before


def test_an_invitation_that_is_sent_again_works_for_seven_days_more(cast: Cast) -> None:
    with time_machine.travel(MONDAY, tick=False):
        invitation = invited(cast)
    with time_machine.travel(MONDAY + timedelta(days=6), tick=False):
        mails = Message.objects.filter(kind=Kind.PERSON_INVITED, invitation=invitation)
        before = mails.count()
        assert deeds.renew(invitation, by=cast.ana).key == invitation.key
        assert mails.count() == before + 1
    with time_machine.travel(MONDAY + timedelta(days=12), tick=False):
        assert accept(invitation).email == "zoe@acme.example"


@pytest.mark.parametrize("deed", [deeds.renew, deeds.withdraw])
def test_other_invitations_stay_as_they_are(deed: Callable[..., Invitation], cast: Cast) -> None:
    other = deeds.invite("yan@acme.example", company=cast.acme, role=Role.MEMBER, by=cast.ana)
    ours = invited(cast)
    assert deed(ours, by=cast.ana).email == "zoe@acme.example"
    assert Invitation.objects.get(pk=other.pk).expires_at == other.expires_at


@pytest.mark.parametrize("deed", [deeds.renew, deeds.withdraw])
def test_an_invitation_that_was_accepted_is_neither_renewed_nor_withdrawn(
    deed: Callable[..., Invitation], cast: Cast
) -> None:
    invitation = invited(cast)
    accept(invitation)
    before = everything()
    with pytest.raises(deeds.InvitationEnded):
        deed(invitation, by=cast.ana)
    assert everything() == before


def test_a_role_says_what_somebody_may_do_from_now_on(cast: Cast) -> None:
    person = deeds.change_role(cast.bram, role=Role.ADMIN, by=cast.ana)
    assert User.objects.get(pk=person.pk).role == Role.ADMIN
    assert permissions.may_change_people(person, cast.acme)


def test_the_same_role_again_leaves_no_event(cast: Cast) -> None:
    assert cast.ana
    assert cast.bram
    before = everything()
    assert deeds.change_role(cast.ana, role=Role.ADMIN, by=cast.ana) == cast.ana
    assert deeds.change_role(cast.bram, role=Role.MEMBER, by=cast.ana) == cast.bram
    assert everything() == before


def test_what_a_colleague_has_changed_is_changed_from_there(cast: Cast) -> None:
    seen_by_another = User.objects.get(pk=cast.bram.pk)
    deeds.change_role(cast.bram, role=Role.AUDITOR, by=cast.ana)
    deeds.change_role(seen_by_another, role=Role.ADMIN, by=cast.ana)
    assert Event.objects.latest("pk").details == {"before": "auditor", "after": "admin"}
    deeds.deactivate(cast.bram, by=cast.ana)
    before = everything()
    assert not deeds.deactivate(seen_by_another, by=cast.ana).is_active
    assert everything() == before


@pytest.mark.parametrize("role", [Role.MEMBER, Role.AUDITOR])
def test_the_last_admin_stays_one(role: Role, cast: Cast) -> None:
    former = make_person("Ida Prins", cast.acme, Role.ADMIN)
    deeds.deactivate(former, by=cast.ana)
    before = everything()
    for actor in (cast.ana, CONSOLE):
        with pytest.raises(deeds.LastAdmin):
            deeds.change_role(cast.ana, role=role, by=actor)
    assert everything() == before


def test_an_admin_becomes_a_member_while_another_is_left(cast: Cast) -> None:
    make_person("Ida Prins", cast.acme, Role.ADMIN)
    assert deeds.change_role(cast.ana, role=Role.MEMBER, by=cast.ana).role == Role.MEMBER


def test_the_role_of_somebody_deactivated_is_changed_too(cast: Cast) -> None:
    former = make_person("Ida Prins", cast.acme, Role.ADMIN)
    deeds.deactivate(former, by=cast.ana)
    assert deeds.change_role(former, role=Role.MEMBER, by=cast.ana).role == Role.MEMBER


def test_somebody_reactivated_has_the_role_that_they_had(cast: Cast) -> None:
    deeds.deactivate(cast.dirk, by=cast.ana)
    person = deeds.reactivate(cast.dirk, by=cast.ana)
    assert person.is_active
    assert person.role == Role.AUDITOR
    before = everything()
    assert deeds.reactivate(person, by=cast.ana) == person
    assert everything() == before
