"""Does the list show the company's tokens, all that were asked for, and nothing else?"""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.client import Client
from tests.factories import Cast, request_token, use
from tokens.actions import tokens as deeds
from tokens.models import Token, Use
from tokens.pages import Page

Browser = Callable[..., Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bram(cast: Cast, sign_in: Browser) -> Client:
    return sign_in(cast.bram)


def listed(answer: HttpResponse) -> list[str]:
    """The usernames in the order of their rows."""
    assert answer.status_code == 200
    return re.findall(r'<tr id="token-([a-z0-9-]+)"', answer.content.decode())


def names(*tokens: Token) -> list[str]:
    return [token.username for token in tokens]


def test_the_whole_company_sees_its_tokens_newest_first(cast: Cast, sign_in: Browser) -> None:
    tokens = [request_token(person).token for person in (cast.bram, cast.chloe, cast.ana)]
    request_token(cast.farid)
    for person in (cast.ana, cast.bram, cast.chloe, cast.dirk):
        assert listed(sign_in(person).get("/tokens/")) == names(*tokens[::-1])


def test_the_vendors_people_see_their_own_companys_list(cast: Cast, sign_in: Browser) -> None:
    request_token(cast.bram)
    own = request_token(cast.max).token
    for person in (cast.vera, cast.tom, cast.max):
        assert listed(sign_in(person).get("/tokens/")) == names(own)


def test_the_first_token_of_a_company_is_followed_by_what_comes_next(
    cast: Cast, bram: Client
) -> None:
    next_step = "Next, put it on its machine"
    first = request_token(cast.chloe).token
    page = bram.get("/tokens/").text
    assert next_step in page
    assert '<a href="/instructions/">How to log in</a>' in page
    assert next_step not in bram.get(f"/tokens/?q={first.username}").text
    use(first)
    assert next_step not in bram.get("/tokens/").text
    Use.objects.all().delete()
    assert next_step in bram.get("/tokens/").text
    request_token(cast.bram)
    assert next_step not in bram.get("/tokens/").text


def test_an_empty_list_explains_and_offers_the_one_button(cast: Cast, sign_in: Browser) -> None:
    page = sign_in(cast.bram).get("/tokens/").content.decode()
    assert "No tokens yet" in page
    assert 'href="/tokens/request/"' in page
    page = sign_in(cast.dirk).get("/tokens/").content.decode()
    assert "No tokens yet" in page
    assert 'href="/tokens/request/"' not in page


def test_a_revoked_token_leaves_the_list_and_stays_under_revoked_with_who_and_when(
    cast: Cast, bram: Client
) -> None:
    token, kept = request_token(cast.ana).token, request_token(cast.ana).token
    deeds.revoke(token, by=cast.chloe)
    assert listed(bram.get("/tokens/")) == names(kept)
    revoked = bram.get("/tokens/", {"status": "revoked"})
    assert listed(revoked) == names(token)
    assert "by <bdi>Chloé Martin</bdi>" in revoked.content.decode()
    assert f"/tokens/{token.username}/describe/" not in revoked.content.decode()


def test_the_list_is_filtered_by_status(cast: Cast, bram: Client) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=31)):
        unused = request_token(cast.ana).token
    live, expired = request_token(cast.ana).token, request_token(cast.ana).token
    Token.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert listed(bram.get("/tokens/", {"status": "live"})) == names(live, unused)
    assert listed(bram.get("/tokens/", {"status": "unused"})) == names(unused)
    assert "Never used" in bram.get("/tokens/").content.decode()


def test_the_list_is_filtered_by_person(cast: Cast, bram: Client) -> None:
    ours = request_token(cast.chloe).token
    request_token(cast.ana)
    query = {"person": str(cast.chloe.public_id)}
    assert listed(bram.get("/tokens/", query)) == names(ours)


def test_only_colleagues_can_be_chosen(cast: Cast, bram: Client) -> None:
    assert cast.farid
    page = bram.get("/tokens/").content.decode()
    assert str(cast.bram.public_id) in page
    assert str(cast.farid.public_id) not in page


