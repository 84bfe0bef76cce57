"""Which door opens for whom? Every address × method × person has its row in a table."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.client import Client
from tests.factories import SEED, Cast, make_person, request_token
from tokens.actions.companies import suspend as suspend_company
from tokens.actions.people import deactivate, invite, join
from tokens.actions.tokens import suspend as suspend_token
from tokens.management.demo import set_up_app
from tokens.models import CONSOLE, Company, Event, Invitation, User
from tokens.models.accounts import Role

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# The columns of the table. What is asked for belongs to Acme.
PEOPLE = {
    "anonymous": None,
    "a member": "bram",
    "an auditor": "dirk",
    "an admin": "ana",
    "an admin of another company": "eva",
    "somebody deactivated": "chloe",
    "a member of the vendor": "max",
    "an auditor of the vendor": "tom",
    "an admin of the vendor": "vera",
}
# A status, or "in" where the answer leads to the sign-in. A method that has no row is answered
# with 405 to whoever may open the door at all.
TABLE = """
brand_style           GET HEAD         200 200 200 200 200 200 200 200 200
brand_logo            GET HEAD         404 404 404 404 404 404 404 404 404
home                  GET HEAD         in  302 302 302 302 in  302 302 302
home                  POST PUT PATCH   in  302 302 302 302 in  302 302 302
home                  DELETE OPTIONS   in  302 302 302 302 in  302 302 302
tokens                GET HEAD         in  200 200 200 200 in  200 200 200
request_token         GET HEAD POST    in  200 403 200 200 in  200 403 200
token                 GET HEAD         in  200 200 200 404 in  404 200 200
token_activity        GET HEAD         in  200 200 200 404 in  404 200 200
first_log_in          GET HEAD         in  200 200 200 404 in  404 200 200
secret_file           POST             in  200 200 200 404 in  404 200 200
describe_token        GET HEAD         in  200 403 200 404 in  404 403 200
describe_token        POST             in  302 403 302 404 in  404 403 302
revoke_token          GET HEAD         in  200 403 200 404 in  404 403 200
revoke_token          POST             in  302 403 302 404 in  404 403 302
revoke_tokens         POST             in  302 403 302 404 in  404 403 404
suspend_token         GET HEAD         in  403 403 403 404 in  404 403 200
suspend_token         POST             in  403 403 403 404 in  404 403 302
resume_token          POST             in  403 403 403 404 in  404 403 302
images                GET HEAD         in  200 200 200 200 in  200 200 200
audit                 GET HEAD         in  200 200 200 200 in  200 200 200
events_csv            GET              in  200 200 200 200 in  200 200 200
events_jsonl          GET              in  200 200 200 200 in  200 200 200
inventory             GET HEAD         in  200 200 200 200 in  200 200 200
review_inventory      POST             in  403 302 302 302 in  403 302 302
inventory_csv         GET              in  200 200 200 200 in  200 200 200
account               GET HEAD         in  200 200 200 200 in  200 200 200
account               POST             in  302 302 302 302 in  302 302 302
language              POST             302 302 302 302 302 302 302 302 302
mail_choices          GET HEAD         in  200 200 200 200 in  200 200 200
mail_choices          POST             in  302 302 302 302 in  302 302 302
messages              GET HEAD         in  404 404 404 404 in  404 200 200
retry_messages        POST             in  404 404 404 404 in  404 403 302
people                GET HEAD         in  200 200 200 200 in  200 200 200
invite                GET HEAD POST    in  403 403 200 200 in  403 403 200
renew_invitation      POST             in  403 403 200 404 in  404 403 200
withdraw_invitation   POST             in  403 403 302 404 in  404 403 302
person                GET HEAD         in  200 200 200 404 in  404 200 200
change_role           POST             in  403 403 302 404 in  404 403 302
deactivate_person     GET HEAD         in  403 403 200 404 in  404 403 200
deactivate_person     POST             in  403 403 302 404 in  404 403 302
settle_tokens         GET HEAD         in  403 403 200 404 in  404 403 200
settle_tokens         POST             in  403 403 302 404 in  404 403 302
reactivate_person     POST             in  403 403 302 404 in  404 403 302
instructions          GET HEAD         in  200 200 200 200 in  200 200 200
companies             GET HEAD POST    in  404 404 404 404 in  404 200 200
add_company           GET HEAD         in  404 404 404 404 in  404 403 200
add_company           POST             in  404 404 404 404 in  404 403 422
company               GET HEAD POST    in  404 404 404 404 in  404 200 200
suspend_company       GET HEAD         in  404 404 404 404 in  404 403 200
suspend_company       POST             in  404 404 404 404 in  404 403 302
resume_company        POST             in  404 404 404 404 in  404 403 302
revoke_company        GET HEAD         in  404 404 404 404 in  404 403 200
revoke_company        POST             in  404 404 404 404 in  404 403 302
revoke_person         GET HEAD         in  404 404 404 404 in  404 403 200
revoke_person         POST             in  404 404 404 404 in  404 403 302
add_entitlement       GET HEAD         in  404 404 404 404 in  404 403 200
add_entitlement       POST             in  404 404 404 404 in  404 403 302
change_entitlement    GET HEAD         in  404 404 404 404 in  404 403 200
change_entitlement    POST             in  404 404 404 404 in  404 403 302
end_entitlement       GET HEAD         in  404 404 404 404 in  404 403 200
end_entitlement       POST             in  404 404 404 404 in  404 403 302
company_policy        GET HEAD         in  403 403 200 200 in  403 403 200
company_policy        POST             in  403 403 302 302 in  403 403 302
reset_factor          GET HEAD         in  403 403 200 404 in  404 403 200
reset_factor          POST             in  403 403 302 404 in  404 403 302
sign_out_everywhere   POST             in  302 302 302 302 in  302 302 302
join                  GET HEAD         200 200 200 200 200 200 200 200 200
join                  POST             302 302 302 302 302 302 302 302 302

