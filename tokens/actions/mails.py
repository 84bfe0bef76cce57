"""Have mails that failed sent again."""

from django.db import transaction
from django.utils import timezone

from tokens import permissions
from tokens.models import Event, Message, User
from tokens.models.events import Action


@transaction.atomic
def try_again(*, by: User) -> Event:
    """Makes every mail due that could not be sent, those given up too.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_retry_messages(by))
    number = Message.objects.try_again(timezone.now())
    return Event.objects.record(
        Action.MAILS_RETRIED,
        company=by.company,
        by=by,
        on=by.company,
        details={"messages": number},
    )
