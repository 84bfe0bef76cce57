"""As which files can a new secret be taken home? Made of what its page posts, and kept nowhere."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tokens import credentials, instructions
from tokens.models import Token
from tokens.views.request import PersonRequest


@sensitive_post_parameters("secret")
@csrf_exempt  # it changes nothing, and browsers call the origin of the secret's page "null"
@never_cache
@require_POST
def show(request: PersonRequest, username: str, name: str) -> HttpResponse:
    """The file, where the secret that was posted is the token's; 404 where anything is not."""
    file = instructions.FILES.get(name)
    if file is None:
        raise Http404
    secret = request.POST.get("secret", "")
    theirs = Token.objects.visible_to(request.user).with_secrets([credentials.digest(secret)])
    token = get_object_or_404(theirs.select_related("company"), username=username)
    patterns = token.company.pulls()
    values = instructions.values(patterns, username=token.username, secret=secret)
    return HttpResponse(
        file.of(values),
        content_type=f"{file.kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
