"""What may be filled in, and what is said about the rest?"""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import Cast, request_token
from tokens import text
from tokens.actions.people import invite
from tokens.forms.people import InviteForm, JoinForm, RoleForm, TokensForm
from tokens.forms.tokens import DescriptionForm, ListForm, RequestForm, new_nonce
from tokens.models import CONSOLE, User
from tokens.models.accounts import Role

GOOD_PASSWORD = "seventeen herons by the lock"


def test_a_description_is_the_only_field_of_its_form() -> None:
    assert list(DescriptionForm().fields) == ["description"]
    assert list(RequestForm().fields) == ["description", "nonce"]


@pytest.mark.parametrize("description", ["abc", "x" * 200, "  abc  ", "Größe 99 %", "日本語"])
def test_a_description_of_3_to_200_characters_is_taken(description: str) -> None:
    form = DescriptionForm({"description": description})
    assert form.is_valid()
    assert form.cleaned_data["description"] == description.strip()


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("", "This field is required."),
        ("   ", "Write at least 3 characters."),
        ("ab", "Write at least 3 characters."),
        ("x" * 201, "Write at most 200 characters; this is 201."),
        ("Build\u202eserver", "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ("Build\u200bserver", "ZERO WIDTH SPACE (U+200B)"),
        ("Build\x00server", "Null characters are not allowed."),
        ("Build\x07server", "U+0007"),
        ("Build\nserver", "U+000A"),
    ],
)
def test_a_description_that_is_refused_says_why(description: str, reason: str) -> None:
    form = DescriptionForm({"description": description})
    assert not form.is_valid()
    assert any(reason in error for error in form.errors["description"])


@given(st.text(max_size=250))
def test_whatever_a_form_takes_the_deed_takes(description: str) -> None:
    form = DescriptionForm({"description": description})
    if form.is_valid():
        cleaned = form.cleaned_data["description"]
        assert text.one_line(cleaned, least=3, most=200) == cleaned


def test_every_form_that_is_opened_has_a_nonce_of_its_own() -> None:
    nonces = {RequestForm()["nonce"].value() for _ in range(10)}
    assert len(nonces) == 10
    assert all(RequestForm({"description": "abc", "nonce": n}).is_valid() for n in nonces)


@pytest.mark.parametrize("nonce", ["", "short", "n" * 65, "n" * 15 + "é", "a b" * 6])
def test_a_nonce_that_we_did_not_make_is_refused(nonce: str) -> None:
    form = RequestForm({"description": "Build server", "nonce": nonce})
    assert list(form.errors) == ["nonce"]


def chosen(cast: Cast, **query: Any) -> dict[str, Any]:
    form = ListForm(query, company=cast.acme)
    form.is_valid()
    return form.cleaned_data


def test_the_list_is_filtered_by_words_status_and_person(cast: Cast) -> None:
    query = {"q": "cluster", "status": "revoked", "person": str(cast.bram.public_id)}
    assert chosen(cast, **query) == {"q": "cluster", "status": "revoked", "person": cast.bram}


def test_a_filter_that_makes_no_sense_is_as_good_as_none(cast: Cast) -> None:
    for person in ("junk", "1", str(uuid4()), str(cast.eva.public_id), "\x00", str(cast.bram.pk)):
        assert chosen(cast, person=person).get("person") is None, person
    for status in ("junk", "LIVE", "\x00"):
        assert not chosen(cast, status=status).get("status"), status
    for words in ("x" * 201, "\x00"):
        assert not chosen(cast, q=words).get("q"), words


def test_the_people_to_choose_from_are_the_companys(cast: Cast) -> None:
    names = {cast.ana.name, cast.bram.name}
    assert cast.eva
    people = ListForm(company=cast.acme)["person"].field.queryset
    assert {person.name for person in people} == names


def joining(cast: Cast, **fields: str) -> JoinForm:
    invitation = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    return JoinForm({"name": "Zoë Maas", "password": GOOD_PASSWORD} | fields, invitation=invitation)


def test_whoever_joins_gives_a_name_and_a_password(cast: Cast) -> None:
    form = joining(cast)
    assert form.is_valid()
    assert form.cleaned_data == {"name": "Zoë Maas", "password": GOOD_PASSWORD}


@pytest.mark.parametrize(
    "password",
    ["", "short", "eleven char", "password1234", "zoe@acme.example", "\x00" * 12, " " * 11],
)
def test_a_password_that_could_be_guessed_is_refused(password: str, cast: Cast) -> None:
    form = joining(cast, password=password)
    assert list(form.errors) == ["password"]


def test_a_password_keeps_its_blanks(cast: Cast) -> None:
    password = f" {GOOD_PASSWORD} "
    form = joining(cast, password=password)
    assert form.is_valid()
    assert form.cleaned_data["password"] == password


@pytest.mark.parametrize("name", ["", "Z", "Z" * 101, "Zoë\u202eMaas"])
def test_a_name_is_a_line_of_2_to_100_characters(name: str, cast: Cast) -> None:
    assert "name" in joining(cast, name=name).errors


def test_nonces_are_long_enough_to_be_guessed_by_nobody() -> None:
    assert len(new_nonce()) == 22


def test_an_invitation_is_an_address_and_a_role() -> None:
    assert list(InviteForm().fields) == ["email", "role"]
    assert list(RoleForm().fields) == ["role"]


def test_a_token_goes_where_all_of_them_go_unless_it_is_an_exception(cast: Cast) -> None:
    heirs = [cast.ana, cast.chloe]
    first, second, unlisted = (request_token(cast.bram).token for _ in range(3))

    def heirs_of(**chosen: str) -> list[User | None]:
        form = TokensForm(chosen, heirs=heirs, tokens=[first, second])
        assert form.is_valid()
        return [form.heir_of(token) for token in (first, second, unlisted)]

    chloe = str(cast.chloe.public_id)
    assert heirs_of() == [cast.ana, cast.ana, cast.ana]
    assert heirs_of(all="revoke") == [None, None, None]
    assert heirs_of(all="revoke", **{second.username: chloe}) == [None, cast.chloe, None]
    assert heirs_of(all=chloe, **{first.username: "revoke"}) == [None, cast.chloe, cast.chloe]
    assert heirs_of(**{unlisted.username: "revoke"}) == [cast.ana, cast.ana, cast.ana]
