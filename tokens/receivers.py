"""What does allauth tell of second factors and of proofs? Deeds note it; a session begins anew."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed, authenticator_used
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from tokens.actions import factors

CODES = Authenticator.Type.RECOVERY_CODES


# allauth's own signal comes when the transaction of the change has ended.
@receiver(post_save, sender=Authenticator)
def on_saved(instance: Authenticator, created: bool, **_: Any) -> None:
    if created:
        note = factors.note_new_codes if instance.type == CODES else factors.note_addition
        note(instance)


@receiver(authenticator_removed)
def on_removed(authenticator: Authenticator, **_: Any) -> None:
    # The codes go with the last factor, which is told.
    if authenticator.type != CODES:
        factors.note_removal(authenticator)


@receiver(authenticator_used)
def on_used(authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == CODES:
        factors.note_used_code(authenticator)


@receiver(authentication_step_completed)
def on_proof(request: HttpRequest, reauthenticated: bool = False, **_: Any) -> None:
    """Whoever knew the session's key from before does not share in what was proved now."""
    if reauthenticated:
        request.session.cycle_key()
