"""Is what clients ask for read as the distribution project's grammar has it?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.registry import scopes
from tokens.registry.scopes import Resource, TooManyNames, is_repository_name, parse

APP = Resource("repository", "", "acme/app")

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=5)
names = st.text(st.characters(exclude_characters=" ", exclude_categories=["Cs"]), min_size=1)
resources = st.builds(Resource, words, st.just("") | words, names)
actions = st.sets(st.sampled_from(["pull", "push", "delete", "*"]), min_size=1)
wanted = st.dictionaries(resources, actions, max_size=6)


def written(resource, actions):
    kind = f"({resource.kind})" if resource.kind else ""
    return f"{resource.type}{kind}:{resource.name}:{','.join(actions)}"


@pytest.mark.parametrize(
    ("scope", "resource", "actions"),
    [
        ("repository:acme/app:pull", APP, {"pull"}),
        ("repository:acme/app:pull,push", APP, {"pull", "push"}),
        ("repository:acme/app:push,pull,push", APP, {"pull", "push"}),
        ("repository:acme/app:*", APP, {"*"}),
        ("repository:acme/app:pull,*", APP, {"pull", "*"}),
        ("repository:acme/app:delete", APP, {"delete"}),
        ("repository:acme/app:", APP, set()),
        ("repository:acme/app:,pull,", APP, {"pull"}),
        (
            "repository:host:5000/acme/app:pull",
            Resource("repository", "", "host:5000/acme/app"),
            {"pull"},
        ),
        (
            "repository(plugin):acme/app:pull",
            Resource("repository", "plugin", "acme/app"),
            {"pull"},
        ),
        ("registry:catalog:*", Resource("registry", "", "catalog"), {"*"}),
        ("a:b:c", Resource("a", "", "b"), {"c"}),
        ("repository:../x:pull", Resource("repository", "", "../x"), {"pull"}),
    ],
)
def test_a_scope_is_a_type_a_name_and_actions(scope, resource, actions):
    assert parse([scope]) == {resource: actions}


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "*",
        "foo",
        ":",
        "::",
        ":::",
        "a:b",
        "repository:acme/app",
        "repository::pull",
        ":acme/app:pull",
        "Repository:acme/app:pull",
        "repository:acme/app:Pull",
        "repository:acme/app:pull;push",
        "repository:acme/app:pull\n",
        "repository():acme/app:pull",
        "repository(plugin:acme/app:pull",
        "repository(a)(b):acme/app:pull",
        "répository:acme/app:pull",
        "repository:acme/app:**",
        "repository:acme/app:pull\0",
        ":" * 65_000,
    ],
    ids=lambda scope: repr(scope[:40]),
)
def test_a_malformed_scope_is_ignored(scope):
    assert parse([scope]) == {}
    assert parse([scope, "repository:acme/app:pull"]) == {APP: {"pull"}}


@pytest.mark.parametrize(
    "items",
    [
        ["repository:acme/app:pull", "repository:acme/app:push"],
        ["repository:acme/app:pull repository:acme/app:push"],
        ["repository:acme/app:push", "repository:acme/app:pull,push", "repository:acme/app:pull"],
        ["  repository:acme/app:pull,push  ", "", " "],
    ],
)
def test_entries_for_one_name_are_merged_however_they_come(items):
    assert parse(items) == {APP: {"pull", "push"}}


def test_a_class_and_the_case_of_a_name_tell_resources_apart():
    found = parse(
        ["repository:acme/app:pull", "repository(plugin):acme/app:pull", "repository:Acme/app:pull"]
    )
    assert len(found) == 3


@given(wanted)
def test_well_formed_scopes_read_back_as_they_were_written(asked):
    assert parse(written(*one) for one in asked.items()) == asked


@given(wanted, st.randoms(), st.booleans())
def test_order_and_duplicates_mean_nothing(asked, chance, in_one_parameter):
    items = [written(resource, [action]) for resource, every in asked.items() for action in every]
    items += chance.sample(items, len(items) // 2)
    chance.shuffle(items)
    assert parse([" ".join(items)] if in_one_parameter else items) == asked


@given(st.lists(st.text() | st.text("abr:,*() /").map(lambda end: f"repository:{end}")))
def test_any_text_is_read_or_ignored(items):
    for resource, asked in parse(items).items():
        assert resource.type
        assert resource.name
        assert "" not in asked


@given(st.sets(st.integers(0, 1_000_000), min_size=51, max_size=51), st.sampled_from(["", "(x)"]))
def test_more_than_fifty_names_are_too_many(numbers, kind):
    items = [f"repository{kind}:public/{number}:pull" for number in numbers]
    assert len(parse(items[:50])) == 50
    with pytest.raises(TooManyNames):
        parse(items)


def test_fifty_names_may_be_asked_for_as_often_as_one_likes():
    items = [f"repository:public/{number}:pull" for number in range(50)]
    assert len(parse(items * 20)) == scopes.MOST_NAMES


@pytest.mark.parametrize(
    "name",
    [
        "app",
        "acme/app",
        "a/b/c/d/e/f/g",
        "acme.com/app",
        "localhost:5000/acme/app",
        "127.0.0.1:5000/app",
        "[2001:db8::1]:5000/app",
        "acme__x/a_b/a.b/a-b/a--b/a---b",
        "xn--n3h.com/my-app",
        "b.gcr.io/test.example.com/my-app",
        "0",
        "a" * 255,
    ],
)
def test_a_name_of_the_reference_grammar(name):
    assert is_repository_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/app",
        "app/",
        "acme//app",
        "public/../x",
        "public/./x",
        "..",
        "Acme",
        "acme/App",
        "a..b",
        "a___b",
        "a._b",
        "-app",
        "app-",
        "_app",
        "acme/*",
        "*",
        "foo_bar.com:8080/app",
        "localhost:/app",
        "app:tag",
        "app@sha256:0",
        "app\n",
        "ápp",
        "app\0",
        "a b",
        "public%2fapp",
        "public\\app",
        "a" * 256,
        "a-" * 127 + "-",
    ],
    ids=lambda name: repr(name[:30]),
)
def test_no_name_of_the_reference_grammar(name):
    assert not is_repository_name(name)


@given(st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=4))
def test_names_are_made_of_components_between_slashes(components):
    name = "/".join("-".join(every) for every in components)
    assert is_repository_name(name)
    assert not is_repository_name(f"{name}/")
    assert not is_repository_name(f"{name}//{name}")
    assert not is_repository_name(f"{name}/../{name}")


@given(st.text() | st.text("aB0.-_/:[]"))
def test_any_text_can_be_asked_about(text):
    if is_repository_name(text):
        assert text.isascii()
        assert not set(text) & set(" *\\%\n\0")
        assert ".." not in text
        assert "//" not in text
