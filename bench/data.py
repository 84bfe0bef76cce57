"""What does the realm read? ``fill`` makes it, quickly, in an empty database.

The deeds would leave an event for each token.
"""

import os
import random
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tokens import credentials
from tokens.models import Company, Entitlement, Secret, Token, User

TOKENS_EACH = 100  # of a company
PATTERNS = ("public/*", "shared/tools")
AT_ONCE = 10_000


def fill(count: int, file: str) -> None:
    """Makes tables, authority and tokens; writes a username and a secret a line, shuffled."""
    call_command("migrate", verbosity=0)
    call_command("create_ca")
    companies = Company.objects.bulk_create(
        Company(slug=f"company-{number}", name=f"Company {number}")
        for number in range(-(-count // TOKENS_EACH))
    )
    Entitlement.objects.bulk_create(
        Entitlement(company=company, pattern=pattern)
        for company in companies
        for pattern in PATTERNS
    )
    people = User.objects.bulk_create(
        User(email=f"ana@{company.slug}.example", name="Ana Vos", company=company)
        for company in companies
    )
    owners = [people[number // TOKENS_EACH] for number in range(count)]
    lines = []
    for start in range(0, count, AT_ONCE):
        lines += _add_tokens(owners[start : start + AT_ONCE])
    random.shuffle(lines)
    Path(file).write_text("\n".join(lines))
    settle()


def _add_tokens(owners: list[User]) -> list[str]:
    tokens = Token.objects.bulk_create(
        Token(
            company=owner.company,
            username=credentials.mint_username(owner.company.slug),
            description="A machine",
            requested_by=owner,
            request_nonce=os.urandom(16).hex(),
        )
        for owner in owners
    )
    minted = [(token, credentials.mint_secret(settings.SECRET_PREFIX)) for token in tokens]
    Secret.objects.bulk_create(
        Secret(token=token, digest=credentials.digest(secret), hint=credentials.hint(secret))
        for token, secret in minted
    )
    return [f"{token.username} {secret}" for token, secret in minted]


def settle() -> None:
    """What PostgreSQL does by itself within a minute: it gathers statistics, and tidies up."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