@pytest.mark.parametrize("words", ["cluster", "CLUSTER eu", "chlo", "{username}"])
def test_a_search_finds_description_username_and_requester(
    words: str, cast: Cast, bram: Client
) -> None:
    request_token(cast.ana, "Build server")
    found = request_token(cast.chloe, "Production cluster, node pool EU").token
    query = {"q": words.format(username=found.username)}
    assert listed(bram.get("/tokens/", query)) == names(found)


def test_filters_hold_together(cast: Cast, bram: Client) -> None:
    found = request_token(cast.chloe, "Production cluster").token
    request_token(cast.ana, "Production cluster")
    request_token(cast.chloe, "Build server")
    deeds.revoke(request_token(cast.chloe, "Production cluster").token, by=cast.ana)
    query = {"q": "cluster", "person": str(cast.chloe.public_id), "status": "live"}
    assert listed(bram.get("/tokens/", query)) == names(found)


def test_a_search_without_a_result_says_so(cast: Cast, bram: Client) -> None:
    request_token(cast.ana)
    page = bram.get("/tokens/", {"q": "nothing like it"}).content.decode()
    assert "No token matches" in page
    assert 'value="nothing like it"' in page


@pytest.mark.parametrize(
    "query",
    [
        "before=junk",
        "before=acme-aaaaaaaa",
        "before=%00",
        "before=%F0%9F%90%8B",
        "before=" + "9" * 5000,
        "before=&before=junk",
        "person=junk",
        "person=1",
        f"person={uuid4()}",
        "person=%00",
        "person__email=x",
        "status=junk",
        "status=%00",
        "status=live&status=revoked",
        "sort=requested_by__password",
        "q=" + "x" * 10_240,
        "q=" + "x+" * 5000,
        "q=%00",
        "q=%ff%fe",
        "q=%ED%A0%80",
        "q=",
        "q=+++",
        "q[]=x&q[$ne]=",
        "a=1&" * 999,
        "%00=%00",
        "&&&===",
    ],
    ids=lambda query: query[:24],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["a page", "a fragment"])
def test_a_query_that_makes_no_sense_is_as_good_as_none(
    query: str, headers: dict[str, str], cast: Cast, bram: Client
) -> None:
    token = request_token(cast.ana).token
    answer = bram.get(f"/tokens/?{query}", headers=headers)
    if query.startswith(("q=%ff", "q=%ED", "status=live&")):
        assert answer.status_code == 200
    else:
        assert listed(answer) == names(token)


@pytest.mark.parametrize("words", ["%", "_", "\\", "a%b", "'", '"', "--", "<script>", "{{ 1 }}"])
def test_a_search_takes_every_character_as_itself(words: str, cast: Cast, bram: Client) -> None:
    request_token(cast.ana)
    answer = bram.get("/tokens/", {"q": words})
    assert listed(answer) == []
    assert "<script>" not in answer.content.decode().replace("<script src", "")


def test_the_person_of_another_company_filters_nothing(cast: Cast, bram: Client) -> None:
    request_token(cast.farid)
    own = request_token(cast.ana).token
    query = {"person": str(cast.farid.public_id)}
    assert listed(bram.get("/tokens/", query)) == names(own)


def test_a_page_holds_fifty_and_the_filters_go_with_it(cast: Cast, bram: Client) -> None:
    tokens = [request_token(cast.ana, f"Machine {number}").token for number in range(52)]
    first = bram.get("/tokens/", {"q": "Machine"})
    assert listed(first) == names(*tokens[:1:-1])
    assert f'rel="next" href="?q=Machine&amp;before={tokens[2].username}"' in first.content.decode()
    assert 'rel="first"' not in first.content.decode()
    second = bram.get("/tokens/", {"q": "Machine", "before": tokens[2].username})
    assert listed(second) == names(*tokens[1::-1])
    assert 'rel="first" href="?q=Machine">Newest' in second.content.decode()
    assert 'rel="next"' not in second.content.decode()
    for page in (first, second):
        assert "52 tokens" in page.content.decode()


