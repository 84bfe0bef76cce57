"""How do mails leave the outbox?

Each is claimed, sent and then marked as sent. Should the process die in between it is sent again
once the claim has ended: at least once, rather than at most once.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from tokens.mails import letters
from tokens.models import Message, User

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 20
# The server is there, and does not take this one.
REFUSALS = (SMTPRecipientsRefused, SMTPResponseException)


def send_due() -> None:
    """Sends what is due, until the mail server cannot be reached."""
    people = Message.objects.select_related("person__company", "invitation__company")
    for message in people.due(timezone.now())[:MOST_AT_ONCE]:
        if message.claim(timezone.now()) and not _send(message):
            return


def _send(message: Message) -> bool:
    """Sends one that is claimed; says whether it makes sense to go on with others."""
    try:
        mail = compose(message)
        if mail is not None:
            mail.send()
    except OSError as error:  # the mail server's errors are of this kind too
        logger.warning("the mail %s was not sent: %s", message, type(error).__name__)
        message.mark_failed(error, timezone.now())
        return isinstance(error, REFUSALS)
    except Exception as error:
        logger.exception("the mail %s cannot be written", message)
        message.mark_failed(error, timezone.now())
        return True
    if mail is None:
        message.delete()
    else:
        message.mark_sent(timezone.now())
    return True


def _reader(message: Message) -> User | None:
    """Whoever is invited has chosen nothing yet, and reads as who has invited them."""
    return message.invitation.invited_by if message.invitation else message.person


@contextmanager
def _read_by(person: User | None) -> Iterator[None]:
    """What is written within is in the person's language, with times in their zone."""
    language = person.language if person else ""
    zone = person.zone if person else None
    with translation.override(language or settings.LANGUAGE_CODE), timezone.override(zone):
        yield


def compose(message: Message) -> EmailMultiAlternatives | None:
    """The mail as text and HTML; None where there is nothing to say any more."""
    with _read_by(_reader(message)):
        letter = letters.of(message)
        if letter is None:
            return None
        context = {
            "letter": letter,
            "person": message.person,
            "brand": settings.PORTAL_BRAND,
            "colour": settings.PORTAL_COLOUR.on_light,
            "portal": settings.PORTAL_URL,
        }
        mail = EmailMultiAlternatives(
            letter.subject,
            render_to_string("mails/letter.txt", context),
            to=[message.recipient.email],
            # So that nobody's absence is answered to it (RFC 3834).
            headers={"Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("mails/letter.html", context), "text/html")
    return mail
