"""Review the inventory."""

from django.db import transaction

from tokens import permissions
from tokens.models import Event, Review, Token, User
from tokens.models.events import Action


@transaction.atomic
def review(*, by: User) -> Review:
    """Records that somebody looked through all tokens of their company, as they are now.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_review(by))
    tokens = Token.objects.of(by.company)
    done = Review.objects.create(
        company=by.company, by=by, tokens=tokens.count(), live=tokens.live().count()
    )
    Event.objects.record(
        Action.INVENTORY_REVIEWED,
        company=by.company,
        by=by,
        on=by.company,
        details={"tokens": done.tokens, "live": done.live},
    )
    return done
