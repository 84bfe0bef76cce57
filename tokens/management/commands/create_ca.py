"""Makes the signing authority that the registry trusts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tokens.registry import authority


class Command(BaseCommand):
    help = "Makes the signing authority that the registry trusts. Overwrites nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        days = settings.REGISTRY_CA_DAYS
        parser.add_argument("--days", type=int, default=days, help="how long it is valid")

    def handle(self, *args: Any, **options: Any) -> None:
        cert_file, key_file = settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE
        try:
            authority.create(cert_file, key_file, now=timezone.now(), days=options["days"])
        except (FileExistsError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{cert_file} is for the registry, {key_file} for the portal alone.")
