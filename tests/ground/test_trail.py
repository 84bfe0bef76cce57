"""Does the trail prove what it says, and is every change to it found?"""

import copy
import json
import runpy
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tokens import trail

SECONDS = 20
TRAIL = Path(trail.__file__)

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
whole_numbers = st.integers(-trail.LARGEST_INTEGER, trail.LARGEST_INTEGER)
values = st.recursive(
    st.none() | st.booleans() | whole_numbers | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
details = st.dictionaries(names, values, max_size=3)


def chain(*every, company="acme"):
    """The lines of an export: one event for each of the details, each sealed over the last."""
    lines, previous = [], trail.GENESIS
    for sequence, detail in enumerate(every, start=1):
        facts = {"company": company, "sequence": sequence, "details": detail}
        lines.append(facts | {"previous": previous, "hash": trail.seal(previous, facts)})
        previous = lines[-1]["hash"]
    return lines


chains = st.lists(details, min_size=2, max_size=5).map(lambda every: chain(*every))
FIVE = chain({"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}, {"n": 5})


def place_of_break(events, **options):
    """The line and the reason of the first break, or None where the events hold."""
    try:
        trail.verify(events, **options)
    except trail.Broken as broken:
        return broken.line, broken.reason
    return None


def a_change(random, events):
    random.choice(events)["details"]["n"] = "forged"


def a_removal(random, events):
    events.pop(random.randrange(len(events)))


def a_swap(random, events):
    one, other = random.sample(range(len(events)), 2)
    events[one], events[other] = events[other], events[one]


def a_cut_tail(random, events):
    del events[random.randrange(len(events)) :]


def a_change_sealed_anew(random, events):
    """By somebody who can compute hashes too: only a checkpoint shows it."""
    forged = [event["details"] for event in events]
    forged[random.randrange(len(forged))] = {"n": "forged"}
    events[:] = chain(*forged)


TAMPERINGS = (a_change, a_removal, a_swap, a_cut_tail, a_change_sealed_anew)


class TestTampering:
    """Somebody who can write to the database, and cannot reach the checkpoint."""

    TRIES = 1_000
    EVENTS = chain(*({"n": n} for n in range(20)))
    KNOWN: ClassVar = {("acme", 20): EVENTS[-1]["hash"]}

    @pytest.mark.parametrize("tamper", TAMPERINGS)
    def test_is_caught_a_thousand_times_of_a_thousand(self, tamper):
        random, caught = Random(tamper.__name__), 0
        for _ in range(self.TRIES):
            events = copy.deepcopy(self.EVENTS)
            tamper(random, events)
            caught += place_of_break(events, must_be_whole=True, known=self.KNOWN) is not None
        assert caught == self.TRIES

    def test_what_holds_is_not_accused(self):
        assert place_of_break(self.EVENTS, must_be_whole=True, known=self.KNOWN) is None
        later = chain(*({"n": n} for n in range(25)))
        assert place_of_break(later, must_be_whole=True, known=self.KNOWN) is None

    def test_a_filtered_export_need_not_reach_the_checkpoint(self):
        assert place_of_break([FIVE[0], FIVE[2]], known={("acme", 5): FIVE[4]["hash"]}) is None
        assert place_of_break([FIVE[0], FIVE[2]], known={("globex", 5): "f" * 64}) is None

    def test_a_whole_chain_that_is_gone_is_missed(self):
        known = self.KNOWN | {("globex", 1): "f" * 64}
        assert place_of_break(self.EVENTS, must_be_whole=True, known=known) == (
            21,
            "event 1 of globex is missing: the tail is cut",
        )


class TestCanonicalForm:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            pytest.param(
                {"literals": [None, True, False]}, '{"literals":[null,true,false]}', id="literals"
            ),
            pytest.param(
                {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"},
                '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
                id="the string of RFC 8785 §3.2.2",
            ),
            pytest.param(
                "\b\t\n\f\r\x00\x1f\x7f\u2028",
                '"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\u2028"',
                id="controls",
            ),
            pytest.param(
                {
                    "\u20ac": "Euro Sign",
                    "\r": "Carriage Return",
                    "\ufb33": "Hebrew Letter Dalet With Dagesh",
                    "1": "One",
                    "\U0001f600": "Emoji: Grinning Face",
                    "\u0080": "Control",
                    "\u00f6": "Latin Small Letter O With Diaeresis",
                },
                '{"\\r":"Carriage Return","1":"One","\u0080":"Control",'
                '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",'
                '"😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
                id="the keys of RFC 8785 §3.2.3",
            ),
            pytest.param(
                {"b": {"d": 1, "c": []}, "a": {}}, '{"a":{},"b":{"c":[],"d":1}}', id="nested"
            ),
            pytest.param([0, -1, 2**53 - 1], "[0,-1,9007199254740991]", id="integers"),
        ],
    )
    def test_is_that_of_rfc_8785(self, value, text):
        assert trail.canonical(value) == text.encode()

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(1.0, id="a float"),
            pytest.param(float("nan"), id="no number"),
            pytest.param(2**53, id="an integer that not every reader can hold"),
            pytest.param(-(2**53), id="its opposite"),
            pytest.param("\ud800", id="a lone surrogate"),
            pytest.param({"\udc00": 1}, id="a lone surrogate in a key"),
            pytest.param({1: 1}, id="a key that is no text"),
            pytest.param((1, 2), id="a tuple"),
            pytest.param(b"bytes", id="bytes"),
            pytest.param([object()], id="anything else, wherever it stands"),
        ],
    )
    def test_does_not_exist_for_what_readers_might_read_differently(self, value):
        with pytest.raises(trail.NotCanonical):
            trail.canonical(value)

    def test_does_not_exist_for_what_is_nested_without_end(self):
        deep = []
        deep.append(deep)
        with pytest.raises(trail.NotCanonical, match="nested too deeply"):
            trail.canonical(deep)

    @given(values)
    def test_reads_back_as_the_same_value_in_one_form(self, value):
        read = json.loads(trail.canonical(value))
        assert read == value
        assert trail.canonical(read) == trail.canonical(value)

    @given(st.dictionaries(names, whole_numbers), st.randoms())
    def test_does_not_depend_on_the_order_of_keys(self, value, chance):
        keys = list(value)
        chance.shuffle(keys)
        assert trail.canonical({key: value[key] for key in keys}) == trail.canonical(value)


