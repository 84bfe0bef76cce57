"""Does the page of images show what the company may pull, and say when the registry is away?"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests
import responses
from django.core.cache import cache

from tests.client import Client
from tests.factories import Cast
from tests.rules.test_catalog import holds
from tokens.catalog import Listing, Tag
from tokens.registry.client import Content

IMAGES = {"public/universal": ["2025.1.10", "latest"], "internal/builder": ["1"]}


@pytest.fixture
def registry(db: None) -> Iterator[responses.RequestsMock]:
    cache.clear()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def images_page(cast: Cast, sign_in: Callable[..., Client]) -> Callable[[], str]:
    browser = sign_in(cast.bram)
    return lambda: browser.get("/images/").content.decode()


def test_what_the_company_may_pull_is_listed_with_a_line_to_copy(registry, images_page) -> None:
    holds(registry, IMAGES)
    shown = images_page()
    assert "docker pull registry.example:5000/public/universal:latest" in shown
    assert "<code>2025.1.10</code>" in shown
    assert "Read from the registry" in shown
    assert "internal/builder" not in shown


def test_the_vendor_sees_what_it_may_pull(registry, cast, sign_in) -> None:
    holds(registry, IMAGES)
    shown = sign_in(cast.vera).get("/images/").content.decode()
    assert "internal/builder" in shown


def test_a_registry_that_is_away_is_said_and_harms_nothing(registry, images_page) -> None:
    registry.get("http://registry.example:5000/v2/_catalog?n=100", body=requests.ConnectionError())
    shown = images_page()
    assert "The registry does not answer at the moment" in shown
    assert "your tokens are not affected" in shown


def test_what_was_last_known_is_shown_with_its_age_meanwhile(registry, images_page) -> None:
    content = Content("sha256:" + "0" * 64, 1000, datetime(2025, 1, 10, tzinfo=UTC))
    known = Listing(datetime(2026, 1, 1, tzinfo=UTC), {"public/a": [Tag("1", content)]})
    cache.set("catalog:listing", known)
    registry.get("http://registry.example:5000/v2/_catalog?n=100", body=requests.ConnectionError())
    shown = images_page()
    assert "The registry does not answer at the moment. This is what it held" in shown
    assert "public/a" in shown


def test_an_empty_registry_says_so(registry, images_page) -> None:
    holds(registry, {})
    assert "No images yet" in images_page()