def test_a_page_goes_on_after_tokens_that_were_requested_at_the_same_moment(
    cast: Cast, bram: Client
) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        tokens = [request_token(cast.ana, f"Machine {number}").token for number in range(51)]
    page = bram.get("/tokens/", {"before": tokens[1].username})
    assert listed(page) == names(tokens[0])


def test_a_page_goes_on_after_a_token_that_was_revoked_meanwhile(cast: Cast, bram: Client) -> None:
    tokens = [request_token(cast.ana).token for _ in range(3)]
    deeds.revoke(tokens[1], by=cast.ana)
    assert listed(bram.get("/tokens/", {"before": tokens[1].username})) == names(tokens[0])


def test_a_page_begins_anew_where_the_token_is_another_companys(cast: Cast, bram: Client) -> None:
    foreign, own = request_token(cast.farid).token, request_token(cast.ana).token
    assert listed(bram.get("/tokens/", {"before": foreign.username})) == names(own)


def test_a_long_list_is_not_counted_to_its_end(
    cast: Cast, bram: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Page, "COUNTED", 50)
    for _ in range(51):
        request_token(cast.ana)
    assert "More than 50 tokens" in bram.get("/tokens/").content.decode()
    assert "More than 50 tokens found" in bram.get("/tokens/", headers=HTMX).content.decode()


def queries_of(browser: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("status", ["", "revoked"])
def test_a_longer_list_asks_the_database_no_more(status: str, cast: Cast, bram: Client) -> None:
    def add(rows: int) -> None:
        for person in (cast.ana, cast.chloe) * (rows // 2):
            token = request_token(person).token
            if status:
                deeds.revoke(token, by=person)

    address = f"/tokens/?status={status}"
    add(2)
    bram.get(address)
    few = queries_of(bram, address)
    add(38)
    assert queries_of(bram, address) == few
    assert len(listed(bram.get(address))) == 40


def test_a_page_that_a_cache_keeps_for_one_is_not_shown_to_the_other(bram: Client) -> None:
    answer = bram.get("/tokens/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "HX-Request" in answer.headers["Vary"]
    assert "Cookie" in answer.headers["Vary"]


def test_the_browsers_history_gets_the_whole_page(bram: Client) -> None:
    restored = HTMX | {"HX-History-Restore-Request": "true"}
    assert "<html" in bram.get("/tokens/", headers=restored).content.decode()
    assert "<html" not in bram.get("/tokens/", headers=HTMX).content.decode()


def test_a_fragment_announces_how_many_were_found(cast: Cast, bram: Client) -> None:
    request_token(cast.ana)
    fragment = bram.get("/tokens/", {"q": "cluster"}, headers=HTMX).content.decode()
    assert "1 token found" in fragment
    fragment = bram.get("/tokens/", {"q": "nowhere!"}, headers=HTMX).content.decode()
    assert "0 tokens found" in fragment


def test_after_a_revocation_htmx_gets_the_list_as_it_is_filtered(cast: Cast, bram: Client) -> None:
    token, other = (request_token(cast.ana, "Build server").token for _ in range(2))
    request_token(cast.ana, "Laptop")
    headers = HTMX | {"HX-Current-URL": "http://testserver/tokens/?q=Build"}
    answer = bram.post(f"/tokens/{token.username}/revoke/", headers=headers)
    assert listed(answer) == names(other)
    assert "“Build server” is revoked" in answer.content.decode()
    assert answer.headers["HX-Retarget"] == "#token-list"


@pytest.mark.parametrize(
    "url",
    ["", "junk", "http://[", "http://evil.example/?q=zzz#%00", "?before=x&person=x", "?" * 99],
)
def test_a_forged_page_of_the_browser_harms_nothing(url: str, cast: Cast, bram: Client) -> None:
    token = request_token(cast.ana).token
    headers = HTMX | {"HX-Current-URL": url}
    assert bram.post(f"/tokens/{token.username}/revoke/", headers=headers).status_code == 200
    answer = Client().get("/tokens/", headers=headers)
    assert answer.headers["HX-Redirect"].startswith("/accounts/login/?next=%2F")
    assert "%2F%2F" not in answer.headers["HX-Redirect"]
