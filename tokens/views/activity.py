"""What do machines do with a token, while somebody looks on?"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tokens.models import Pull, Refusal, Token
from tokens.views.request import PersonRequest, visible_token
from tokens.views.watching import watching

SHOWN = 50  # uses, pulls and refusals of a token


def of(token: Token) -> dict[str, Any]:
    """Where it is used, what it pulled and what it was refused: the latest of each."""
    return {
        "token": token,
        "uses": token.uses.newest_first()[:SHOWN],
        "pulls": Pull.objects.of(token)[:SHOWN],
        "refusals": Refusal.objects.of(token)[:SHOWN],
    }


@require_safe
@watching
def index(request: PersonRequest, username: str) -> HttpResponse:
    """The live part of the token's page."""
    return render(request, "tokens/_activity.html", of(visible_token(request, username)))


@require_safe
@watching
def first_log_in(request: PersonRequest, username: str) -> HttpResponse:
    """Whether a machine has logged in yet: a line; or a page, where no script runs."""
    template = "tokens/_first_log_in.html" if request.htmx else "tokens/first_log_in.html"
    return render(request, template, {"token": visible_token(request, username)})
