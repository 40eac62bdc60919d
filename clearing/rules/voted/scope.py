"""Law: a vote reaches no further than those it is about: a structure's own decision leaves everybody else's rules alone."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Final

from clearing.events.charte import Charte, Payer, Tariff
from clearing.rules.voted.decisions import STRUCTURE, WHOLE_CAISSE

Rules = Sequence[Payer] | Sequence[Tariff]
_OWN: Final = ("version", "decision", "effective_us", "tariffs", "payers")
_EVERYBODYS: Final = tuple(field.name for field in fields(Charte) if field.name not in _OWN)
"""What no stall or group can have for itself: it holds for each sale, wherever and by whomever. Whatever a charte gains is
everybody's until a scope is thought of for it."""


def beyond(scope: str, proposed: Charte, before: Charte | None) -> list[str]:
    """What a charte changes beyond the scope of its decision, in plain words. before: the charte that it takes the place of.

    "structure:x" may have own tariffs and payers where only x sells (where = ["x"]), "group:g" those of whom only g profits
    (who = ["g"]); all others stay as they are and in their order.
    """
    if scope == WHOLE_CAISSE:
        return []
    if before is None:
        return [f"there is no charte yet from which {scope} could differ: the whole caisse votes first"]
    problems = [
        f"{name} is changed for everybody" for name in _EVERYBODYS if getattr(proposed, name) != getattr(before, name)
    ]
    kind, _, name = scope.partition(":")
    for word, ours, theirs in (("tariff", proposed.tariffs, before.tariffs), ("payer", proposed.payers, before.payers)):
        problems += _changed(word, _others(ours, kind, name), _others(theirs, kind, name), kind, name)
    return problems


def _others(rules: Rules, kind: str, name: str) -> list[Payer | Tariff]:
    """Those that reach more than the structure or group."""
    return [one for one in rules if (one.condition.where if kind == STRUCTURE else one.condition.who) != (name,)]


def _changed(
    word: str, ours: list[Payer | Tariff], theirs: list[Payer | Tariff], kind: str, name: str
) -> Iterable[str]:
    field = "where" if kind == STRUCTURE else "who"
    for rule in ours:
        if rule not in theirs:
            yield f'{word} {rule.id!r} reaches beyond {kind} {name}: give it {field} = ["{name}"], or leave it as it is'
    for rule in theirs:
        if rule not in ours and all(rule.id != one.id for one in ours):
            yield f"{word} {rule.id!r}, which is everybody's, is missing: copy it as it is"
    if ours != theirs and sorted(map(repr, ours)) == sorted(map(repr, theirs)):
        yield f"the {word}s of everybody stand in another order: keep theirs"