class TestSeals:
    @given(details)
    def test_are_the_sha256_of_the_hash_before_and_the_canonical_event(self, facts):
        previous = sha256(b"whatever").digest()
        sealed = sha256(previous + trail.canonical(facts)).hexdigest()
        assert trail.seal(previous.hex(), facts) == sealed

    def test_hold_the_hash_before(self):
        moved = FIVE[3] | {"previous": FIVE[0]["hash"]}
        assert place_of_break([moved]) == (1, "event 4 of acme was changed")


class TestWholeTrails:
    @given(chains)
    def test_hold(self, events):
        proof = trail.verify(events, must_be_whole=True, head=events[-1]["hash"])
        assert proof.events == len(events)
        assert proof.is_whole
        assert "whole: nothing was changed, removed or reordered" in str(proof)

    def test_of_several_companies_hold_in_any_order_of_companies(self):
        other = chain({"n": 1}, {"n": 2}, company="globex")
        events = [FIVE[0], other[0], FIVE[1], FIVE[2], other[1]]
        proof = trail.verify(events, must_be_whole=True)
        assert proof.is_whole
        assert proof.chains.keys() == {"acme", "globex"}
        assert proof.chains["acme"].head == FIVE[2]["hash"]

    @given(chains, st.data())
    def test_with_one_value_changed_are_broken_there(self, events, data):
        place = data.draw(st.integers(0, len(events) - 1))
        field = data.draw(st.sampled_from(sorted(events[0])))
        events = copy.deepcopy(events)
        value = data.draw(values)
        assume(trail.canonical(value) != trail.canonical(events[place][field]))
        events[place][field] = value
        broken = place_of_break(events, must_be_whole=True)
        assert broken is not None
        assert broken[0] == place + 1

    @given(chains, st.data())
    def test_with_a_field_more_or_less_are_broken_there(self, events, data):
        place = data.draw(st.integers(0, len(events) - 1))
        changed = dict(events[place])
        if data.draw(st.booleans()):
            del changed[data.draw(st.sampled_from(sorted(changed)))]
        else:
            changed[data.draw(names.filter(lambda name: name not in changed))] = data.draw(values)
        broken = place_of_break([*events[:place], changed, *events[place + 1 :]])
        assert broken is not None
        assert broken[0] == place + 1

    @given(chains, st.data())
    def test_with_an_event_changed_and_sealed_anew_are_broken_after_it(self, events, data):
        """Whoever can write events can seal them too, but not without sealing all that follow."""
        place = data.draw(st.integers(0, len(events) - 2))
        changed = events[place] | {"details": {"forged": True}}
        facts = {name: changed[name] for name in ("company", "sequence", "details")}
        changed["hash"] = trail.seal(changed["previous"], facts)
        broken = place_of_break([*events[:place], changed, *events[place + 1 :]])
        assert broken == (place + 2, f"event {place + 2} does not follow from the one before it")

    @given(chains, st.data())
    def test_with_an_event_removed_are_broken_there(self, events, data):
        place = data.draw(st.integers(0, len(events) - 2))
        broken = place_of_break(events[:place] + events[place + 1 :], must_be_whole=True)
        missing = f"event {place + 1} of acme" if place == 0 else f"event {place + 1}"
        assert broken == (place + 1, f"{missing} is missing")

    @given(chains, st.integers(1, 4))
    def test_with_their_tail_cut_are_broken_at_the_end_where_the_head_is_known(self, events, cut):
        left = events[:-cut]
        assert place_of_break(left, must_be_whole=True) is None
        broken = place_of_break(left, must_be_whole=True, head=events[-1]["hash"])
        assert broken == (
            len(left) + 1,
            "the last event is not the expected head: the tail is cut",
        )

    @given(chains, st.randoms())
    def test_in_another_order_are_broken(self, events, chance):
        shuffled = list(events)
        chance.shuffle(shuffled)
        assume(shuffled != events)
        assert place_of_break(shuffled) is not None or not trail.verify(shuffled).is_whole
        assert place_of_break(shuffled, must_be_whole=True) is not None

    @given(chains, st.data())
    def test_with_an_event_twice_are_broken_at_the_second(self, events, data):
        place = data.draw(st.integers(0, len(events) - 1))
        broken = place_of_break([*events[: place + 1], *events[place:]])
        assert broken == (place + 2, f"event {place + 1} stands after event {place + 1}")

    def test_begin_with_nothing_before_their_first_event(self):
        facts = {"company": "acme", "sequence": 1, "details": {}}
        event = facts | {"previous": "1" * 64, "hash": trail.seal("1" * 64, facts)}
        assert place_of_break([event]) == (1, "the first event does not begin the chain")


