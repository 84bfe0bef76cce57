"""Who gets in, how often may they try, and what does the rest learn?"""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.core import mail
from django.http import HttpResponse
from django.utils import timezone

from tests.client import Client
from tests.factories import PASSWORD, Cast, make_person
from tests.facts import everything
from tests.markup import without_forgery_tokens
from tests.stack import PostedForm
from tokens.actions.people import deactivate, reactivate
from tokens.models import CONSOLE, User

NEW = "seventeen herons by the lock"
WRONG = "This e-mail address and password do not belong together."
TOO_MANY = "Too many attempts. Wait a few minutes and try again."


def sign_in(
    email: str, password: str = PASSWORD, *, browser: Client | None = None, **fields: Any
) -> HttpResponse:
    """Posts the sign-in's two fields, from a browser of its own unless one is given."""
    form = {"login": email, "password": password} | fields
    answer: HttpResponse = (browser or Client()).post("/accounts/login/", form)
    return answer


def is_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"] == "/tokens/"


def link_in_the_mail() -> str:
    """The address that the only mail sends its reader to."""
    (message,) = mail.outbox
    mail.outbox.clear()
    found = re.findall(r"https?://\S+", str(message.body))
    assert len(found) == 1
    return found[0]


def test_the_form_as_served_with_login_and_password_signs_in(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    fields = PostedForm.of(browser.get("/accounts/login/").content.decode()).fields
    assert {"login", "password"} <= fields.keys()
    fields |= {"login": cast.bram.email, "password": PASSWORD}
    answer = browser.post("/accounts/login/", fields, follow=True)
    assert answer.redirect_chain == [("/tokens/", 302)]
    assert "Bram de Wit" in answer.content.decode()


def test_an_address_is_known_in_whatever_case(cast: Cast) -> None:
    assert is_in(sign_in(cast.bram.email.upper()))


def test_twenty_people_sign_in_from_one_address_in_a_minute(cast: Cast) -> None:
    people = [make_person(f"P{number} Smit", cast.acme) for number in range(20)]
    with time_machine.travel(timezone.now(), tick=False):
        assert all(is_in(sign_in(person.email)) for person in people)


def test_twenty_wrong_passwords_of_others_keep_nobody_out(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(20):
            assert WRONG in sign_in(f"p{number}@acme.example", "wrong").content.decode()
        assert is_in(sign_in(cast.bram.email))


def test_without_end_nobody_tries_from_one_address(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        answers = [sign_in(f"{n}@acme.example").status_code for n in range(40)]
        assert answers[0] == 200
        assert answers[-1] == 429
        assert "Too many attempts" in sign_in(cast.bram.email).content.decode()
        assert is_in(sign_in(cast.bram.email, browser=Client(REMOTE_ADDR="203.0.113.9")))
        clock.shift(timedelta(seconds=61))
        assert is_in(sign_in(cast.bram.email))


def test_wrong_passwords_are_throttled_and_the_right_one_with_them(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        said = [sign_in(cast.bram.email, "wrong").content.decode() for _ in range(6)]
        assert all(WRONG in page for page in said[:5])
        assert TOO_MANY in said[5]
        for address in ("127.0.0.1", "203.0.113.9"):
            answer = sign_in(cast.bram.email, browser=Client(REMOTE_ADDR=address))
            assert TOO_MANY in answer.content.decode()
        assert is_in(sign_in(cast.chloe.email))
        clock.shift(timedelta(minutes=5, seconds=1))
        assert is_in(sign_in(cast.bram.email))


def test_what_throttles_is_shared_by_all_processes() -> None:
    backend = settings.CACHES["default"]["BACKEND"]
    assert backend == "django.core.cache.backends.db.DatabaseCache"


def test_a_stranger_a_wrong_password_and_somebody_deactivated_are_told_the_same(
    cast: Cast,
) -> None:
    deactivate(cast.chloe, by=CONSOLE)
    for email in ("nobody@acme.example", cast.bram.email, cast.chloe.email):
        answer = sign_in(email, "wrong")
        assert answer.status_code == 200
        assert WRONG in answer.content.decode()


def test_somebody_deactivated_does_not_get_in_with_the_right_password(cast: Cast) -> None:
    deactivate(cast.bram, by=CONSOLE)
    browser = Client()
    answer = browser.post(
        "/accounts/login/", {"login": cast.bram.email, "password": PASSWORD}, follow=True
    )
    assert "Your access has ended" in answer.content.decode()
    assert browser.get("/tokens/").status_code == 302


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("", ""),
        ("bram", PASSWORD),
        ("bram@acme.example\x00", PASSWORD),
        ("bram@acme.example", PASSWORD + "\x00"),
        ("bram@acme.example", "x" * 10_240),
        ("x" * 10_240 + "@acme.example", PASSWORD),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("*@acme.example", PASSWORD),
        ("bram@acme.example%", PASSWORD),
    ],
    ids=range(9),
)
def test_what_is_no_log_in_is_answered_calmly(login: str, password: str, cast: Cast) -> None:
    assert cast.bram
    answer = sign_in(login, password)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_nobody_signs_up(cast: Cast) -> None:
    assert cast.acme
    before = everything()
    form = {"email": "mallory@evil.example", "password1": NEW, "password2": NEW}
    for answer in (Client().get("/accounts/signup/"), Client().post("/accounts/signup/", form)):
        assert "People come by invitation" in answer.content.decode()
    assert everything() == before
    assert not mail.outbox


def test_an_address_that_was_never_confirmed_is_confirmed_by_a_code(cast: Cast) -> None:
    EmailAddress.objects.filter(user=cast.bram).update(verified=False)
    browser = Client()
    answer = sign_in(cast.bram.email, browser=browser)
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert browser.get("/tokens/").status_code == 302
    (message,) = mail.outbox
    assert message.to == [cast.bram.email]
    code = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", str(message.body), re.MULTILINE)
    assert code
    wrong = browser.post("/accounts/confirm-email/", {"code": "AAAA-AAAA"})
    assert "Incorrect code" in wrong.content.decode()
    assert browser.get("/tokens/").status_code == 302
    browser.post("/accounts/confirm-email/", {"code": code[1]})
    assert browser.get("/tokens/").status_code == 200
    assert EmailAddress.objects.get(user=cast.bram).verified


def test_a_code_for_an_address_ends_after_ten_minutes(cast: Cast) -> None:
    EmailAddress.objects.filter(user=cast.bram).update(verified=False)
    browser = Client()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sign_in(cast.bram.email, browser=browser)
        (message,) = mail.outbox
        code = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})$", str(message.body), re.MULTILINE)
        assert code
        clock.shift(timedelta(minutes=10, seconds=1))
        browser.post("/accounts/confirm-email/", {"code": code[1]})
        assert browser.get("/tokens/").status_code == 302
    assert not EmailAddress.objects.get(user=cast.bram).verified


