"""The vendor's view of all companies: search, show, add, suspend and resume.

Whoever is not an admin or auditor of the vendor is answered as if there were none of it.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tokens import figures, grants, inventory, permissions
from tokens.actions import companies as deeds
from tokens.actions.people import AlreadyAPerson, invite
from tokens.credentials import Spotted
from tokens.forms.companies import CompanyForm, SearchForm
from tokens.forms.tokens import ReasonForm
from tokens.models import Company, Event, Invitation, Token, User
from tokens.models.accounts import Role
from tokens.models.tokens import TokenQuerySet
from tokens.pages import ROWS, Page
from tokens.views.recently import recently_authenticated
from tokens.views.request import PersonRequest, posted

NEWEST = 20  # events on a company's page
PLACES = 10  # where a leaked token was used


def company_of(request: PersonRequest, slug: str) -> Company:
    """The company, for the vendor's admins and auditors; 404 for everybody else."""
    return get_object_or_404(Company.objects.visible_to(request.user), slug=slug)


def _asked(request: PersonRequest) -> dict[str, Any]:
    """What is searched for, and what the form says of it; never the text of a secret."""
    form = SearchForm(request.POST if request.method == "POST" else request.GET)
    form.is_valid()
    words = form.cleaned_data.get("q", "")
    is_exposed = bool(form.spotted) and request.method != "POST"
    return {
        "form": form,
        "words": words,
        "is_exposed": is_exposed,
        "spotted": None if is_exposed else form.spotted,
        "query": _query(words),
        "may_manage": permissions.may_manage_companies(request.user),
    }


@sensitive_post_parameters("q")
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PersonRequest) -> HttpResponse:
    """All companies, 50 a page; or what was found of words, or by a secret that was pasted."""
    if not request.user.sees_every_company:
        raise Http404
    context = _asked(request)
    words = context["words"]
    found = figures.of(Company.objects.visible_to(request.user).matching(words))
    context["page"] = Paginator(found, ROWS).get_page(request.GET.get("page"))
    if context["spotted"]:
        context["leaked"] = _with_places(request.user, context["spotted"])
    elif words:
        context |= _by_words(request.user, words)
    return render(request, "companies/index.html", context)


def _query(words: str) -> QueryDict:
    """What the next page is asked for with: words alone stand in an address."""
    query = QueryDict(mutable=True)
    if words:
        query["q"] = words
    return query


def _with_places(user: User, spotted: Spotted) -> TokenQuerySet:
    """The tokens that pasted secrets belong to, each with where it was used last."""
    tokens = Token.objects.visible_to(user).with_secrets(spotted.digests)
    tokens = tokens.with_newest_uses(PLACES)
    return tokens.select_related("company", "requested_by", "revoked_by")


def _by_words(user: User, words: str) -> dict[str, Any]:
    """One more than is shown, so that the page can say that there are more."""
    # By key: all companies' tokens stand in no index by the time of their request.
    tokens = Token.objects.visible_to(user).matching(words, people=User.objects.all())
    tokens = tokens.with_last_used_at().order_by("-pk")
    people = User.objects.matching(words).select_related("company").order_by("name", "pk")
    return {
        "tokens": tokens.select_related("company", "requested_by", "revoked_by")[: ROWS + 1],
        "people": people[: ROWS + 1],
        "most": ROWS,
    }


@sensitive_post_parameters("q")
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: PersonRequest, slug: str) -> HttpResponse:
    """One company: its figures, tokens, people, entitlements and newest events."""
    company = company_of(request, slug)
    now, context = timezone.now(), _asked(request)
    found = Token.objects.of(company).matching(context["words"], people=company.people.all())
    if context["spotted"]:
        found = found.with_secrets(context["spotted"].digests)
    found = inventory.of(company, now=now, among=found).with_last_used_at()
    older = found.older_than(request.GET.get("before", ""), of=company)
    page = Page(found, older=older, key="username")
    context |= {
        "company": figures.of(Company.objects.filter(pk=company.pk)).get(),
        "page": page,
        "rows": [(token, inventory.flags(token)) for token in page.rows],
        "may_revoke": context["may_manage"],
        "people": Paginator(figures.people_of(company), ROWS).page(1),
        "entitlements": company.entitlements.order_by("pattern"),
        "pulls": figures.pulls_by_day(company, today=now.date()),
        "refused": figures.refused(company, now=now),
        "events": Event.objects.of(company)[:NEWEST],
    }
    return render(request, "companies/show.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def add(request: PersonRequest) -> HttpResponse:
    """Adds a company; the answer is the one page that shows its first administrator's link."""
    if not request.user.sees_every_company:
        raise Http404
    permissions.check(permissions.may_manage_companies(request.user))
    form = CompanyForm(posted(request))
    if form.is_valid():
        try:
            invitation = _add(request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error("slug", error.messages)
        except IntegrityError:  # at the very same moment
            form.add_error("slug", _("Somebody has just added a company of this name."))
        except AlreadyAPerson:
            form.add_error("email", _("They have an account already."))
        else:
            return render(request, "companies/added.html", {"invitation": invitation})
    return render(request, "companies/add.html", {"form": form}, status=422 if form.errors else 200)


@transaction.atomic
def _add(by: User, *, slug: str, name: str, email: str) -> Invitation:
    company = deeds.add_company(slug, name=name, by=by)
    return invite(email, company=company, role=Role.ADMIN, by=by)


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def suspend(request: PersonRequest, slug: str) -> HttpResponse:
    """Says what will happen, and does it when confirmed."""
    company = company_of(request, slug)
    permissions.check(permissions.may_manage_companies(request.user))
    if company.is_vendor:
        raise Http404
    form = ReasonForm(posted(request), is_needed=True)
    if form.is_valid():
        deeds.suspend(company, by=request.user, reason=form.cleaned_data["reason"])
        told = _("The access of %(company)s is suspended: none of its tokens can log in.")
        messages.success(request, told % {"company": company.name})
        return redirect("company", slug)
    company = figures.of(Company.objects.filter(pk=company.pk)).get()
    context = {"company": company, "form": form, "bound": grants.bound_seconds(can_push=False)}
    return render(request, "companies/suspend.html", context, status=422 if form.errors else 200)


@require_POST
@recently_authenticated
def resume(request: PersonRequest, slug: str) -> HttpResponse:
    """Lets its tokens work again."""
    company = deeds.resume(company_of(request, slug), by=request.user)
    told = _("The access of %(company)s is resumed: its tokens can log in again.")
    messages.success(request, told % {"company": company.name})
    return redirect("company", slug)