account_login         GET HEAD POST    200 302 302 302 302 200 302 302 302
account_login         PUT OPTIONS      200 302 302 302 302 200 302 302 302
account_login         PATCH DELETE     405 302 302 302 302 405 302 302 302
account_login         TRACE            405 302 302 302 302 405 302 302 302
account_logout        GET HEAD         in  200 200 200 200 in  200 200 200
account_logout        POST             in  in  in  in  in  in  in  in  in
account_logout        OPTIONS          200 200 200 200 200 200 200 200 200
account_inactive      GET HEAD OPTIONS 200 200 200 200 200 200 200 200 200
account_signup        GET HEAD POST    200 302 302 302 302 200 302 302 302
account_signup        PUT PATCH DELETE 200 302 302 302 302 200 302 302 302
account_signup        OPTIONS TRACE    200 302 302 302 302 200 302 302 302
account_email         GET HEAD         in  302 302 302 302 in  302 302 302
account_email         POST PUT PATCH   in  302 302 302 302 in  302 302 302
account_email         DELETE OPTIONS   in  302 302 302 302 in  302 302 302

account_email_verification_sent GET HEAD POST    in  302 302 302 302 in  302 302 302
account_email_verification_sent PUT PATCH DELETE in  302 302 302 302 in  302 302 302
account_email_verification_sent OPTIONS TRACE    in  302 302 302 302 in  302 302 302

account_reauthenticate  GET HEAD POST    in  200 200 200 200 in  200 200 200
account_reauthenticate  PUT OPTIONS      in  200 200 200 200 in  200 200 200
account_change_password GET HEAD POST    in  200 200 200 200 in  200 200 200
account_change_password PUT OPTIONS      in  200 200 200 200 in  200 200 200
account_set_password    GET HEAD POST    in  302 302 302 302 in  302 302 302
account_set_password    PUT PATCH DELETE in  302 302 302 302 in  302 302 302
account_set_password    OPTIONS TRACE    in  302 302 302 302 in  302 302 302

