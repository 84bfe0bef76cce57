"""Do people find out how to log in, before and after they have a token?"""

from collections.abc import Callable

from tests.client import Client
from tests.factories import Cast
from tokens.instructions import CLIENTS


def test_everybody_reads_how_each_client_logs_in(
    cast: Cast, sign_in: Callable[..., Client]
) -> None:
    for person in (cast.bram, cast.dirk, cast.eva):
        page = sign_in(person).get("/instructions/").content.decode()
        for client in CLIENTS:
            assert f'id="{client.slug}"' in page
            assert f'href="{client.reference}"' in page
        assert "docker login --username &lt;token-username&gt; registry.example:5000" in page
        assert "registry.example:5000/public/&lt;image&gt;" in page


def test_a_new_token_brings_the_same_instructions_with_its_values(
    cast: Cast, sign_in: Callable[..., Client]
) -> None:
    form = {"description": "Build server", "nonce": "n" * 16}
    page = sign_in(cast.bram).post("/tokens/request/", form).content.decode()
    assert "docker login --username acme-" in page
    assert "&lt;token-username&gt;" not in page
    assert all(f'id="{client.slug}"' in page for client in CLIENTS)


def test_whoever_may_pull_nothing_is_not_told_to_pull_something(
    cast: Cast, sign_in: Callable[..., Client]
) -> None:
    cast.acme.entitlements.all().delete()
    page = sign_in(cast.bram).get("/instructions/").content.decode()
    assert "registry.example:5000/&lt;repository&gt;" in page