class TestExports:
    @given(chains, st.data())
    def test_that_were_filtered_are_proved_line_by_line_only(self, events, data):
        kept = data.draw(st.sets(st.integers(0, len(events) - 1), min_size=1))
        proof = trail.verify(events[place] for place in sorted(kept))
        assert proof.events == len(kept)
        assert proof.is_whole == (kept == set(range(len(kept))))
        gaps = max(kept) - min(kept) + 1 != len(kept)
        assert ("line by line" in str(proof)) == gaps

    def test_that_begin_later_are_proved_from_their_first_line_on(self):
        proof = trail.verify(FIVE[2:])
        assert not proof.is_whole
        assert str(proof).startswith("3 events hold, contiguous: ")

    def test_that_were_filtered_show_every_changed_line(self):
        forged = FIVE[3] | {"details": {"n": 44}}
        assert place_of_break([FIVE[0], forged]) == (2, "event 4 of acme was changed")

    def test_of_nothing_hold(self):
        assert trail.verify([]).events == 0

    @given(chains, st.data())
    def test_with_any_byte_changed_are_broken_unless_they_read_the_same(self, events, data):
        export = "".join(json.dumps(event) + "\n" for event in events).encode()
        place = data.draw(st.integers(0, len(export) - 1))
        changed = bytearray(export)
        changed[place] = data.draw(st.integers(0, 255))
        lines = changed.decode(errors="surrogateescape").splitlines(keepends=True)
        try:
            trail.verify(trail.read(lines), must_be_whole=True)
        except trail.Broken:
            return
        assert list(trail.read(lines)) == events

    @given(st.text())
    def test_of_any_text_hold_or_are_broken(self, text):
        broken = place_of_break(trail.read(text.splitlines()))
        assert (broken is None) == (text == "")
        assert broken is None or broken[1].isprintable()

    @given(st.lists(values | st.dictionaries(st.sampled_from(sorted(FIVE[0])), values)))
    def test_of_any_json_hold_or_are_broken(self, events):
        assert not events or place_of_break(events) is not None

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("", "this is no JSON"),
            ("{", "this is no JSON"),
            ("[]", "this is no event"),
            ("{}", "company or sequence is missing or wrong"),
            ('{"company":"a","company":"b"}', "a field stands twice"),
            ('{"company":"a\\u001b[2J","sequence":1}', "company or sequence is missing or wrong"),
            ('{"company":"a","sequence":true}', "company or sequence is missing or wrong"),
            ('{"company":"a","sequence":0}', "company or sequence is missing or wrong"),
            ('{"company":"a","sequence":1,"previous":"0"}', "previous or hash is missing or wrong"),
            ("[" * 100_000, "this is no JSON"),
        ],
    )
    def test_of_lines_that_are_no_events_are_broken_with_the_reason(self, line, reason):
        with pytest.raises(trail.Broken, match=reason):
            trail.verify(trail.read([line]))

    def test_of_events_nested_without_end_are_broken(self):
        deep = "[" * 600 + "]" * 600
        zeros = trail.GENESIS
        line = f'{{"company":"a","sequence":1,"previous":"{zeros}","hash":"{zeros}","x":{deep}}}'
        assert place_of_break(trail.read([line]))[0] == 1