def test_a_forgotten_password_is_replaced_by_way_of_a_mail(cast: Cast, argon2: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    fields = PostedForm.of(browser.get("/accounts/password/reset/").content.decode()).fields
    browser.post("/accounts/password/reset/", fields | {"email": cast.bram.email.upper()})
    assert mail.outbox[0].to == [cast.bram.email]
    assert mail.outbox[0].from_email == settings.DEFAULT_FROM_EMAIL
    link = link_in_the_mail()
    page = browser.get(link.removeprefix(settings.PORTAL_URL), follow=True)
    form = PostedForm.of(page.content.decode())
    new = {"password1": NEW, "password2": NEW}
    assert browser.post(form.action, form.fields | new).status_code == 302
    assert not is_in(sign_in(cast.bram.email))
    assert is_in(sign_in(cast.bram.email, NEW))
    person = User.objects.get(pk=cast.bram.pk)
    assert identify_hasher(person.password).algorithm == "argon2"


def test_the_link_works_once_and_for_three_days(cast: Cast) -> None:
    def ask() -> str:
        Client().post("/accounts/password/reset/", {"email": cast.bram.email})
        return link_in_the_mail().removeprefix(settings.PORTAL_URL)

    def opened(link: str) -> str:
        return str(Client().get(link, follow=True).content.decode())

    link = ask()
    assert "Choose a new password" in opened(link)
    browser = Client()
    form = PostedForm.of(browser.get(link, follow=True).content.decode())
    browser.post(form.action, {"password1": NEW, "password2": NEW})
    assert "This link has ended" in opened(link)
    mail.outbox.clear()
    another = ask()
    assert "This link has ended" in opened(another.replace("-", "-x", 1))
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert "Choose a new password" in opened(another)
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert "This link has ended" in opened(another)


def test_the_link_ends_with_the_access_of_its_person(cast: Cast) -> None:
    Client().post("/accounts/password/reset/", {"email": cast.bram.email})
    link = link_in_the_mail().removeprefix(settings.PORTAL_URL)
    browser = Client()
    form = PostedForm.of(browser.get(link, follow=True).content.decode())
    new = {"password1": NEW, "password2": NEW}
    for deed in (deactivate, reactivate):
        deed(cast.bram, by=CONSOLE)
        assert "This link has ended" in Client().get(link, follow=True).content.decode()
        assert "This link has ended" in browser.post(form.action, new).content.decode()
    assert is_in(sign_in(cast.bram.email))


def test_whoever_asks_for_a_password_does_not_learn_who_exists(cast: Cast) -> None:
    deactivate(cast.chloe, by=CONSOLE)
    answers = []
    for email in (cast.bram.email, "nobody@acme.example", cast.chloe.email):
        answer = Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        answers.append((answer.redirect_chain, without_forgery_tokens(answer)))
    assert answers[0] == answers[1] == answers[2]
    assert [message.to for message in mail.outbox] == [[cast.bram.email]]


@pytest.mark.parametrize("host", ["portal.example:9999", "registry.example"])
def test_the_link_leads_to_the_portal_whatever_the_request_said(host: str, cast: Cast) -> None:
    form = {"email": cast.bram.email}
    Client().post("/accounts/password/reset/", form, headers={"Host": host})
    assert link_in_the_mail().startswith(f"{settings.PORTAL_URL}/accounts/password/reset/key/")


def test_asking_for_passwords_is_throttled(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(8):
            Client().post("/accounts/password/reset/", {"email": cast.bram.email})
    assert len(mail.outbox) == 5


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "https://evil.example/",
        "http:///evil.example",
        "http://portal.example.evil.example/",
        "http://registry.example/",
        "http://registry.example:5000/v2/",
        "http://portal.example@evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        " //evil.example",
        "\n//evil.example",
    ],
)
@pytest.mark.parametrize("is_in_the_address", [False, True])
def test_nobody_is_sent_elsewhere(target: str, is_in_the_address: bool, cast: Cast) -> None:
    form = {"login": cast.bram.email, "password": PASSWORD}
    browser = Client(headers={"Host": "portal.example:8000"})
    if is_in_the_address:
        answer = browser.post("/accounts/login/", form, query_params={"next": target})
    else:
        answer = browser.post("/accounts/login/", form | {"next": target})
    assert answer.headers["Location"] == "/tokens/"


