"""Prints the configuration with which a registry trusts this portal."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tokens.registry.configuration import Events, configuration


class Command(BaseCommand):
    help = "Prints the registry's configuration, for the 2.8 or the 3.x releases of distribution."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--for", dest="line", type=int, choices=[2, 3], default=3)
        parser.add_argument(
            "--storage",
            default="/var/lib/registry",
            help="where layers are kept: a folder, or s3://BUCKET/FOLDER?region=REGION",
        )
        parser.add_argument("--address", default=":5000", help="where the registry listens")
        parser.add_argument("--bundle", default=str(settings.REGISTRY_CA_CERT_FILE))
        parser.add_argument(
            "--events",
            default=f"{settings.PORTAL_URL}/registry/events",
            help="where it tells of pulls, as the registry reaches the portal",
        )
        parser.add_argument("--realm", default=settings.REGISTRY_REALM)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(_text(options), ending="")
        except ValueError as error:
            raise CommandError(f"--storage: {error}") from error


def _text(options: dict[str, Any]) -> str:
    return configuration(
        options["line"],
        realm=options["realm"],
        service=settings.REGISTRY_SERVICE,
        issuer=settings.REGISTRY_ISSUER,
        bundle=options["bundle"],
        storage=options["storage"],
        address=options["address"],
        secret=secrets.token_urlsafe(32),
        events=Events(options["events"], settings.REGISTRY_EVENTS_SECRET)
        if settings.REGISTRY_EVENTS_SECRET
        else None,
    )
