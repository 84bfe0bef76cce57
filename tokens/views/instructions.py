"""How does one log in? The same instructions as beside a new secret, with placeholders."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tokens import instructions
from tokens.views.request import PersonRequest


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Every client, for somebody who has no token at hand."""
    values = instructions.values(request.user.company.pulls())
    context = {"clients": instructions.CLIENTS, "values": values}
    return render(request, "instructions/index.html", context)
