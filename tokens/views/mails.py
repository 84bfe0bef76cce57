"""Which mails somebody gets, and for the vendor those that could not be sent."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tokens import permissions
from tokens.actions import mails as deeds
from tokens.forms.mails import MailChoicesForm
from tokens.models import Message
from tokens.pages import Page
from tokens.views.request import PersonRequest, posted


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: PersonRequest) -> HttpResponse:
    """Asks which mails the person wants. What they choose is theirs alone, and no event."""
    form = MailChoicesForm(posted(request), person=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, _("Your choice is kept."))
        return redirect("mail_choices")
    return render(request, "mails/choices.html", {"form": form})


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """The newest mails that are not sent yet."""
    if not permissions.may_read_messages(request.user):
        raise Http404
    unsent = Message.objects.unsent().select_related("person__company", "invitation__company")
    context = {
        "page": Page(unsent, key="pk"),
        "may_retry": permissions.may_retry_messages(request.user),
    }
    return render(request, "mails/index.html", context)


@require_POST
def try_again(request: PersonRequest) -> HttpResponse:
    """Makes the mails due that have failed."""
    if not permissions.may_read_messages(request.user):
        raise Http404
    number = deeds.try_again(by=request.user).details["messages"]
    told = ngettext("%(number)d mail is tried again.", "%(number)d mails are tried again.", number)
    messages.success(request, told % {"number": number})
    return redirect("messages")
