"""Adds a company and prints the link with which its first administrator signs in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from tokens.actions.companies import add_company
from tokens.actions.people import AlreadyAPerson, invite
from tokens.models import CONSOLE, Invitation
from tokens.models.accounts import Role


class Command(BaseCommand):
    help = "Adds a company with its first administrator, and prints a link that works once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="permanent; usernames begin with it, such as acme")
        parser.add_argument("name", help="such as 'Acme Ltd'")
        parser.add_argument("email", help="of the first administrator")
        parser.add_argument("--vendor", action="store_true", help="the company runs the portal")
        parser.add_argument(
            "--push", action="append", default=[], metavar="PATTERN", help="may also push there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            invitation = self._add(options)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except AlreadyAPerson as error:
            raise CommandError(f"{error} has an account already") from error
        told = f"{options['email']} signs in once, within seven days, at\n{invitation.link}"
        self.stdout.write(told)

    @transaction.atomic
    def _add(self, options: dict[str, Any]) -> Invitation:
        company = add_company(
            options["slug"],
            name=options["name"],
            by=CONSOLE,
            is_vendor=options["vendor"],
            pushes=tuple(options["push"]),
        )
        return invite(options["email"], company=company, role=Role.ADMIN, by=CONSOLE)
