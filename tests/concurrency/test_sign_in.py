"""Do limits on signing in hold across processes, without keeping out who comes at once?"""

import json
import re
import time
from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.concurrency.crowd import together
from tests.stack import PostedForm, Stack
from tests.totp import fresh_code

TOGETHER = 20
WRITTEN_WITHIN = 5  # seconds
AT_ONCE = 4  # fewer than may fail before nobody is let in for some minutes


class From(HTTPAdapter):
    """Connects from another address of this machine, for which limits are counted apart."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def try_to_sign_in(stack: Stack, address: str, email: str, password: str) -> requests.Response:
    """A browser of its own, so perhaps in another process than the last one."""
    with requests.Session() as browser:
        browser.mount("http://", From(address))
        form = PostedForm.of(browser.get(f"{stack.portal}/accounts/login/", timeout=30).text)
        fields = form.fields | {"login": email, "password": password}
        return browser.post(stack.portal + form.action, data=fields, timeout=60)


def is_in(answer: requests.Response) -> bool:
    return answer.status_code == 200 and answer.url.endswith("/tokens/")


def said(answer: requests.Response) -> list[str]:
    """What somebody who did not get in was told."""
    return [str(answer.status_code), *re.findall(r"<h1>.*?</h1>|<li>.*?</li>", answer.text)]


def test_twenty_people_sign_in_from_one_address_at_the_very_same_moment(stack: Stack) -> None:
    people = ([person for person in stack.people if not person["totp"]] * 3)[:TOGETHER]
    answers = together(
        [
            partial(try_to_sign_in, stack, "127.0.0.20", person["email"], person["password"])
            for person in people
        ]
    )
    assert [said(answer) for answer in answers if not is_in(answer)] == []


def test_wrong_passwords_are_counted_by_all_processes_together(stack: Stack) -> None:
    person = stack.person("hugo@globex.example")
    wrong = partial(try_to_sign_in, stack, "127.0.0.21", person["email"], "wrong")
    answers = [wrong() for _ in range(5)] + together([wrong] * 8)
    assert not any(is_in(answer) for answer in answers)
    # Whichever process is asked, from wherever.
    right = [
        partial(try_to_sign_in, stack, address, person["email"], person["password"])
        for address in ("127.0.0.21", "127.0.0.22") * 4
    ]
    refused = together(right)
    assert not any(is_in(answer) for answer in refused)
    assert any("Too many attempts" in answer.text for answer in refused)


def failures(stack: Stack, address: str) -> list[str]:
    """In whose name it was tried from there, as the trail of Globex tells it."""
    query = f"?kind=person.sign_in_failed&address={address}"
    export = stack.sign_in("eva@globex.example").get(f"/audit/events.jsonl{query}").text
    return [json.loads(line)["object"]["name"] for line in export.splitlines()]


def test_failures_at_once_in_several_processes_leave_one_event_for_each_person(
    stack: Stack,
) -> None:
    people = ("farid@globex.example", "greta@globex.example")
    wrong = [partial(try_to_sign_in, stack, "127.0.0.23", email, "wrong") for email in people]
    together(wrong * 4)
    deadline = time.monotonic() + WRITTEN_WITHIN
    while len(failures(stack, "127.0.0.23")) < len(people) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)  # the other process, too, has written by then
    assert sorted(failures(stack, "127.0.0.23")) == ["Farid Haddad", "Greta Lund"]


def test_of_those_who_enter_one_code_at_the_same_moment_one_gets_in(stack: Stack) -> None:
    vera = stack.person("vera@thinkwise.example")
    path, browsers = "/accounts/2fa/authenticate/", [requests.Session() for _ in range(AT_ONCE)]
    forms = []
    for browser in browsers:
        browser.mount("http://", From("127.0.0.24"))
        form = PostedForm.of(browser.get(f"{stack.portal}/accounts/login/", timeout=30).text)
        fields = form.fields | {"login": vera["email"], "password": vera["password"]}
        page = browser.post(stack.portal + form.action, data=fields, timeout=60)
        assert page.url.endswith(path)
        forms.append(PostedForm.of(page.text).fields)
    code = fresh_code(vera["totp"])
    answers = together(
        [
            partial(browser.post, stack.portal + path, data=form | {"code": code}, timeout=60)
            for browser, form in zip(browsers, forms, strict=True)
        ]
    )
    assert sum(is_in(answer) for answer in answers) == 1
