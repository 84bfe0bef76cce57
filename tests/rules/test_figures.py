"""Are the figures of a company its own?"""

from tests.factories import Cast, request_token
from tokens import figures
from tokens.models import Company


def test_tokens_and_people_are_counted_for_each_company(cast: Cast) -> None:
    for person in (cast.bram, cast.bram, cast.chloe, cast.farid):
        request_token(person)
    for slug, tokens, people in (("acme", 3, 2), ("globex", 1, 1)):
        company = figures.of(Company.objects.filter(slug=slug)).get()
        assert (company.live_tokens, company.people_here) == (tokens, people)


def test_tokens_are_counted_for_each_person(cast: Cast) -> None:
    for person in (cast.bram, cast.bram, cast.chloe, cast.farid):
        request_token(person)
    counted = {person.name: person.live_tokens for person in figures.people_of(cast.acme)}
    assert counted == {cast.bram.name: 2, cast.chloe.name: 1}
