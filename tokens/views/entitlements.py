"""What a company may pull, and until when: add, change the end, end."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tokens import grants, permissions
from tokens.actions import entitlements as deeds
from tokens.forms.companies import EndForm, EntitlementForm, last_day
from tokens.forms.tokens import ReasonForm
from tokens.models import Entitlement
from tokens.views.companies import company_of
from tokens.views.recently import recently_authenticated
from tokens.views.request import PersonRequest, posted


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def add(request: PersonRequest, slug: str) -> HttpResponse:
    """Lets the company pull something else."""
    company = company_of(request, slug)
    permissions.check(permissions.may_manage_companies(request.user))
    form = EntitlementForm(posted(request), company=company)
    if form.is_valid():
        try:
            added = deeds.add(company, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(_field(error, "pattern"), error.messages)
        else:
            told = _("%(company)s may now pull %(pattern)s.")
            told %= {"company": company.name, "pattern": added.pattern}
            messages.success(request, told)
            return redirect("company", slug)
    context = {"company": company, "form": form}
    status = 422 if form.errors else 200
    return render(request, "companies/entitlement_add.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def change_end(request: PersonRequest, slug: str, pattern: str) -> HttpResponse:
    """Lets an entitlement hold until another day."""
    entitlement = _entitlement(request, slug, pattern)
    form = EndForm(
        posted(request),
        is_needed=False,
        initial={"ends_at": last_day(entitlement.ends_at)},
    )
    if form.is_valid():
        try:
            deeds.change_end(entitlement, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(_field(error, "reason"), error.messages)
        else:
            return _done(request, entitlement, _("It is changed until when %(pattern)s holds."))
    context = {"entitlement": entitlement, "company": entitlement.company, "form": form}
    status = 422 if form.errors else 200
    return render(request, "companies/entitlement.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def end(request: PersonRequest, slug: str, pattern: str) -> HttpResponse:
    """Says what will happen, and does it when confirmed."""
    entitlement = _entitlement(request, slug, pattern)
    is_needed = permissions.must_say_why(request.user, entitlement.company)
    form = ReasonForm(posted(request), is_needed=is_needed)
    if form.is_valid():
        deeds.end(entitlement, by=request.user, reason=form.cleaned_data["reason"])
        return _done(request, entitlement, _("%(pattern)s can no longer be pulled."))
    bound = grants.bound_seconds(can_push=entitlement.can_push)
    context = {
        "entitlement": entitlement,
        "company": entitlement.company,
        "form": form,
        "bound": bound,
    }
    status = 422 if form.errors else 200
    return render(request, "companies/entitlement_end.html", context, status=status)


def _entitlement(request: PersonRequest, slug: str, pattern: str) -> Entitlement:
    company = company_of(request, slug)
    permissions.check(permissions.may_manage_companies(request.user))
    return get_object_or_404(company.entitlements.select_related("company"), pattern=pattern)


def _done(request: PersonRequest, entitlement: Entitlement, told: str) -> HttpResponse:
    messages.success(request, told % {"pattern": entitlement.pattern})
    return redirect("company", entitlement.company.slug)


def _field(error: ValidationError, other: str) -> str:
    """Which field a refusal of the deed is about."""
    return "ends_at" if getattr(error, "code", "") == "past" else other
