"""Law: an expression is read by another parser than the one that wrote it: which metrics and labels it names, and where."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import promql_parser
import yaml

from clearing.telemetry import Telemetry
from tests.house.sources import CLONE

ALERTS: Final = CLONE / "ops/alerts.yml"
OF_A_SCRAPE: Final = frozenset({"process", "instance", "job"})
"""Labels that no metric declares: the first is put on by exposition.py, the others by Prometheus."""


@cache
def groups() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return found


def rules(kind: str) -> list[dict[str, Any]]:
    """kind: "alert" or "record"."""
    return [rule for group in groups() for rule in group["rules"] if kind in rule]


@cache
def exported() -> dict[str, frozenset[str]]:
    """Every name that Prometheus can ask for -> the labels it can have. From a registry, and from the recorded rules."""
    names: dict[str, frozenset[str]] = {}
    registry = Telemetry().registry
    for collector in registry._collector_to_names:
        labels = frozenset(getattr(collector, "_labelnames", ())) | OF_A_SCRAPE
        for family in collector.collect():
            match family.type:
                case "counter":
                    names[f"{family.name}_total"] = labels
                case "histogram":
                    names |= {f"{family.name}_{part}": labels for part in ("count", "sum")}
                    names[f"{family.name}_bucket"] = labels | {"le"}
                case _:
                    names[family.name] = labels
    return names | {rule["record"]: frozenset() for rule in rules("record")}


def selectors(expression: Any) -> Iterator[Any]:
    """Every vector selector below an expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for part in ("lhs", "rhs", "expr", "vector_selector", "param"):
        below = getattr(expression, part, None)
        if below is not None and not isinstance(below, int | float | str):
            yield from selectors(below)
    for argument in getattr(expression, "args", ()):
        yield from selectors(argument)


def grouped_by(expression: Any) -> Iterator[tuple[Any, frozenset[str]]]:
    """Each aggregation or matching with the labels it names."""
    modifier = getattr(expression, "modifier", None)
    if modifier is not None:
        named = getattr(modifier, "labels", None) or getattr(getattr(modifier, "matching", None), "labels", None) or ()
        yield expression, frozenset(named)
    for part in ("lhs", "rhs", "expr", "vector_selector"):
        if getattr(expression, part, None) is not None:
            yield from grouped_by(getattr(expression, part))
    for argument in getattr(expression, "args", ()):
        yield from grouped_by(argument)


def faults(text: str) -> list[str]:
    """What an expression names that nobody exports. Raises ValueError where it can't be read."""
    tree, names, found = promql_parser.parse(text), exported(), []
    for selector in selectors(tree):
        if selector.name not in names:
            found.append(f"there is no metric {selector.name}")
            continue
        found += [
            f"{selector.name} has no label {matcher.name}"
            for matcher in selector.matchers.matchers
            if matcher.name not in names[selector.name]
        ]
    for place, labels in grouped_by(tree):
        for selector in selectors(place):
            found += [f"{selector.name} has no label {one}" for one in labels - names.get(selector.name, labels)]
    return found