def test_a_line_break_in_the_target_stays_in_the_address(cast: Cast) -> None:
    for target in ("/tokens/\r\nSet-Cookie: a=b", "/tokens/%0d%0aSet-Cookie:a=b"):
        answer = sign_in(cast.bram.email, next=target)
        assert answer.headers["Location"].startswith("/tokens/%0")
        assert "a" not in answer.cookies


def test_whoever_was_on_the_way_somewhere_gets_there(cast: Cast) -> None:
    browser = Client()
    answer = browser.get("/tokens/?q=cluster")
    assert answer.headers["Location"] == "/accounts/login/?next=/tokens/%3Fq%3Dcluster"
    page = browser.get(answer.headers["Location"]).content.decode()
    fields = PostedForm.of(page).fields | {"login": cast.bram.email, "password": PASSWORD}
    answer = browser.post("/accounts/login/", fields)
    assert answer.headers["Location"] == "/tokens/?q=cluster"


def test_a_sign_in_from_elsewhere_is_refused(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert sign_in(cast.bram.email, browser=browser).status_code == 403


def test_the_password_is_in_no_answer(cast: Cast) -> None:
    for email in (cast.bram.email, "nobody@acme.example"):
        assert "a wrong guess" not in sign_in(email, "a wrong guess").content.decode()


def test_a_new_password_is_not_one_that_could_be_guessed(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.bram)
    for guess in ("short", "password1234", cast.bram.email):
        form = {"oldpassword": PASSWORD, "password1": guess, "password2": guess}
        page = browser.post("/accounts/password/change/", form).content.decode()
        assert "Something needs another look" in page
    assert User.objects.get(pk=cast.bram.pk).check_password(PASSWORD)
