"""Does somebody always administer a company, whatever its admins do to each other at once?"""

import re
import secrets
from functools import partial

import pytest
import requests

from tests.concurrency.crowd import together
from tests.stack import PostedForm, Session, Stack

ROUNDS = 5


class Colleague:
    """Somebody who joined with a link, in a browser of their own."""

    def __init__(self, stack: Stack, link: str, name: str) -> None:
        self.name = name
        self._stack = stack
        page = requests.get(link, timeout=30).text
        (self._email,) = re.findall(r"You sign in with (\S+)\.<", page)
        self._password = secrets.token_urlsafe(12)
        with requests.Session() as browser:
            fields = PostedForm.of(browser.get(link, timeout=30).text).fields
            fields |= {"name": name, "password": self._password}
            assert browser.post(link, data=fields, timeout=30).ok
        self.sign_in()

    def sign_in(self) -> None:
        self.session = Session(
            self._stack.portal, {"email": self._email, "password": self._password, "totp": None}
        )

    def invite(self, name: str, role: str) -> "Colleague":
        email = f"{secrets.token_hex(4)}@initech.example"
        page = self.session.send("/people/invite/", self.form() | {"email": email, "role": role})
        (link,) = re.findall(r">(http\S+/join/[^<]+)<", page.text)
        return Colleague(self._stack, link, name)

    def form(self) -> dict[str, str]:
        """What every form of theirs has."""
        return PostedForm.of(self.session.get("/accounts/password/change/").text).fields

    def page_of(self, other: "Colleague") -> str:
        pages = [self.session.get(f"/people/{query}").text for query in ("", "?status=deactivated")]
        (path,) = re.findall(rf'<a href="([^"]+)"><bdi>{other.name}</bdi>', "".join(pages))
        return str(path)

    def does(self, deed: str, other: "Colleague", **fields: str) -> "partial[requests.Response]":
        """What they are about to do, with the form in front of them."""
        path = f"{self.page_of(other)}{deed}/"
        return partial(self.session.send, path, self.form() | fields)

    def is_admin(self) -> bool:
        return "Invite somebody" in self.session.get("/people/").text


@pytest.fixture
def ida(stack: Stack) -> Colleague:
    """The administrator of a new company."""
    slug = f"initech-{secrets.token_hex(3)}"
    done = stack.manage("add_company", slug, "Initech", f"ida@{slug}.example")
    return Colleague(stack, done.stdout.split()[-1], "Ida Berg")


@pytest.fixture
def jan(ida: Colleague) -> Colleague:
    """Another administrator of it."""
    return ida.invite("Jan Prins", "admin")


def test_of_two_admins_who_demote_each_other_one_remains(ida: Colleague, jan: Colleague) -> None:
    for _ in range(ROUNDS):
        deeds = [one.does("role", other, role="member") for one, other in ((ida, jan), (jan, ida))]
        answers = together(deeds)
        assert {answer.status_code for answer in answers} <= {200, 403, 422}
        remaining, other = sorted((ida, jan), key=Colleague.is_admin, reverse=True)
        assert remaining.is_admin()
        assert not other.is_admin()
        assert remaining.does("role", other, role="admin")().status_code == 200


def test_of_two_admins_who_deactivate_each_other_one_remains(
    ida: Colleague, jan: Colleague
) -> None:
    for _ in range(ROUNDS):
        deeds = [one.does("deactivate", other) for one, other in ((ida, jan), (jan, ida))]
        together(deeds)
        remaining, other = sorted((ida, jan), key=Colleague.is_admin, reverse=True)
        assert remaining.is_admin()
        assert not other.is_admin()
        assert remaining.does("reactivate", other)().status_code == 200
        other.sign_in()


def test_of_two_admins_who_invite_one_address_at_once_one_does(
    ida: Colleague, jan: Colleague
) -> None:
    fields = {"email": f"{secrets.token_hex(4)}@initech.example", "role": "member"}
    posts = [
        partial(one.session.send, "/people/invite/", one.form() | fields) for one in (ida, jan)
    ]
    answers = together(posts * 3)
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422, 422]


def test_whoever_revokes_and_whoever_hands_over_never_wait_for_each_other_in_vain(
    stack: Stack, ida: Colleague, jan: Colleague
) -> None:
    for _ in range(ROUNDS):
        kim = ida.invite(f"Kim {secrets.token_hex(3)}", "member")
        tokens = [kim.session.request_token() for _ in range(4)]
        form = jan.form()
        revocations = [
            partial(jan.session.send, f"/tokens/{token.username}/revoke/", form) for token in tokens
        ]
        answers = together([ida.does("deactivate", kim), *revocations])
        assert {answer.status_code for answer in answers} == {200}
        revoked = jan.session.get("/tokens/?status=revoked").text
        assert all(token.username in revoked for token in tokens)
    assert stack.manage("verify_events").returncode == 0
