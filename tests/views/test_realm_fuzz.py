"""What does the realm answer to what no client sends? Asked of the whole WSGI application."""

import io
import json
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import verifier
from tests.views.machine import FORM, REALM, SERVICE, basic, written

latin = st.text(st.characters(max_codepoint=255), max_size=30)
scopes = st.sampled_from(
    [
        "repository:public/app:pull",
        "repository:public/app:pull,push,delete,*",
        "repository:public/app:* repository:internal/app:*",
        "repository:public:*",
        "repository:public/../internal/app:pull",
        "repository(plugin):public/app:pull",
        "registry:catalog:*",
    ]
)
scope_fields = st.tuples(st.just("scope"), scopes | latin)
other_fields = st.tuples(
    st.sampled_from(["service", "account", "grant_type", "username", "password"]) | latin,
    st.sampled_from(["password", SERVICE, "{username}", "{secret}"]) | latin,
)
log_in = st.just([("grant_type", "password"), ("username", "{username}"), ("password", "{secret}")])
fields = st.lists(scope_fields, max_size=3) | st.lists(scope_fields | other_fields, max_size=4)
forms = st.tuples(st.just([]) | log_in, fields).map(lambda parts: parts[0] + parts[1])
queries = forms.map(lambda every: "&".join(f"{name}={value}" for name, value in every)) | latin
credentials = st.sampled_from(["{basic}"] * 5 + ["Basic", "Bearer x", "{basic}, {basic}"])
types = st.sampled_from(
    [
        FORM + "; charset=hex",
        "text/plain; charset=undefined",
        "text/plain; charset=utf-16",
        "x; charset=a\0b",
        "x; charset*=nonsense'en'x",
        "x; charset*=utf-8'en'%00",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary*=nonsense'en'x",
    ]
)
headers = st.fixed_dictionaries(
    {"CONTENT_TYPE": st.just(FORM) | types | latin},
    optional={
        "HTTP_AUTHORIZATION": credentials | credentials | latin | st.binary().map(basic),
        "CONTENT_LENGTH": st.integers().map(str) | latin,
        "HTTP_HOST": latin,
        "HTTP_COOKIE": latin,
        "HTTP_USER_AGENT": latin,
        "HTTP_X_FORWARDED_FOR": latin,
        "HTTP_X_FORWARDED_PROTO": latin,
        "HTTP_ACCEPT": latin,
        "HTTP_ACCEPT_LANGUAGE": latin,
        "HTTP_RANGE": latin,
        "REMOTE_ADDR": latin | st.ip_addresses().map(str),
    },
)
methods = st.sampled_from(["GET"] * 5 + ["POST"] * 5 + ["get", "HEAD", "PUT", "", "\xff\0"])


words = ["repository", "(plugin)", "public", "PUBLIC", "internal", "host:5000/", "..", "pull"]
pieces = st.sampled_from(words) | st.sampled_from(":/,*% \0xé")
any_scope = st.builds(
    "{}{}:{}".format,
    st.sampled_from(["repository:public/", "repository:", ""]),
    st.lists(pieces, max_size=5).map("".join),
    st.sampled_from(["pull", "pull,push", "*", "delete", ""]),
)


class Heard(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def ask(db):
    """Asks the application that gunicorn serves, within the transaction of the test."""
    from portal.wsgi import application

    def asked(environ, body=b""):
        heard = {}
        minimal = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": REALM,
            "QUERY_STRING": "",
            "SERVER_NAME": "portal",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        answer = application(
            minimal | environ, lambda status, fields: heard.update(status=status, fields=fields)
        )
        return Heard(int(heard["status"][:3]), dict(heard["fields"]), b"".join(answer))

    request_started.disconnect(close_old_connections)
    yield asked
    request_started.connect(close_old_connections)


def is_pull_of_public(entry):
    return entry["name"].startswith("public/") and entry["actions"] == ["pull"]


@settings(max_examples=6 * settings.default.max_examples)
@given(methods, queries, headers, queries)
@example("GET", "scope=repository:public/app:*", {"HTTP_AUTHORIZATION": "{basic}"}, "")
@example(
    "POST",
    "",
    {"CONTENT_TYPE": FORM},
    "grant_type=password&username={username}&password={secret}&scope=repository:public/app:*",
)
def test_anything_at_all_is_answered_in_json_and_grants_nothing_more(
    ask, machine, method, query, environ, body
):
    def filled(text):
        for name in ("username", "secret", "basic"):
            text = text.replace(f"{{{name}}}", getattr(machine, name))
        return text

    environ = {name: filled(value) for name, value in environ.items()}
    body = filled(body).encode("latin-1")
    heard = ask({**environ, "REQUEST_METHOD": method, "QUERY_STRING": filled(query)}, body)
    answer = json.loads(heard.body) if method != "HEAD" else {"errors": "left out"}
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.headers["Cache-Control"] == "no-store"
    assert not {"Set-Cookie", "Location"} & heard.headers.keys()
    assert heard.status in {200, 400, 401, 405}
    if heard.status != 200:
        assert answer.keys() == {"errors"}
        return
    assert machine.secret in f"{environ}{body!r}" or machine.basic in environ["HTTP_AUTHORIZATION"]
    claims = verifier.read(answer["token"]).claims
    assert claims["sub"] == machine.username
    assert all(map(is_pull_of_public, claims["access"])), written(claims["access"])


@given(st.lists(any_scope, min_size=1, max_size=4))
def test_no_scope_at_all_grants_more_than_the_company_may_pull(ask, machine, scopes):
    environ = {
        "HTTP_AUTHORIZATION": machine.basic,
        "QUERY_STRING": urlencode({"scope": scopes}, True),
    }
    heard = ask(environ)
    assert heard.status == 200
    claims = verifier.read(json.loads(heard.body)["token"]).claims
    asked = " ".join(scopes)
    for entry in claims["access"]:
        assert is_pull_of_public(entry), entry
        assert f"repository:{entry['name']}:" in asked


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset=hex",
        "text/plain; charset=undefined",
        "text/plain; charset=a\0b",
        "text/plain; charset*=nonsense'en'x",
        "text/plain; x*=nonsense'en'x",
        "; " * 5_000,
    ],
    ids=lambda content_type: repr(content_type[:40]),
)
@pytest.mark.parametrize(("path", "status"), [(REALM, 401), ("/livez", 200), ("/nothing/", 404)])
def test_no_content_type_is_an_error_of_the_server(ask, content_type, path, status):
    environ = {"CONTENT_TYPE": content_type, "QUERY_STRING": "a=b", "HTTP_HOST": "portal.example"}
    assert ask({"PATH_INFO": path, **environ}).status == status


def test_a_charset_does_not_change_what_is_read(ask, machine):
    environ = {"CONTENT_TYPE": "text/plain; charset=utf-16", "HTTP_AUTHORIZATION": machine.basic}
    assert ask({**environ, "QUERY_STRING": "service=another"}).status == 400
    assert ask({**environ, "QUERY_STRING": f"service={SERVICE}"}).status == 200


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=xyz", 'Multipart/Form-Data; charset=hex; boundary="xyz"'],
)
def test_people_may_send_forms_in_parts(ask, content_type):
    csrf = "a" * 32
    fields = {"csrfmiddlewaretoken": csrf, "login": "ana@acme.example"}
    body = "".join(
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/accounts/login/",
        "CONTENT_TYPE": content_type,
        "HTTP_HOST": "portal.example",
        "HTTP_COOKIE": f"csrf={csrf}",
    }
    heard = ask(environ, f"{body}--xyz--\r\n".encode())
    assert b'value="ana@acme.example"' in heard.body
