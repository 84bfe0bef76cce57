"""Does an upgrade keep what the tokens' own rows said of their last use?"""

from pathlib import Path

import pytest

from tests.installation import installed

BEFORE = """
from datetime import UTC, datetime
from django.db import connection
from django.db.migrations.loader import MigrationLoader

apps = MigrationLoader(connection).project_state([("tokens", "0013_time_zones")]).apps
Company, User, Token, Use = (
    apps.get_model("tokens", name) for name in ("Company", "User", "Token", "Use")
)
company = Company.objects.create(slug="acme", name="Acme")
person = User.objects.create(email="ana@acme.example", name="Ana Vos", company=company)


def used(name, day, address=None, client="", *, uses=()):
    token = Token.objects.create(
        company=company, requested_by=person,
        username=f"acme-{name}", description=name, request_nonce=name,
        last_used_at=at(day), last_used_address=address, last_used_client=client,
    )
    for day, address, client in uses:
        times = {"first_at": at(1), "last_at": at(day)}
        Use.objects.create(token=token, address=address, client=client, count=7, **times)


def at(day):
    return day and datetime(2026, 3, day, 12, tzinfo=UTC)


used("never", None)
used("kept", 9, "203.0.113.7", "docker", uses=[(9, "203.0.113.7", "docker"), (8, "::1", "ctr")])
used("pruned", 9, "203.0.113.7", "docker")
used("nowhere", 9, None, "skopeo")
used("behind", 9, "203.0.113.7", "docker", uses=[(8, "203.0.113.7", "docker")])
"""
AFTER = """
from tokens.models import Token

answer = {
    token.description: [[use.last_at.day, use.address, use.client, use.count]
                        for use in token.uses.newest_first()]
    for token in Token.objects.all()
}
"""


@pytest.mark.slow
def test_it_does(tmp_path: Path) -> None:
    with installed(tmp_path / "var", migrate=False) as portal:
        portal.succeed("migrate", "tokens", "0013", "--verbosity=0")
        portal.do(BEFORE)
        portal.succeed("migrate", "--verbosity=0")
        assert portal.do(AFTER) == {
            "never": [],
            "kept": [[9, "203.0.113.7", "docker", 7], [8, "::1", "ctr", 7]],
            "pruned": [[9, "203.0.113.7", "docker", 1]],
            "nowhere": [[9, "::", "skopeo", 1]],
            "behind": [[9, "203.0.113.7", "docker", 7]],
        }
