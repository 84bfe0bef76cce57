"""Is what is granted never more than what was asked for, and what is held?"""

from datetime import timedelta

import jwt
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tokens import grants
from tokens.registry import scopes
from tokens.registry.signing import Scope

parts = st.sampled_from(["public", "publicx", "internal", "app", "a", "Public", "..", "host:5000"])
some_names = st.lists(parts, min_size=1, max_size=3).map("/".join)
patterns = some_names | some_names.map(lambda name: f"{name}/*") | st.just("public/*")
entitlements = st.dictionaries(patterns, st.booleans(), max_size=4)
actions = st.sampled_from(["pull", "push", "delete", "*"])
resources = st.builds(
    scopes.Resource,
    st.sampled_from(["repository", "registry", "plugin"]),
    st.sampled_from(["", "", "", "plugin"]),
    some_names | st.text(min_size=1, max_size=5),
)
wanted = st.dictionaries(resources, st.sets(actions), max_size=6)


def decide(*items, pulls=("public/*",), pushes=(), can_push=False):
    """What is granted, as text."""
    held = dict.fromkeys(pulls, False) | dict.fromkeys(pushes, True)
    access = grants.decide(scopes.parse(items), entitlements=held, can_push=can_push)
    return [f"{scope['type']}:{scope['name']}:{','.join(scope['actions'])}" for scope in access]


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("public/*", "public/app", True),
        ("public/*", "public/a/b/c", True),
        ("public/*", "public", False),
        ("public/*", "publicx/y", False),
        ("public/*", "Public/app", False),
        ("public/*", "internal/public/app", False),
        ("public/tools/*", "public/tools/app", True),
        ("public/tools/*", "public/tool/app", False),
        ("public/tools/*", "public/app", False),
        ("public/app", "public/app", True),
        ("public/app", "public/app/more", False),
        ("public/app", "public/ap", False),
        ("public/app", "public/App", False),
        ("host:5000/acme/*", "host:5000/acme/app", True),
    ],
)
def test_a_pattern_covers_its_name_or_all_below_its_prefix(pattern, name, covered):
    assert scopes.covers(pattern, name) is covered
    assert decide(f"repository:{name}:pull", pulls=[pattern]) == (
        [f"repository:{name}:pull"] if covered else []
    )


@pytest.mark.parametrize(
    "name",
    [
        "public",
        "publicx/y",
        "public/../x",
        "public/./x",
        "public//x",
        "public/",
        "public/*",
        "public/X",
    ],
)
def test_public_does_not_cover(name):
    assert decide(f"repository:{name}:pull") == []


@given(entitlements, wanted, st.booleans())
def test_what_is_granted_was_asked_for_and_is_held(held, asked, can_push):
    for entry in grants.decide(asked, entitlements=held, can_push=can_push):
        covering = [push for pattern, push in held.items() if scopes.covers(pattern, entry["name"])]
        asked_here = asked[scopes.Resource("repository", "", entry["name"])]
        assert entry["type"] == "repository"
        assert entry["actions"]
        assert set(entry["actions"]) <= {"pull", "push"}
        assert set(entry["actions"]) <= asked_here or "*" in asked_here
        assert covering
        assert "push" not in entry["actions"] or (can_push and any(covering))
        assert scopes.is_repository_name(entry["name"])


@given(entitlements, wanted, st.booleans())
def test_what_was_asked_for_and_is_held_is_granted(held, asked, can_push):
    granted = grants.decide(asked, entitlements=held, can_push=can_push)
    entries = {entry["name"]: entry["actions"] for entry in granted}
    for resource, actions in asked.items():
        is_repository = resource[:2] == ("repository", "")
        if not is_repository or not scopes.is_repository_name(resource.name):
            continue
        covering = [push for pattern, push in held.items() if scopes.covers(pattern, resource.name)]
        if covering and actions & {"pull", "*"}:
            assert "pull" in entries[resource.name]
        if any(covering) and can_push and actions & {"push", "*"}:
            assert "push" in entries[resource.name]


@given(entitlements, wanted, st.booleans())
def test_each_name_is_granted_once_and_its_actions_are_in_order(held, asked, can_push):
    granted = grants.decide(asked, entitlements=held, can_push=can_push)
    assert len({entry["name"] for entry in granted}) == len(granted)
    assert all(entry["actions"] == sorted(set(entry["actions"])) for entry in granted)


@given(wanted, st.booleans())
def test_without_entitlements_nothing_is_granted(asked, can_push):
    assert grants.decide(asked, entitlements={}, can_push=can_push) == []


@pytest.mark.parametrize(
    ("can_push", "pushes", "actions"),
    [
        pytest.param(True, ["public/*"], "pull,push", id="a token that pushes, where it may"),
        pytest.param(False, ["public/*"], "pull", id="a token that only pulls"),
        pytest.param(True, [], "pull", id="a company that only pulls"),
        pytest.param(True, ["public/tools/*"], "pull", id="pushing elsewhere"),
    ],
)
def test_pushing_takes_a_token_that_pushes_and_an_entitlement_to(can_push, pushes, actions):
    granted = decide("repository:public/app:pull,push", pushes=pushes, can_push=can_push)
    assert granted == [f"repository:public/app:{actions}"]


def test_an_entitlement_to_push_is_one_to_pull():
    assert decide("repository:a/b:pull", pulls=[], pushes=["a/*"]) == ["repository:a/b:pull"]


@pytest.mark.parametrize(
    ("can_push", "seconds"),
    [pytest.param(False, 120, id="pull"), pytest.param(True, 360, id="push")],
)
def test_the_bound_after_a_revocation_is_the_lifetime_and_the_leeway(can_push, seconds):
    assert grants.bound_seconds(can_push=can_push) == seconds


def test_where_the_proxy_checks_each_request_the_bound_is_two_seconds(settings):
    settings.REVOCATION_CHECK = True
    assert grants.bound_seconds(can_push=True) == 2


@pytest.mark.parametrize(
    ("left", "announced"), [(timedelta(days=30, seconds=-1), True), (timedelta(days=30), False)]
)
def test_the_end_of_the_authority_is_announced_thirty_days_before(left, announced):
    now = grants.authority().expires_at - left
    assert grants.authority_ends_soon(now) == (left if announced else None)


def test_the_portals_own_grant_names_the_portal_and_holds_now():
    access = [Scope(type="registry", name="catalog", actions=["*"])]
    grant = grants.for_portal(access)
    assert grants.verifier().subject(grant, now=timezone.now()) == grants.PORTAL
    assert jwt.decode(grant, options={"verify_signature": False})["access"] == access


def test_what_was_asked_for_and_not_given_is_told():
    wanted = scopes.parse(["repository:public/a:pull,push", "repository:internal/b:pull", "x:y:z"])
    access = grants.decide(wanted, entitlements={"public/*": False}, can_push=False)
    assert grants.withheld(wanted, access) == ["internal/b"]


def test_no_more_than_a_few_are_told_of_one_request():
    wanted = scopes.parse([f"repository:internal/{n}:pull" for n in range(20)])
    assert len(grants.withheld(wanted, [])) == grants.MOST_WITHHELD


def test_names_that_are_none_are_not_told():
    assert grants.withheld(scopes.parse(["repository:a/../b:pull", "repository:a/b:"]), []) == []