account_reset_password               GET HEAD POST    200 200 200 200 200 200 200 200 200
account_reset_password               PUT OPTIONS      200 200 200 200 200 200 200 200 200
account_reset_password_done          GET HEAD OPTIONS 200 200 200 200 200 200 200 200 200
account_reset_password_from_key      GET HEAD POST    200 200 200 200 200 200 200 200 200
account_reset_password_from_key      PUT PATCH DELETE 200 200 200 200 200 200 200 200 200
account_reset_password_from_key      OPTIONS TRACE    200 200 200 200 200 200 200 200 200
account_reset_password_from_key_done GET HEAD OPTIONS 200 200 200 200 200 200 200 200 200

mfa_index                   GET HEAD           in  200 200 200 200 in  200 200 200
mfa_authenticate            GET HEAD POST      in  302 302 302 302 in  302 302 302
mfa_reauthenticate          GET HEAD POST      in  200 200 200 200 in  200 200 200
mfa_activate_totp           GET HEAD POST      in  302 302 302 302 in  302 302 302
mfa_deactivate_totp         GET HEAD           in  200 200 200 200 in  200 200 200
mfa_deactivate_totp         POST               in  302 302 302 302 in  302 302 302
mfa_view_recovery_codes     GET HEAD           in  404 404 404 404 in  404 404 404
mfa_generate_recovery_codes GET HEAD           in  200 200 200 200 in  200 200 200
mfa_generate_recovery_codes POST               in  302 302 302 302 in  302 302 302
mfa_list_webauthn           GET HEAD POST      in  302 302 302 302 in  302 302 302
mfa_list_webauthn           PUT PATCH DELETE   in  302 302 302 302 in  302 302 302
mfa_list_webauthn           OPTIONS            in  302 302 302 302 in  302 302 302
mfa_add_webauthn            GET HEAD POST      in  200 200 200 200 in  200 200 200
mfa_reauthenticate_webauthn GET HEAD POST      in  302 302 302 302 in  302 302 302
mfa_remove_webauthn         GET HEAD POST      in  404 404 404 404 in  404 404 404
mfa_edit_webauthn           GET HEAD POST      in  404 404 404 404 in  404 404 404

