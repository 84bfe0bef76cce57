"""Takes the second factor of somebody who lost it, when no administrator can."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tokens.actions import factors
from tokens.models import CONSOLE, User


class Command(BaseCommand):
    help = "Takes somebody's second factors and recovery codes, and signs them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="with which they sign in")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"]
        person = User.objects.filter(email__iexact=email).select_related("company").first()
        if person is None:
            raise CommandError(f"nobody signs in with {email}")
        if not person.has_second_factor:
            raise CommandError(f"{email} has no second factor")
        factors.reset(person, by=CONSOLE)
        self.stdout.write(f"{email} signs in with the password alone, and sets up a new one.")
