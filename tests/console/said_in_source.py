"""Law: whatever the console itself says is found in its source: the sentences of its Python and of its templates, and the keys
of what is named by data (commands, fields, words, roles, states).
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, nodes

from clearing.authoriser.forms import FORMS, Form
from clearing.authoriser.forms.fields import Choice, Many, Rows, Table
from clearing.console.rooms.papers import PAPERS
from clearing.console.rooms.trail import _ROOMS as EVENT_ROOMS
from clearing.console.words import KEYED, LANGUAGES
from clearing.events.catalogue import EVENTS
from clearing.installation.books_made import FILES
from clearing.projections.drawn import DRAW, GIVE
from clearing.rules.amap.brought import PAYERS
from clearing.rules.between.interchange import HoldState, Twin
from clearing.rules.collective.orders import CANCELLED, DELIVERED, DISPUTED, OPEN
from clearing.rules.selling.operations import State
from clearing.rules.stalls.payouts import PayoutState
from clearing.rules.stalls.settlement import BatchState
from clearing.rules.telling.voted_words import _KINDS, NOT_IN_FORCE
from clearing.rules.treasury.account_plan import SECTIONS
from clearing.rules.treasury.debit_answers import SAID
from clearing.rules.treasury.debits import DebitState
from clearing.rules.treasury.proofs import KINDS, PROOFS, TOTALS
from clearing.rules.treasury.subsidies import Step
from clearing.rules.treasury.takings import MEANS
from clearing.rules.voted.decisions import ANNULLED, IN_FORCE, SUSPENDED
from clearing.rules.voted.offices import ROLES
from tests.console.refusals_in_source import TOLD, Function, assigned
from tests.house.sources import CLONE

CONSOLE: Final = CLONE / "clearing/console"
NO_PAGES: Final = ("api.py", "openapi.py", "words.py")  # answers to programs are JSON, in English
_IN_A_TABLE: Final = re.compile(r"[^/?=&<>\[\];]*[A-Za-z}] [^/?=&<>\[\];]*")
_PHRASE: Final = re.compile(r"([A-Z][a-z'-]*|\{[a-z]+\})[,:;]? [^\n]*")
_CHOSEN: Final = re.compile(r"[a-z][a-z-]* [A-Z][a-z]+")  # ("executed", "Paid"): a word of an event and how a page calls it
_INTO_A_LOG: Final = ("info", "warning", "error", "exception")
ENTRIES: Final = (
    "sale", "authorisation", "capture", "refund", "reversal", "repaid", "opening", "abroad", "expiry", DRAW, GIVE,
)  # fmt: skip
"""Kinds of lines of a statement and of operations: projections/details.py, operations.py."""
RULES: Final = sorted(kind for kind, _, _ in _KINDS.values())
_WORDS_OF_SENTENCES: Final = ("tariff", "payer", "transfer", "repayment")  # what rules call things in {0:word}


@cache
def sentences() -> dict[str, str]:
    """English sentence -> the file that says it."""
    found: dict[str, str] = {}
    for path in sorted(path for path in CONSOLE.rglob("*.py") if path.name not in NO_PAGES):
        for said in _in_python(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(said, path.name)
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        for said in _in_template(path):
            found.setdefault(said, path.name)
    return {said: where for said, where in found.items() if not said.startswith(tuple(f"{kind} " for kind in KEYED))}


def _in_python(tree: ast.Module) -> Iterator[str]:
    silent = set(map(id, _never_said(tree)))
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _said_by_name(node)
            case ast.Call(func=ast.Attribute(attr="say"), args=[first, *_]):
                yield from _texts(first)
            case ast.Call(func=ast.Name(id="sheet"), args=[_, ast.Dict(values=labels), *_]):
                yield from (said for label in labels for said in _texts(label))
            case ast.Call(func=ast.Name(id="page"), args=[_, title]):
                yield from _texts(title)
            case ast.keyword(arg="reason" | "title", value=value):
                yield from _texts(value)
            case ast.Tuple(elts=[ast.Constant(value=str() as key), ast.Constant(value=str() as said)]) if _CHOSEN.fullmatch(
                f"{key} {said}"
            ):
                yield said
            case ast.Tuple(elts=values) | ast.Dict(values=values):
                yield from (said for value in values for said in _texts(value) if _IN_A_TABLE.fullmatch(said))
            case ast.Constant(value=str() as text) if id(node) not in silent and _PHRASE.fullmatch(text):
                yield text
            case _:
                pass


def _said_by_name(function: Function) -> Iterator[str]:
    """state = "in force" if ... else "not in force"; say(state)"""
    known = assigned(function)
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(attr="say"), args=[ast.Name(id=name), *_]) if name in known:
                yield from _texts(known[name])
            case _:
                pass


def _never_said(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, parts of a text, what goes into a log, and refusals, which have a list of their own."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as text):
                yield text
            case ast.JoinedStr() | ast.Assert():
                yield from ast.walk(node)
            case ast.Call(func=ast.Name(id=name)) if name in TOLD:
                yield from ast.walk(node)
            case ast.Call(func=ast.Attribute(attr=name)) if name in _INTO_A_LOG:
                yield from ast.walk(node)
            case _:
                pass


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp(body=first, orelse=second):
            yield from (*_texts(first), *_texts(second))
        case _:
            pass


def _in_template(path: Path) -> Iterator[str]:
    parsed = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for call in parsed.find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr == "say":
            for text in (call.args[0], *call.args[0].find_all(nodes.Const)):
                if isinstance(text, nodes.Const) and isinstance(text.value, str):
                    yield text.value
    for text in parsed.find_all(nodes.Const):  # what a macro of the page says for it
        if isinstance(text.value, str) and _PHRASE.fullmatch(text.value):
            yield text.value


STREAMS: Final = (
    "account", "adjustment", "bank", "batch", "between", "books", "caisse", "card", "collection", "contest", "contract",
    "deposit", "exception", "fund", "mandate", "member", "order", "person", "producer", "proofs", "sale", "season", "subsidy",
    "tax-receipt", "terminal", "transfer", "unit",
)  # fmt: skip
"""What a stream is about (authoriser/streams.py); "sale" for those of operations."""


@cache
def keys() -> set[str]:
    """Every key that must have its words; what depends on the place ("field VERB.path") may have more."""
    words = {*_words(), *MEANS, *PAYERS, *_WORDS_OF_SENTENCES}
    decisions, lines = (IN_FORCE, NOT_IN_FORCE, SUSPENDED, ANNULLED), (OPEN, DISPUTED, DELIVERED, CANCELLED)
    states = {*BatchState, *State, *Step, *HoldState, *Twin, *decisions, *lines}
    states |= {f"debit.{state}" for state in (*DebitState, *SAID)}
    return {
        *(f"verb {verb}" for verb in FORMS), *(f"field {path.rpartition('.')[2]}" for path in paths()),
        *(f"word {word}" for word in words), *(f"role {role}" for role in ROLES), *(f"state {state}" for state in states),
        *(f"payout {state}" for state in PayoutState), "payout open", *(f"language {language}" for language in LANGUAGES),
        *(f"entry {kind}" for kind in ENTRIES), *(f"event {kind.__name__}" for kind in EVENTS),
        *(f"room {room}" for room in EVENT_ROOMS), *(f"stream {kind}" for kind in STREAMS), *(f"rule {kind}" for kind in RULES),
        *(f"proof {proof}" for proof in PROOFS), *(f"paper {paper}" for paper in PAPERS), *(f"file {name}" for name in FILES),
        *(f"plan {section}" for section in SECTIONS), *(f"figure {name}" for name in TOTALS),
        "figure member", *(f"figure {kind}: {{name}}" for kind in KINDS if kind != "member"),
    }  # fmt: skip


def exact_keys() -> set[str]:
    """Keys that say a field of one command, or a word among others, more exactly than its plain name does."""
    words = {f"word {choice.words[0]}.{word}" for choice in _choices() for word in choice.words}
    states = {key.replace("state ", "state refund.") for key in keys() if key.startswith("state ")}  # French: un, not une
    return {f"field {path}" for path in paths()} | words | states


def paths() -> set[str]:
    """ "grant.rule", "propose_closure.heirs.body" ..."""
    return {f"{verb}.{path}" for verb, form in FORMS.items() for path in _paths(form)}


def _paths(form: Form) -> Iterator[str]:
    for name, field in form.items():
        yield name
        if isinstance(field, Rows | Table):
            yield from (f"{name}.{inner}" for inner in _paths(field.of))


def _choices() -> list[Choice]:
    return [field for form in FORMS.values() for field in _single(form)]


def _single(form: Form) -> Iterator[Choice]:
    for field in form.values():
        each = field.each if isinstance(field, Many) else field
        if isinstance(each, Choice):
            yield each
        elif isinstance(field, Rows | Table):
            yield from _single(field.of)


def _words() -> set[str]:
    return {word for choice in _choices() for word in choice.words}
