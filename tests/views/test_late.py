"""Does whoever comes second read who was quicker? Between their look and their deed somebody else
has revoked the token.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.client import Client
from tests.factories import Cast, request_token
from tokens.actions import tokens as deeds
from tokens.models import Token

FIELDS = {"description": "Another machine", "reason": "It leaked"}


@pytest.mark.parametrize("deed", ["describe", "revoke", "suspend"])
def test_who_was_quicker_is_told(
    deed: str, cast: Cast, sign_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    token, chloe = request_token(cast.bram).token, cast.chloe
    late, revoke = getattr(deeds, deed), deeds.revoke

    def meanwhile(*args: Any, **named: Any) -> Token:
        revoke(token, by=chloe)
        done: Token = late(*args, **named)
        return done

    monkeypatch.setattr(deeds, deed, meanwhile)
    answer = sign_in(cast.vera).post(f"/tokens/{token.username}/{deed}/", FIELDS, follow=True)
    assert "Chloé Martin revoked “Production cluster” on" in answer.content.decode()
    token = Token.objects.get(pk=token.pk)
    assert (token.revoked_by, token.description) == (chloe, "Production cluster")
