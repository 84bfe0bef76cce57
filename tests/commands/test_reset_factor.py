"""Does the console help somebody who lost their second factor?"""

import pytest
from django.core.management import CommandError, call_command

from tests.factories import Cast
from tokens.models import Event


def test_the_factor_is_taken_and_the_trail_names_the_console(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("reset_factor", cast.vera.email.upper())
    assert not cast.vera.has_second_factor
    event = Event.objects.latest("pk")
    assert (event.action, event.actor_kind) == ("person.factor_reset", "console")
    assert event.object_id == str(cast.vera.public_id)
    assert "sets up a new one" in capsys.readouterr().out


def test_whoever_does_not_exist_or_has_none_is_told(cast: Cast) -> None:
    with pytest.raises(CommandError, match="nobody signs in with"):
        call_command("reset_factor", "nobody@acme.example")
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("reset_factor", cast.bram.email)