class TestTheProgram:
    """It runs on any Python: no packages, no portal, nothing beside it."""

    @pytest.fixture
    def check(self, tmp_path):
        shutil.copy(TRAIL, tmp_path / "trail.py")

        def run(*arguments, events=FIVE, **environment):
            export = "".join(json.dumps(event) + "\n" for event in events)
            (tmp_path / "export.jsonl").write_text(export)
            return subprocess.run(
                [sys.executable, "-S", "trail.py", *arguments],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )

        return run

    def test_its_file_is_the_whole_of_it(self, tmp_path, monkeypatch, capsys):
        export = tmp_path / "export.jsonl"
        export.write_text("".join(json.dumps(event) + "\n" for event in FIVE))
        monkeypatch.setattr(sys, "argv", ["trail.py", str(export)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(TRAIL), run_name="__main__")
        assert ended.value.code == 0
        assert "5 events hold, whole" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("events", "options", "status", "says"),
        [
            pytest.param(FIVE, [], 0, "5 events hold, whole", id="whole"),
            pytest.param(FIVE, ["--head", FIVE[-1]["hash"]], 0, "5 events hold, whole", id="head"),
            pytest.param(FIVE[1:], [], 0, "4 events hold, contiguous", id="contiguous"),
            pytest.param(FIVE[::2], [], 0, "3 events hold, line by line", id="filtered"),
            pytest.param(
                FIVE[:-1],
                ["--head", FIVE[-1]["hash"]],
                1,
                "broken at line 5: the last event is not the expected head: the tail is cut",
                id="cut",
            ),
            pytest.param(
                [*FIVE[:2], FIVE[2] | {"details": {}}, *FIVE[3:]],
                [],
                1,
                "broken at line 3: event 3 of acme was changed",
                id="changed",
            ),
            pytest.param(
                [FIVE[0], FIVE[2], FIVE[1]],
                [],
                1,
                "broken at line 3: event 2 stands after event 3",
                id="reordered",
            ),
        ],
    )
    def test_says_what_it_proved_or_where_the_trail_broke(
        self, check, events, options, status, says
    ):
        answer = check("export.jsonl", *options, events=events)
        assert (answer.returncode, answer.stderr) == (status, "")
        assert answer.stdout.startswith(says)
        assert answer.stdout.count("\n") == 1

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            pytest.param(
                ["nothing.jsonl"], "nothing.jsonl cannot be read: No such file", id="none"
            ),
            pytest.param(["."], ". cannot be read: Is a directory", id="a folder"),
            pytest.param([], "usage:", id="no file named"),
        ],
    )
    def test_ends_with_2_where_it_could_not_check(self, check, arguments, says):
        answer = check(*arguments)
        assert (answer.returncode, answer.stdout) == (2, "")
        assert says in answer.stderr

    @pytest.mark.parametrize(
        ("events", "status"),
        [(FIVE, 0), (FIVE[::-1], 1), (None, 2)],
        ids=["whole", "turned", "none"],
    )
    def test_ends_alike_where_the_portal_calls_it(self, events, status, tmp_path):
        export = tmp_path / "export.jsonl"
        if events:
            export.write_text("".join(json.dumps(event) + "\n" for event in events))
        assert trail.main([str(export)]) == status

    def test_finds_what_is_no_text_at_all(self, check, tmp_path):
        (tmp_path / "garbled.jsonl").write_bytes(b'{"company": "\xff\xfe"}\n')
        answer = check("garbled.jsonl")
        assert (answer.returncode, answer.stderr) == (1, "")
        assert answer.stdout.startswith("broken at line 1: ")

    def test_says_so_in_a_terminal_of_another_age(self, check):
        events = chain({"n": 1}, company="ácme\u202e")
        answer = check("export.jsonl", events=events, LC_ALL="C", PYTHONIOENCODING="ascii")
        assert answer.returncode == 1
        assert answer.stdout == "broken at line 1: company or sequence is missing or wrong\n"