realm                 GET              401 401 401 401 401 401 401 401 401
realm                 POST             400 400 400 400 400 400 400 400 400
check                 GET HEAD         204 204 204 204 204 204 204 204 204
registry_events       POST             401 401 401 401 401 401 401 401 401
metrics               GET HEAD         401 401 401 401 401 401 401 401 401
livez                 GET HEAD         200 200 200 200 200 200 200 200 200
readyz                GET HEAD         200 200 200 200 200 200 200 200 200
"""
# What leaves an event where it is let in; nothing else does. Who joins signs in, too.
DEEDS = {
    *((door, "POST") for door in ("request_token", "describe_token", "revoke_token", "join")),
    ("retry_messages", "POST"),
    ("account_logout", "POST"),
    *((door, "POST") for door in ("invite", "renew_invitation", "withdraw_invitation")),
    *((door, "POST") for door in ("change_role", "deactivate_person", "reactivate_person")),
    ("settle_tokens", "POST"),
    *((door, "POST") for door in ("review_inventory", "revoke_tokens")),
    *(
        (f"{deed}_{kind}", "POST")
        for deed in ("suspend", "resume")
        for kind in ("token", "company")
    ),
    *((f"revoke_{kind}", "POST") for kind in ("person", "company")),
    *((f"{deed}_entitlement", "POST") for deed in ("add", "change", "end")),
    *((door, "POST") for door in ("company_policy", "reset_factor", "sign_out_everywhere")),
    *((door, "POST") for door in ("mfa_deactivate_totp", "mfa_generate_recovery_codes")),
    *((door, "GET") for door in ("events_csv", "events_jsonl", "inventory_csv")),
}
TOKEN_DOORS = {
    *("token", "token_activity", "first_log_in", "secret_file", "describe_token", "revoke_token"),
    *("suspend_token", "resume_token"),
}
PERSON_DOORS = {
    *("person", "change_role", "deactivate_person", "settle_tokens", "reactivate_person"),
}
COMPANY_DOORS = {
    *("company", "suspend_company", "resume_company", "revoke_company", "revoke_person"),
    *("add_entitlement", "change_entitlement", "end_entitlement"),
}
SIGNED_OUT = {None, "chloe"}
Row = tuple[str, ...]


def rows() -> Iterator[tuple[str, str, Row]]:
    for line in filter(None, TABLE.splitlines()):
        words = line.split()
        outcomes = tuple(words[-len(PEOPLE) :])
        for method in words[1 : -len(PEOPLE)]:
            yield words[0], method, outcomes


EXPECTED = {(door, method): outcomes for door, method, outcomes in rows()}


def doors() -> Iterator[tuple[str, str, URLPattern]]:
    """The name of every door, the module that lists it, and its pattern."""
    for urlconf in ("portal.urls", "portal.machines"):
        waiting: list[URLPattern | URLResolver] = list(get_resolver(urlconf).url_patterns)
        while waiting:
            door = waiting.pop(0)
            if isinstance(door, URLResolver):
                waiting += door.url_patterns
            else:
                yield str(door.name), urlconf, door


DOORS = {name: urlconf for name, urlconf, _door in doors()}
PUBLIC = {
    name
    for name, urlconf, door in doors()
    if urlconf == "portal.machines" or not getattr(door.callback, "login_required", True)
}


def without_a_row(door: str) -> Row:
    """405 to whoever may open the door at all."""
    strangers = set() if door in PUBLIC else SIGNED_OUT
    return tuple("in" if person in strangers else "405" for person in PEOPLE.values())


def events_of(door: str, method: str, person: str | None, outcome: str) -> int:
    """How many events must be left."""
    # The one that leads everybody to the sign-in.
    is_let_in = person not in SIGNED_OUT if door == "account_logout" else outcome in {"200", "302"}
    is_done = (door, method) in DEEDS and is_let_in
    return 2 if is_done and door == "join" else int(is_done)


class Answer(NamedTuple):
    outcome: str
    events: int


class House:
    """Acme, with a token or an invitation to knock for, and everybody who may knock."""

    def __init__(self, cast: Cast, **options: bool) -> None:
        self._cast = cast
        self._browser = Client(**options)
        self._sessions: dict[str, str] = {}
        self._requester = make_person("Ida Prins", cast.acme)
        self._passkey = Authenticator.objects.create(
            user=self._requester, type="webauthn", data={"name": "Laptop"}
        )
        self._token, self._secret = request_token(self._requester)
        deactivate(cast.chloe, by=CONSOLE)

    def knock(
        self,
        door: str,
        method: str,
        person: str | None,
        *,
        spoil: Callable[[str], Any] = str,
        **headers: str,
    ) -> Answer:
        """Asks for what the door is about, with its form, which may be spoilt before it is sent."""
        self._enter(person)
        address, body = self.address(door, method), self._body(door, method, spoil)
        before = Event.objects.count()
        answer = self._browser.generic(method, address, **body, **headers)
        b"".join(answer)  # an export is read while it is sent
        if door in {"account_logout", "join", "sign_out_everywhere"}:
            self._sessions.clear()
        Company.objects.update(require_second_factor=False)
        is_sent_in = answer.headers.get("Location", "").startswith(reverse("account_login"))
        outcome = "in" if is_sent_in else str(answer.status_code)
        return Answer(outcome, Event.objects.count() - before)

    def answer(
        self, door: str, method: str, person: str | None, *, is_filled_in: bool, headers: Any
    ) -> HttpResponse:
        """What somebody sees in the end: a form is posted empty, or as the table has it."""
        self._enter(person)
        address, body = self.address(door, method), self._body(door, method)
        body |= {} if is_filled_in or method == "GET" else {"data": ""}
        ask = getattr(self._browser, method.lower())
        answer = ask(address, headers=headers, follow=True, **body)
        self._sessions.clear()
        Company.objects.update(require_second_factor=False)
        return answer

    def _enter(self, person: str | None) -> None:
        """Everybody has an app and no codes, whatever they did before."""
        if person:
            _equip(getattr(self._cast, person))
        cookies, name = self._browser.cookies, settings.SESSION_COOKIE_NAME
        cookies.clear()
        if person in self._sessions:
            cookies[name] = self._sessions[person]
        elif person:
            # As they are now: they may have signed out everywhere.
            self._browser.force_login(User.objects.get(pk=getattr(self._cast, person).pk))
            self._sessions[person] = cookies[name].value

    def address(self, door: str, method: str = "GET") -> str:
        return reverse(door, urlconf=DOORS[door], kwargs=self._place(door, method))

    def _place(self, door: str, method: str) -> dict[str, object]:
        if method == "POST" and "token" in door:
            self._token, self._secret = request_token(self._requester)
        if door in TOKEN_DOORS:
            if door == "resume_token":
                suspend_token(self._token, by=CONSOLE)
            file = {"name": "config.json"} if door == "secret_file" else {}
            return {"username": self._token.username} | file
        if door in COMPANY_DOORS:
            return self._place_in_company(door)
        if door in PERSON_DOORS:
            return {"public_id": self._person(door).public_id}
        if door in {"renew_invitation", "withdraw_invitation"}:
            return {"public_id": self._invitation().public_id}
        if door == "reset_factor":
            _equip(self._requester)
            return {"public_id": self._requester.public_id}
        others = {
            "mfa_edit_webauthn": lambda: {"pk": self._passkey.pk},
            "mfa_remove_webauthn": lambda: {"pk": self._passkey.pk},
            "join": lambda: {"key": self._invitation().key},
            "account_reset_password_from_key": lambda: {"uidb36": "1", "key": "ended"},
        }
        return others.get(door, dict)()

    def _invitation(self) -> Invitation:
        email = f"{secrets.token_hex(4)}@acme.example"
        return invite(email, company=self._cast.acme, role=Role.MEMBER, by=CONSOLE)

    def _person(self, door: str) -> User:
        person = join(self._invitation(), name="Zoe Maas", password="seventeen herons by the lock")
        if door not in {"settle_tokens", "reactivate_person"}:
            return person
        request_token(person)
        return deactivate(person, by=CONSOLE)

    def _place_in_company(self, door: str) -> dict[str, object]:
        if door == "resume_company":
            suspend_company(self._cast.acme, by=CONSOLE)
        more = {
            "revoke_person": {"person": str(self._requester.public_id)},
            "change_entitlement": {"pattern": "public/*"},
            "end_entitlement": {"pattern": "public/*"},
        }
        return {"slug": "acme"} | more.get(door, {})

    def _body(self, door: str, method: str, spoil: Callable[[str], Any] = str) -> dict[str, Any]:
        fields = {
            "request_token": f"description=Build+server&nonce={secrets.token_urlsafe(16)}",
            "describe_token": "description=Test+machine",
            "secret_file": f"secret={self._secret}",
            "invite": f"email={secrets.token_hex(4)}@acme.example&role=member",
            "change_role": "role=auditor",
            "revoke_tokens": f"token={self._token.username}&confirmed=yes",
            "revoke_company": "name=Acme&reason=It+leaked",
            "add_entitlement": "pattern=acme/*",
            "change_entitlement": "ends_at=2998-12-31&reason=A+trial",
            "company_policy": "require_second_factor=on",
            "join": "name=Zoe+Maas&password=seventeen+herons+by+the+lock",
        }
        if method != "POST":
            return {}
        form = "application/x-www-form-urlencoded"
        return {"data": spoil(fields.get(door, "reason=It+leaked")), "content_type": form}


def _equip(person: User) -> None:
    factors = Authenticator.objects.filter(user=person)
    factors.filter(type="recovery_codes").delete()
    if not factors.filter(type="totp").exists():
        set_up_app(person, SEED)


def test_every_address_has_its_rows() -> None:
    assert {door for door, _method in EXPECTED} == DOORS.keys()
    assert {method for _door, method in EXPECTED} <= set(METHODS)


@pytest.mark.parametrize("door", DOORS)
def test_a_door_opens_for_those_whom_the_table_names(door: str, cast: Cast) -> None:
    house = House(cast)
    for method in METHODS:
        expected = EXPECTED.get((door, method), without_a_row(door))
        for (who, person), outcome in zip(PEOPLE.items(), expected, strict=True):
            # How often one address may knock in a minute is not the question here.
            cache.clear()
            answer = house.knock(door, method, person)
            events = events_of(door, method, person, outcome)
            assert answer == (outcome, events), f"{method} {door} as {who}"
