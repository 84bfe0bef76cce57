"""Is a company added as a whole, with what it may pull, and suspended until it is resumed?"""

import pytest
from django.core.exceptions import ValidationError

from tests.factories import Cast, request_token
from tests.facts import everything
from tokens.actions import companies, tokens
from tokens.actions.companies import add_company
from tokens.models import CONSOLE, Company, Event, Token
from tokens.models.tokens import Status


def test_a_new_company_may_pull_the_default_repositories(cast: Cast) -> None:
    company = add_company("initech", name="Initech", by=CONSOLE)
    assert company.pulls() == ["public/*"]
    assert not company.is_vendor
    assert company.is_active


def test_the_vendor_may_push_to_what_is_named(cast: Cast) -> None:
    company = add_company(
        "initech", name="Initech", by=CONSOLE, is_vendor=True, pushes=("public/*", "base")
    )
    pushes = company.entitlements.filter(can_push=True).order_by("pattern")
    assert [str(entitlement) for entitlement in pushes] == ["base", "public/*"]
    assert company.pulls() == ["base", "public/*"]


def test_the_event_says_what_the_company_may_pull(cast: Cast) -> None:
    add_company("initech", name="Initech", by=CONSOLE, pushes=("base",))
    assert Event.objects.get().details == {"entitlements": ["base", "public/*"]}


@pytest.mark.parametrize(
    "slug", ["", "Initech", "-initech", "initech-", "ini--tech", "ini_tech", "i" * 41, "initéch"]
)
def test_a_slug_is_lower_case_letters_digits_and_single_hyphens(slug: str, cast: Cast) -> None:
    before = everything()
    with pytest.raises(ValidationError):
        add_company(slug, name="Initech", by=CONSOLE)
    assert everything() == before


def test_a_slug_is_not_used_twice(cast: Cast) -> None:
    assert cast.acme
    before = everything()
    with pytest.raises(ValidationError):
        add_company("acme", name="Another Acme", by=CONSOLE)
    assert everything() == before


def test_there_is_one_vendor(cast: Cast) -> None:
    assert cast.vendor
    before = everything()
    with pytest.raises(ValidationError):
        add_company("initech", name="Initech", by=CONSOLE, is_vendor=True)
    assert everything() == before


@pytest.mark.parametrize("pattern", ["", "*", "/*", "public/**", "Public/*", "public/*/x", "a b"])
def test_a_company_is_not_added_with_a_pattern_that_is_none(pattern: str, cast: Cast) -> None:
    with pytest.raises(ValidationError):
        add_company("initech", name="Initech", by=CONSOLE, pushes=(pattern,))
    assert not Company.objects.filter(slug="initech").exists()
    assert Event.objects.count() == 0


@pytest.mark.parametrize("name", ["", "I" * 101, "Ini\u202etech", "Ini\x07tech"])
def test_a_name_is_a_line_that_can_be_seen(name: str, cast: Cast) -> None:
    before = everything()
    with pytest.raises(ValidationError):
        add_company("initech", name=name, by=CONSOLE)
    assert everything() == before


@pytest.mark.parametrize("length", [1, 100])
def test_a_name_has_1_to_100_characters(length: int, cast: Cast) -> None:
    assert add_company("initech", name="I" * length, by=CONSOLE).name == "I" * length


class TestPolicy:
    def test_it_holds_until_it_is_changed_back(self, cast: Cast) -> None:
        for is_required in (True, False):
            change = {"require_second_factor": is_required, "by": cast.ana}
            company = companies.change_policy(cast.acme, **change)
            assert company.require_second_factor is is_required
            assert Company.objects.get(slug="acme").require_second_factor is is_required
            event = Event.objects.of(cast.acme)[0]
            assert event.details == {"require_second_factor": is_required}

    def test_the_same_again_leaves_no_event(self, cast: Cast) -> None:
        seen_by_another = Company.objects.get(pk=cast.acme.pk)
        companies.change_policy(cast.acme, require_second_factor=True, by=cast.ana)
        before = everything()
        for seen in (cast.acme, seen_by_another):
            again = companies.change_policy(seen, require_second_factor=True, by=cast.ana)
            assert again.require_second_factor
        assert everything() == before


class TestSuspending:
    def test_what_another_operator_has_suspended_is_not_suspended_again(self, cast: Cast) -> None:
        seen_by_another = Company.objects.get(pk=cast.acme.pk)
        companies.suspend(cast.acme, by=cast.vera, reason="Not paid for")
        before = everything()
        companies.suspend(seen_by_another, by=cast.vera, reason="Not paid for")
        assert everything() == before

    def test_a_company_stays_suspended_until_it_is_resumed(self, cast: Cast) -> None:
        assert not companies.suspend(cast.acme, by=cast.vera, reason="Not paid for").is_active
        before = everything()
        assert not companies.suspend(cast.acme, by=cast.vera, reason="Not paid for").is_active
        assert everything() == before
        assert companies.resume(cast.acme, by=cast.vera).is_active
        before = everything()
        assert companies.resume(cast.acme, by=cast.vera).is_active
        assert everything() == before

    def test_the_vendor_itself_stays(self, cast: Cast) -> None:
        with pytest.raises(companies.VendorStays):
            companies.suspend(cast.vendor, by=cast.vera, reason="By mistake")
        assert Company.objects.get(slug="thinkwise").is_active

    def test_the_company_reads_why(self, cast: Cast) -> None:
        with pytest.raises(ValidationError):
            companies.suspend(cast.acme, by=cast.vera)
        companies.suspend(cast.acme, by=cast.vera, reason="Not paid for")
        assert "Not paid for" in Event.objects.of(cast.acme)[0].sentence

    def test_a_token_stays_suspended_until_it_is_resumed(self, cast: Cast) -> None:
        token = tokens.suspend(request_token(cast.bram).token, by=cast.vera, reason="Looked into")
        assert token.status == Status.SUSPENDED
        before = everything()
        assert tokens.suspend(token, by=cast.vera, reason="Looked into") == token
        assert everything() == before
        assert tokens.resume(token, by=cast.vera).is_live
        before = everything()
        assert tokens.resume(token, by=cast.vera).is_live
        assert everything() == before

    def test_the_company_reads_why_a_token_is_suspended(self, cast: Cast) -> None:
        token = request_token(cast.bram).token
        with pytest.raises(ValidationError):
            tokens.suspend(token, by=cast.vera)
        tokens.suspend(token, by=cast.vera, reason="  Looked into ")
        assert Event.objects.about(token)[0].details["reason"] == "Looked into"

    def test_what_another_operator_did_to_a_token_is_not_done_again(self, cast: Cast) -> None:
        token = request_token(cast.bram).token
        for deed in (tokens.suspend, tokens.resume):
            seen_by_another = Token.objects.get(pk=token.pk)
            token = deed(token, by=CONSOLE)  # type: ignore[operator]
            before = everything()
            deed(seen_by_another, by=CONSOLE)  # type: ignore[operator]
            assert everything() == before

    def test_a_revoked_token_is_neither_suspended_nor_resumed(self, cast: Cast) -> None:
        token = tokens.revoke(request_token(cast.bram).token, by=cast.bram)
        with pytest.raises(tokens.AlreadyRevoked):
            tokens.suspend(token, by=cast.vera, reason="Looked into")
        with pytest.raises(tokens.AlreadyRevoked):
            tokens.resume(token, by=cast.vera)
