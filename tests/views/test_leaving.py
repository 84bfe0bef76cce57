"""What does the page that ends somebody's access offer for their tokens?"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.client import Client
from tests.factories import Cast, make_person, request_token, use
from tests.facts import everything
from tests.stack import PostedForm
from tokens.actions.people import deactivate
from tokens.models import CONSOLE, Event, Token, User
from tokens.models.accounts import Role
from tokens.models.events import Action
from tokens.views import people

Browser = Callable[..., Client]


@pytest.fixture
def ana(cast: Cast, sign_in: Browser) -> Client:
    """An administrator of Acme, whose session has been noted already."""
    browser = sign_in(cast.ana)
    browser.get("/people/")
    return browser


@pytest.fixture
def tokens(cast: Cast) -> list[Token]:
    """Three of Bram's."""
    return [request_token(cast.bram, f"Node {number}").token for number in range(3)]


def path_of(person: User, deed: str = "deactivate") -> str:
    return f"/people/{person.public_id}/{deed}/"


def holders(tokens: list[Token]) -> list[str]:
    """Under whose name each stands now; "" where it is revoked."""
    now = Token.objects.select_related("requested_by").in_bulk([token.pk for token in tokens])
    return [now[t.pk].requested_by.name if now[t.pk].is_live else "" for t in tokens]


