"""Is this trail of events whole and unchanged?

Standard library only, so that an export can be checked without the portal:
``python trail.py export.jsonl [--head HASH]``. Exit status 0: it holds; 1: it is broken, with the
first broken place; 2: it could not be checked.

Each event is sealed with ``h(n) = SHA-256(h(n-1) ‖ canonical JSON)``, a chain for each company.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

GENESIS = "0" * 64
LARGEST_INTEGER = 2**53 - 1
Heads = Mapping[tuple[str, int], str]  # hashes, by company and sequence, from checkpoints
NONE_KNOWN: Heads = MappingProxyType({})
SEALS = frozenset({"previous", "hash"})  # the fields of an event that are not sealed themselves


class Head(TypedDict):
    """Where a chain ended, as a checkpoint tells it."""

    sequence: int
    hash: str


class NotCanonical(ValueError):
    """It has no canonical form here: a float, a huge integer, a lone surrogate, depth."""


class Broken(Exception):
    """The first place where the trail does not hold: the line's number, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


_literal = json.JSONEncoder(ensure_ascii=False).encode


def canonical(value: object) -> bytes:
    """JSON after RFC 8785, of text, integers, booleans, None, lists and mappings.

    Raises:
        NotCanonical: the value holds anything else.
    """
    try:
        return _encode(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate") from error
    except RecursionError as error:
        raise NotCanonical("nested too deeply") from error


def _encode(value: object) -> str:
    if value is None or isinstance(value, bool | str):
        return _literal(value)
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return str(int(value))
    if isinstance(value, list):
        return "[" + ",".join(map(_encode, value)) + "]"
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        # RFC 8785 §3.2.3 sorts by UTF-16 code units.
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_encode(key)}:{_encode(value[key])}" for key in keys) + "}"
    raise NotCanonical(f"{value!a} has no canonical form")


def seal(previous: str, facts: Mapping[str, object]) -> str:
    """The hash of an event, in hex.

    Args:
        previous: the hash of the company's event before it, or GENESIS.
        facts: all of its fields but ``previous`` and ``hash``.

    Raises:
        NotCanonical: the facts have no canonical form.
    """
    return hashlib.sha256(bytes.fromhex(previous) + canonical(dict(facts))).hexdigest()


@dataclass
class Chain:
    """What was seen of one company: from which sequence to which, and without a gap or not."""

    first: int
    last: int
    head: str
    is_contiguous: bool = True


@dataclass
class Proof:
    """What was proved of a trail that holds."""

    events: int = 0
    chains: dict[str, Chain] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether each chain was seen from its first event on, without a gap."""
        return all(chain.is_contiguous and chain.first == 1 for chain in self.chains.values())

    def __str__(self) -> str:
        if self.is_whole:
            proved = "whole: nothing was changed, removed or reordered up to the last event"
        elif all(chain.is_contiguous for chain in self.chains.values()):
            proved = "contiguous: nothing was changed or removed between the first and the last"
        else:
            proved = "line by line: none was changed; whether some are missing is not proved"
        return f"{self.events} events hold, {proved}"


def verify(
    events: Iterable[object],
    *,
    must_be_whole: bool = False,
    head: str | None = None,
    known: Heads = NONE_KNOWN,
) -> Proof:
    """Checks events in the order of their export; memory stays constant.

    Args:
        must_be_whole: gaps are breaks, and every chain must begin with its first event.
        head: the hash that the last event must have, from a checkpoint kept elsewhere.
        known: the hashes that events must have. Chains that must be whole, or are contiguous, must
            reach them too.

    Raises:
        Broken: at the first event that does not hold.
    """
    proof = Proof()
    last_hash = GENESIS
    for line, event in enumerate(events, start=1):
        company, sequence, previous, last_hash = _checked(line, event)
        if known.get((company, sequence), last_hash) != last_hash:
            raise Broken(line, f"event {sequence} of {company} is not that of the checkpoint")
        chain = proof.chains.get(company)
        if chain is None:
            if sequence == 1 and previous != GENESIS:
                raise Broken(line, "the first event does not begin the chain")
            if must_be_whole and sequence != 1:
                raise Broken(line, f"event 1 of {company} is missing")
            proof.chains[company] = Chain(sequence, sequence, last_hash)
        else:
            _follow(chain, line, sequence, previous, must_be_whole=must_be_whole)
            chain.last, chain.head = sequence, last_hash
        proof.events = line
    if head is not None and last_hash != head:
        raise Broken(proof.events + 1, "the last event is not the expected head: the tail is cut")
    _reach(known, proof, must_be_whole=must_be_whole)
    return proof


def _reach(known: Heads, proof: Proof, *, must_be_whole: bool) -> None:
    for company, sequence in known:
        chain = proof.chains.get(company, Chain(0, 0, GENESIS, is_contiguous=False))
        if sequence > chain.last and (must_be_whole or chain.is_contiguous):
            reason = f"event {sequence} of {company} is missing: the tail is cut"
            raise Broken(proof.events + 1, reason)


def _follow(chain: Chain, line: int, sequence: int, previous: str, *, must_be_whole: bool) -> None:
    if sequence <= chain.last:
        raise Broken(line, f"event {sequence} stands after event {chain.last}")
    if sequence == chain.last + 1:
        if previous != chain.head:
            raise Broken(line, f"event {sequence} does not follow from the one before it")
        return
    if must_be_whole:
        raise Broken(line, f"event {chain.last + 1} is missing")
    chain.is_contiguous = False


def _checked(line: int, event: object) -> tuple[str, int, str, str]:
    """Company, sequence, previous and hash of an event whose own hash is right."""
    if not isinstance(event, dict):
        raise Broken(line, "this is no event")
    facts = {name: value for name, value in event.items() if name not in SEALS}
    company, sequence = facts.get("company"), facts.get("sequence")
    previous, own = event.get("previous"), event.get("hash")
    if not _is_slug(company) or type(sequence) is not int or sequence < 1:
        raise Broken(line, "company or sequence is missing or wrong")
    if not _is_hash(previous) or not _is_hash(own):
        raise Broken(line, "previous or hash is missing or wrong")
    try:
        is_right = seal(str(previous), facts) == own
    except NotCanonical as error:
        raise Broken(line, str(error)) from error
    if not is_right:
        raise Broken(line, f"event {sequence} of {company} was changed")
    return str(company), sequence, str(previous), str(own)


def _is_slug(value: object) -> bool:
    """Whether it can be a company's; what is forged might do things to a terminal."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def read(lines: Iterable[str]) -> Iterator[object]:
    """The events of an export in JSON Lines.

    Raises:
        Broken: a line is no JSON, or names a field twice.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            raise Broken(number, f"this is no JSON: {error}") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def verify_file(file: Path, *, head: str | None = None, known: Heads = NONE_KNOWN) -> Proof:
    """Checks an exported file; raises Broken, or OSError when it cannot be read."""
    with file.open(encoding="utf-8", errors="surrogateescape") as lines:
        return verify(read(lines), head=head, known=known)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks an exported trail of events.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--head", help="the hash that the last event must have")
    options = parser.parse_args(arguments)
    try:
        print(verify_file(options.file, head=options.head))
    except Broken as broken:
        print(f"broken at {broken}")
        return 1
    except OSError as error:
        print(f"{options.file} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
