"""Does the model say what it was told, and the document what the model says?"""

import pytest

from bench import fit, scale
from tests.stack import ROOT

DOCUMENT = (ROOT / "docs" / "scale.md").read_text()


def test_a_fit_finds_the_model_again_that_made_the_figures() -> None:
    made_by = fit.Fit(demand=0.001, variation=0.8, disorder=0.6, overhead=0.0005)
    loads = (fit.FEW, fit.MANY, fit.CALM)
    store = fit.Store("made", {load: fit.played(load, made_by) for load in loads})
    found = fit.fitted(store)
    assert found.demand == pytest.approx(made_by.demand, rel=0.02)
    assert found.variation == pytest.approx(made_by.variation, abs=0.2)
    assert found.disorder == pytest.approx(made_by.disorder, abs=0.15)
    assert found.overhead == pytest.approx(made_by.overhead, abs=0.0002)


def test_what_was_fitted_is_reproduced() -> None:
    for check in fit.checks():
        assert abs(check.deviation) < (0.1 if check.was_fitted else 0.35), check


def test_machines_ask_as_often_as_is_assumed() -> None:
    assert scale.asked(86_400) == scale.ASKS * scale.PEAK
    assert scale.asked(2000) == 2 * scale.asked(1000)


def test_a_layer_is_busy_with_the_grant_and_all_that_follows() -> None:
    for layer in scale.LAYERS:
        costs = [scale.REALM, *[scale.MANIFEST] * scale.CHECKED, scale.TOLD]
        expected = sum(cost.get(layer, 0) for cost in costs)
        assert scale.demand(layer) == pytest.approx(expected)
        assert scale.processors(layer, 86_400) == pytest.approx(expected * scale.ASKS * scale.PEAK)


@pytest.mark.parametrize("place", scale.PLACES, ids=lambda place: place.name)
def test_the_layer_that_is_first_full_is_full_and_no_other_is(place: scale.Place) -> None:
    layer, machines = scale.first_full(place)
    if layer == "host":
        used = {"host": sum(scale.processors(name, 1) for name in scale.LAYERS)}
    else:
        used = {name: scale.processors(name, 1) for name in place.cores}
    parts = {name: seconds * machines / place.cores[name] for name, seconds in used.items()}
    assert parts.pop(layer) == pytest.approx(scale.MOST)
    assert all(part <= scale.MOST for part in parts.values())


def test_each_place_has_processors_enough_for_its_machines() -> None:
    for place in scale.PLACES:
        assert scale.first_full(place)[1] > place.machines


@pytest.mark.parametrize("lines", [scale.busy, scale.full], ids=["busy", "full"])
def test_the_document_has_the_tables_as_they_are_printed(lines: object) -> None:
    for line in lines():  # type: ignore[operator]
        assert line in DOCUMENT


def test_the_document_says_how_far_off_the_model_is() -> None:
    for line in scale.fits():
        assert line in DOCUMENT


def test_the_document_states_every_assumption() -> None:
    assumed = DOCUMENT.partition("## What is assumed")[2].partition("\n## ")[0]
    for number in (scale.ASKS, scale.CHECKED, scale.PEAK, scale.IMAGES, scale.REFERENCES):
        assert f" {number} " in assumed
    assert f"{scale.IMAGE_BITS / 8e6:.0f} MB" in assumed
