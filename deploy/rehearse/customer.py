"""What people do in the portal: sign in with an invitation and request a token, or revoke it.

``customer.py request LINK`` prints username and secret of a token that pulls, ``customer.py publish
LINK`` of one that also pushes; ``customer.py revoke USERNAME`` ends one of Ana's.
"""

import os
import re
import sys

import requests

from tests.stack import PostedForm
from tests.totp import code

EMAIL, PASSWORD = "ana@acme.example", "a long enough password"
PORTAL = os.environ["PORTAL"]


def post(browser: requests.Session, address: str, **fields: str) -> requests.Response:
    """Posts the form of a page as it was served, with these fields changed."""
    form = PostedForm.of(browser.get(address, timeout=30).text)
    target = PORTAL + form.action if form.action else address
    # Over TLS, Django wants to know from which page a form comes.
    answer = browser.post(
        target, data=form.fields | fields, headers={"Referer": address}, timeout=30
    )
    answer.raise_for_status()
    return answer


def set_up_app(browser: requests.Session) -> None:
    """Sets up the second factor that everybody of the vendor needs."""
    address = f"{PORTAL}/accounts/2fa/totp/activate/"
    page = browser.get(address, timeout=30).text
    key = re.search(r'id="block-key">([A-Z2-7]+)<', page)
    assert key, page
    fields = PostedForm.of(page).fields | {"code": code(key[1])}
    browser.post(address, data=fields, headers={"Referer": address}, timeout=30).raise_for_status()


def request(link: str, **more: str) -> None:
    browser = requests.Session()
    joined = post(browser, link, name="Ana Vos", password=PASSWORD)
    if joined.url.endswith("/accounts/2fa/"):
        set_up_app(browser)
    wanted = {"description": "The rehearsal's machine"} | more
    page = post(browser, f"{PORTAL}/tokens/request/", **wanted).text
    for element in ("token-username", "token-secret"):
        found = re.search(rf'id="{element}"[^>]*>([^<]*)<', page)
        assert found, page
        sys.stdout.write(f"{found[1]}\n")


def publish(link: str) -> None:
    request(link, can_push="on")


def revoke(username: str) -> None:
    browser = requests.Session()
    post(browser, f"{PORTAL}/accounts/login/", login=EMAIL, password=PASSWORD)
    post(browser, f"{PORTAL}/tokens/{username}/revoke/")


if __name__ == "__main__":
    {"request": request, "publish": publish, "revoke": revoke}[sys.argv[1]](sys.argv[2])
