"""What people do in the portal: join by an invitation's link, request a token or revoke it.

``customer.py request LINK`` prints username and secret of a token that pulls, ``customer.py publish
LINK`` of one that also pushes; ``customer.py revoke USERNAME`` ends one of Ana's.
"""

import os
import re
import sys
from typing import Any

import requests

from tests.stack import PostedForm, Session
from tests.totp import fresh_code

PORTAL = os.environ["PORTAL"]
PASSWORD = "a long enough password"
ANA = {"email": "ana@acme.example", "password": PASSWORD, "totp": None}
VERA = {"email": "vera@vendor.example", "password": PASSWORD, "totp": None}


def join(person: dict[str, Any], link: str) -> Session:
    """Joins, with the second factor that everybody of the vendor needs, and signs in."""
    browser = requests.Session()
    invitation = browser.get(link, timeout=30)
    joined = _post(browser, invitation, name="Ana Vos", password=person["password"])
    key = _set_up_app(browser) if joined.url.endswith("/accounts/2fa/") else None
    return Session(PORTAL, person | {"totp": key})


def _set_up_app(browser: requests.Session) -> str:
    """Sets up an authenticator app; its key."""
    page = browser.get(f"{PORTAL}/accounts/2fa/totp/activate/", timeout=30)
    key = re.search(r'id="block-key">([A-Z2-7]+)<', page.text)
    assert key, page.text
    _post(browser, page, code=fresh_code(key[1]))
    return key[1]


def _post(browser: requests.Session, page: requests.Response, **fields: str) -> requests.Response:
    """Posts the form of a page as it was served, with these fields changed."""
    form = PostedForm.of(page.text)
    target = PORTAL + form.action if form.action else page.url
    sent, headers = form.fields | fields, {"Referer": page.url}
    answer = browser.post(target, data=sent, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer


def request(link: str) -> None:
    _print_token(join(ANA, link))


def publish(link: str) -> None:
    _print_token(join(VERA, link), can_push="on")


def revoke(username: str) -> None:
    Session(PORTAL, ANA).revoke(username)


def _print_token(person: Session, **fields: str) -> None:
    token = person.request_token("The rehearsal's machine", **fields)
    sys.stdout.write(f"{token.username}\n{token.secret}\n")


if __name__ == "__main__":
    {"request": request, "publish": publish, "revoke": revoke}[sys.argv[1]](sys.argv[2])
