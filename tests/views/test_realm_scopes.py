"""Which scopes does the realm grant, of those that clients ask for?"""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import request_token
from tests.views.machine import SERVICE, Machine, get, post
from tokens.models import Entitlement

FIFTY = [f"repository:public/app-{number}:pull" for number in range(50)]
TOO_MANY = "400 a request may name at most 50 resources"


class TestATokenThatPulls:
    """Of a company that may pull ``public/*``: the scopes → what is granted."""

    @pytest.mark.parametrize(
        ("scopes", "granted"),
        [
            pytest.param([], [], id="none"),
            pytest.param(["repository:public/app:pull"], ["repository:public/app:pull"], id="pull"),
            pytest.param(
                ["repository:public/app:pull,push"], ["repository:public/app:pull"], id="pull,push"
            ),
            pytest.param(["repository:public/app:push"], [], id="push"),
            pytest.param(["repository:public/app:delete"], [], id="delete"),
            pytest.param(
                ["repository:public/app:pull,delete"],
                ["repository:public/app:pull"],
                id="and delete",
            ),
            pytest.param(
                ["repository:public/app:*"], ["repository:public/app:pull"], id="* is what is held"
            ),
            pytest.param(
                ["repository:public/app:*,push"], ["repository:public/app:pull"], id="* and push"
            ),
            pytest.param(
                ["repository:public/b:pull", "repository:public/a:pull"],
                ["repository:public/b:pull", "repository:public/a:pull"],
                id="several",
            ),
            pytest.param(
                ["repository:public/a:pull repository:public/b:pull"],
                ["repository:public/a:pull", "repository:public/b:pull"],
                id="several in one parameter",
            ),
            pytest.param(
                ["repository:public/a:pull"] * 3, ["repository:public/a:pull"], id="duplicated"
            ),
            pytest.param(
                ["repository:public/a:push", "repository:public/a:pull,push"],
                ["repository:public/a:pull"],
                id="overlapping",
            ),
            pytest.param(
                ["repository:internal/app:pull", "repository:public/app:pull"],
                ["repository:public/app:pull"],
                id="one of two",
            ),
            pytest.param(
                ["repository:public/app:pull,push", "repository:public/base:pull"],
                ["repository:public/app:pull", "repository:public/base:pull"],
                id="mount pair",
            ),
            pytest.param(
                ["repository:public/never/pushed:pull"],
                ["repository:public/never/pushed:pull"],
                id="what may not exist",
            ),
            pytest.param(["repository(plugin):public/app:pull"], [], id="plugin"),
            pytest.param(["registry:catalog:*"], [], id="catalog"),
            pytest.param(["registry:public/app:pull"], [], id="another type"),
            pytest.param(["repository:host:5000/public/app:pull"], [], id="another host's"),
            pytest.param([""], [], id="empty"),
            pytest.param(["*"], [], id="*"),
            pytest.param(["foo"], [], id="foo"),
            pytest.param(["a:b"], [], id="a:b"),
            pytest.param(["::"], [], id="colons"),
            pytest.param(["repository:*:*"], [], id="everything"),
            pytest.param(["repository:public/*:pull"], [], id="the pattern itself"),
            pytest.param(["repository:public:pull"], [], id="public"),
            pytest.param(["repository:publicx/y:pull"], [], id="publicx/y"),
            pytest.param(["repository:public/../x:pull"], [], id="public/../x"),
            pytest.param(["repository:public//x:pull"], [], id="public//x"),
            pytest.param(["repository:public%2fx:pull"], [], id="an encoded slash"),
            pytest.param(["repository:Public/app:pull"], [], id="case of the prefix matters"),
            pytest.param(["repository:public/App:pull"], [], id="case of the name matters"),
            pytest.param(["Repository:public/app:pull"], [], id="case of the type matters"),
            pytest.param(["repository:public/app:PULL"], [], id="case of the action matters"),
            pytest.param(["repository:public/app\0:pull"], [], id="NUL"),
            pytest.param([":" * 7_000], [], id="7 kB of colons"),
            pytest.param(
                ["foo", "repository:public/app:pull", "::"],
                ["repository:public/app:pull"],
                id="malformed beside a good one",
            ),
        ],
    )
    def test_gets(self, machine, scopes, granted):
        answer = machine.ask(*scopes)
        assert answer.says == "200"
        assert answer.access == granted

    def test_gets_the_same_in_any_order(self, machine):
        answers = [machine.ask(*FIFTY), machine.ask(*reversed(FIFTY))]
        assert answers[0].access == FIFTY
        assert sorted(answers[1].access) == sorted(FIFTY)

    @pytest.mark.parametrize(
        ("scopes", "says"),
        [
            pytest.param([*FIFTY, "repository:public/app:pull"], TOO_MANY, id="51 names"),
            pytest.param([*FIFTY, "repository:internal/app:pull"], TOO_MANY, id="not all allowed"),
            pytest.param([*FIFTY * 4], "200", id="200 parameters for 50 names"),
            pytest.param([*FIFTY, "foo", "*", "a:b"], "200", id="malformed ones do not count"),
        ],
    )
    def test_may_name_fifty(self, machine, scopes, says):
        assert machine.ask(*scopes).says == says
        form = "&".join(f"scope={scope}" for scope in scopes)
        assert post(form, authorization=machine.basic).says == says

    def test_gets_64_kb_of_colons_back_as_nothing(self, machine):
        assert post("scope=" + ":" * 65_000, authorization=machine.basic).access == []