def test_the_form_as_it_is_served_breaks_nothing(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    request_token(cast.chloe)
    page = ana.get(path_of(cast.bram)).content.decode()
    assert "This decides about" not in page
    answer = ana.post(path_of(cast.bram), PostedForm.of(page).fields)
    assert answer.headers["Location"] == cast.bram.get_absolute_url()
    assert holders(tokens) == ["Ana Vos"] * 3
    assert not User.objects.get(pk=cast.bram.pk).is_active


def test_all_of_them_are_revoked_with_an_exception_for_one(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    chosen = {"all": "revoke", tokens[1].username: str(cast.chloe.public_id)}
    page = ana.post(path_of(cast.bram), chosen, follow=True).content.decode()
    assert "Bram de Wit cannot sign in any more" in page
    assert holders(tokens) == ["", "Chloé Martin", ""]
    assert Event.objects.filter(action=Action.TOKEN_REVOKED).count() == 2
    assert Event.objects.filter(action=Action.TOKEN_HANDED_OVER).count() == 1


def test_all_of_them_are_kept_with_an_exception_for_one(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    chosen = {"all": str(cast.chloe.public_id), tokens[1].username: "revoke"}
    ana.post(path_of(cast.bram), chosen)
    assert holders(tokens) == ["Chloé Martin", "", "Chloé Martin"]


def test_the_page_says_which_machines_would_stop(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    use(tokens[0], "203.0.113.7")
    page = ana.get(path_of(cast.bram)).content.decode()
    assert "from 203.0.113.7 with docker" in page
    assert "within 2 minutes the machines that use it stop pulling" in page
    assert page.index("Node 0") < page.index("Node 2") < page.index("Node 1")


def test_only_colleagues_who_may_request_tokens_are_offered(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    deactivate(cast.chloe, by=CONSOLE)
    assert cast.dirk
    assert cast.eva
    make_person("Ida Prins", cast.acme)
    page = ana.get(path_of(cast.bram)).content.decode()
    offered = page[page.index("id_all") : page.index("</select>")]
    assert "Ana Vos" in offered
    assert "Ida Prins" in offered
    assert not any(name in offered for name in ("Bram", "Chloé", "Dirk", "Eva"))


@pytest.mark.parametrize("name", ["eva", "dirk", "bram"])
def test_nobody_else_gets_them(name: str, cast: Cast, ana: Client, tokens: list[Token]) -> None:
    other = str(getattr(cast, name).public_id)
    before = everything()
    for chosen in ({"all": other}, {tokens[0].username: other}, {"all": "junk\x00"}):
        answer = ana.post(path_of(cast.bram), chosen)
        assert answer.status_code == 422
        assert "<title>Error:" in answer.content.decode()
    assert everything() == before


def test_a_token_of_somebody_else_is_not_touched(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    others = [request_token(cast.chloe).token, request_token(cast.eva).token]
    ana.post(path_of(cast.bram), {"all": "revoke"} | {t.username: "revoke" for t in others})
    assert holders(others) == ["Chloé Martin", "Eva Klein"]


def test_the_last_admin_reads_why_they_stay(cast: Cast, ana: Client) -> None:
    answer = ana.post(path_of(cast.ana))
    assert answer.status_code == 422
    assert "Nobody else administers Acme." in answer.content.decode()


def test_an_admin_who_leaves_hands_over_to_the_other(cast: Cast, ana: Client) -> None:
    token, _secret = request_token(cast.ana)
    make_person("Ida Prins", cast.acme, Role.ADMIN)
    assert cast.bram
    ana.post(path_of(cast.ana))
    assert holders([token]) == ["Ida Prins"]
    assert ana.get("/people/").status_code == 302


def test_an_operator_hands_over_to_an_admin_of_the_company(
    cast: Cast, sign_in: Browser, tokens: list[Token]
) -> None:
    assert cast.ana
    sign_in(cast.vera).post(path_of(cast.bram))
    assert holders(tokens) == ["Ana Vos"] * 3


def test_where_nobody_is_left_tokens_stay_as_they_are(
    cast: Cast, sign_in: Browser, tokens: list[Token]
) -> None:
    assert cast.dirk
    sign_in(cast.vera).post(path_of(cast.bram))
    assert holders(tokens) == ["Bram de Wit"] * 3


def test_tokens_of_somebody_who_left_before_are_decided_on_such_a_page(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    deactivate(cast.bram, by=CONSOLE)
    path = path_of(cast.bram, "tokens")
    assert "Requester left" in ana.get("/audit/tokens/").content.decode()
    page = ana.get(path).content.decode()
    assert "Hand over tokens of <bdi>Bram de Wit" in page
    assert PostedForm.of(page).action == path
    assert ana.post(path, {"all": "junk"}).status_code == 422
    page = ana.post(path, {tokens[0].username: "revoke"}, follow=True).content.decode()
    assert "The tokens of Bram de Wit are as you chose." in page
    assert holders(tokens) == ["", "Ana Vos", "Ana Vos"]
    assert Event.objects.filter(action=Action.PERSON_DEACTIVATED).count() == 1
    inventory = ana.get("/audit/tokens/").content.decode()
    assert "Requester left" not in inventory
    assert "handed over" in inventory


def test_whoever_comes_too_late_decides_about_nothing(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    page = ana.post(path_of(cast.bram, "tokens"), {"all": "revoke"}, follow=True)
    assert "Bram de Wit has been reactivated." in page.content.decode()
    deactivate(cast.bram, by=CONSOLE)
    page = ana.post(path_of(cast.bram), {"all": "revoke"}, follow=True)
    assert "Bram de Wit has been deactivated already." in page.content.decode()
    assert holders(tokens) == ["Bram de Wit"] * 3


def test_a_token_handed_over_says_so_and_not_that_somebody_requested_it(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    ana.post(path_of(cast.bram))
    page = ana.get(tokens[0].get_absolute_url()).content.decode()
    assert "handed over to <bdi>Ana Vos</bdi>" in page
    assert "by <bdi>Ana Vos</bdi>" not in page
    assert "<strong>Bram de Wit</strong></bdi> requested" in page
    assert "handed over" in ana.get("/tokens/").content.decode()


def test_what_is_not_listed_follows_what_is_chosen_for_all(
    cast: Cast, ana: Client, tokens: list[Token], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "DECIDED_AT_ONCE", 2)
    page = ana.get(path_of(cast.bram)).content.decode()
    assert "This decides about 1 more token" in page
    assert "Node 0" not in page
    ana.post(path_of(cast.bram), {"all": "revoke", tokens[2].username: str(cast.ana.public_id)})
    assert holders(tokens) == ["", "", "Ana Vos"]


def test_more_than_a_page_of_tokens_is_decided_at_once(cast: Cast, ana: Client) -> None:
    many = [request_token(cast.bram, f"Node {number}").token for number in range(60)]
    chosen = {"all": "revoke"} | {t.username: str(cast.ana.public_id) for t in many[::2]}
    ana.post(path_of(cast.bram), chosen)
    assert holders(many) == ["Ana Vos", ""] * 30


def test_a_page_asks_as_often_for_many_tokens_as_for_few(
    cast: Cast, ana: Client, tokens: list[Token]
) -> None:
    with CaptureQueriesContext(connection) as few:
        ana.get(path_of(cast.bram))
    for _ in range(20):
        request_token(cast.bram)
    with CaptureQueriesContext(connection) as many:
        ana.get(path_of(cast.bram))
    assert len(many) == len(few)


def test_without_live_tokens_no_machine_is_affected(cast: Cast, ana: Client) -> None:
    assert "no machine is affected" in ana.get(path_of(cast.bram)).content.decode()
    ana.post(path_of(cast.bram))
    assert not User.objects.get(pk=cast.bram.pk).is_active