class TestATokenThatPushes:
    """Of the vendor, which may push to ``public/*`` and ``internal/*``."""

    @pytest.mark.parametrize(
        ("scope", "granted"),
        [
            pytest.param("repository:public/app:pull,push", "pull,push", id="pull,push"),
            pytest.param("repository:internal/app:push,pull", "pull,push", id="push,pull"),
            pytest.param("repository:public/app:push", "push", id="push alone"),
            pytest.param("repository:public/app:pull", "pull", id="pull alone"),
            pytest.param("repository:public/app:*", "pull,push", id="*"),
            pytest.param("repository:public/app:delete,push", "push", id="never delete"),
            pytest.param("repository:elsewhere/app:pull,push", None, id="elsewhere"),
        ],
    )
    def test_gets(self, pipeline, scope, granted):
        name = scope.rpartition(":")[0]
        assert pipeline.ask(scope).access == ([f"{name}:{granted}"] if granted else [])

    def test_gets_both_of_a_mount_pair(self, pipeline):
        scopes = ["repository:public/app:pull,push", "repository:internal/base:pull"]
        assert pipeline.ask(*scopes).access == scopes

    def test_still_gets_no_catalog(self, pipeline):
        assert pipeline.ask("registry:catalog:*").access == []

    def test_pulls_only_where_its_company_may_not_push(self, pipeline):
        Entitlement.objects.filter(pattern="public/*").update(can_push=False)
        granted = pipeline.ask("repository:public/app:pull,push").access
        assert granted == ["repository:public/app:pull"]

    def test_of_a_company_that_only_pulls_pulls(self, machine):
        machine.change(can_push=True)
        granted = machine.ask("repository:public/app:pull,push").access
        assert granted == ["repository:public/app:pull"]

    def test_and_one_that_does_not_differ_within_a_company(self, pipeline, cast):
        other = Machine(*request_token(cast.vera))
        granted = other.ask("repository:public/app:pull,push").access
        assert granted == ["repository:public/app:pull"]


class TestEntitlements:
    ASKED = ("repository:public/app:pull", "repository:extra/app:pull", "repository:extra:pull")

    def entitle(self, machine, pattern, **fields):
        Entitlement.objects.create(company=machine.token.company, pattern=pattern, **fields)

    def test_add_up(self, machine):
        self.entitle(machine, "extra/*")
        self.entitle(machine, "extra")
        assert machine.ask(*self.ASKED).access == list(self.ASKED)

    def test_cover_a_name_with_a_port(self, machine):
        self.entitle(machine, "mirror:5000/acme/*")
        scope = "repository:mirror:5000/acme/app:pull"
        assert machine.ask(scope).access == [scope]

    @pytest.mark.parametrize(
        ("ends_in", "granted"),
        [
            pytest.param(timedelta(seconds=-1), [ASKED[0]], id="ended"),
            pytest.param(timedelta(0), [ASKED[0]], id="ending now"),
            pytest.param(timedelta(hours=1), [*ASKED[:2]], id="ending later"),
        ],
    )
    def test_end_at_their_time(self, machine, ends_in, granted):
        self.entitle(machine, "extra/*", ends_at=timezone.now() + ends_in)
        assert machine.ask(*self.ASKED).access == granted

    def test_that_all_have_ended_leave_a_login_without_anything(self, machine):
        Entitlement.objects.update(ends_at=timezone.now())
        answer = machine.ask(*self.ASKED)
        assert (answer.says, answer.access) == ("200", [])

    def test_may_be_none_at_all(self, machine):
        Entitlement.objects.all().delete()
        assert machine.ask(*self.ASKED).access == []

    def test_of_another_company_give_nothing(self, machine, cast):
        Entitlement.objects.create(company=cast.globex, pattern="extra/*")
        assert machine.ask(*self.ASKED).access == [self.ASKED[0]]

    def test_are_asked_for_in_the_service_s_own_name_only(self, machine):
        query = {"service": "another", "scope": self.ASKED}
        assert get(query, authorization=machine.basic).status == 400
        assert get(query | {"service": SERVICE}, authorization=machine.basic).status == 200
