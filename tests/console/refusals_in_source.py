"""Law: whatever rules and writer may answer an officer with is found in their source, as a form with {} for what is filled in.

Found are the texts given to a Declined, to what waits (Wait) or to an error that becomes an answer, and those that a function
puts together for one (its answer is str, or several). An f-string's places become {}; a choice inside it makes two forms.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Final

from tests.house.sources import CLONE

TOLD: Final = {
    "not_now", "not_found", "Declined", "InvalidValue", "InvalidBankDetails", "CommandRefused", "CommandUnanswered",
    "WriterAbsent", "NotAllowed", "PasswordRefused", "_Refused", "BadAssertion", "PasskeyRefused", "SettingRefused",
    "Unreadable", "NotReady",
}  # fmt: skip
SOURCES: Final = (
    "clearing/rules", "clearing/authoriser", "clearing/values.py", "clearing/installation/office.py",
    "clearing/installation/amounts.py", "clearing/settlement/bank_details.py", "clearing/console/inputs.py",
    "clearing/console/keys.py", "clearing/rules/telling/waiting.py",
    *(f"clearing/rules/telling/waiting_{room}.py" for room in ("at_bank", "between", "debits", "ends", "proofs", "settling")),
    "clearing/audit/reasons.py", "clearing/audit/scan.py", "clearing/installation/founding_tables.py",
    "clearing/installation/proposing.py", "clearing/installation/founding_file.py", "clearing/console/founding.py",
    "clearing/installation/serving.py", "clearing/wire/passkey.py", "clearing/console/passkeys.py",
    "clearing/bank", "clearing/installation/bank_import.py",
    "clearing/installation/bank_entry.py", "clearing/installation/mandate_entry.py", "clearing/installation/collecting.py",
    "clearing/installation/payment.py",
)  # fmt: skip
ELSEWHERE: Final = {
    "clearing/rules/telling": "what people read about the rules, in pages of its own; only what waits is said by form",
}
_TEXTS: Final = re.compile(r"str( \| None)?|(list|tuple|Iterator|Iterable)\[(str|Wait)(, \.\.\.)?\]")
_SENTENCE: Final = re.compile(r"(?=.* ).*[A-Za-z]{3}")  # in what is put together; an id in parts ("lot:7") is none
BESIDE: Final = {
    "{} has signed no mandate": "clearing/rules/treasury/mandates.py",
    "{} has left the caisse; what is open is settled otherwise": "clearing/rules/treasury/collecting.py",
    "a debit asks for at most {}": "clearing/rules/treasury/collecting.py",
    "the account of {} was changed since": "clearing/rules/treasury/collecting.py",
    "{} are missing": "clearing/bank/statement.py",
    "entry {}": "clearing/bank/camt.py",
    "transaction {}": "clearing/bank/ofx.py",
}  # fmt: skip
"""Parts of a sentence that are put together otherwise -> the file that has their words."""
NEVER_TOLD: Final = {
    "{} {} --contract {}": "an argument of a command line, filled into a sentence of `clearing status` only",
    "{}.{} EUR": "an amount, which a page writes as its reader does",
    "-{}.{} EUR": "an amount, which a page writes as its reader does",
    "": "where the type checker can't see that this never happens",
    "{}": "a sentence that was found where it is made",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef
_Known = dict[str, ast.expr]


def forms() -> dict[str, str]:
    """form -> the first file that has it, in the order of the source."""
    return {form: path for form, path in every_form().items() if form not in NEVER_TOLD}


@cache
def every_form() -> dict[str, str]:
    """With those that are never told."""
    found: dict[str, str] = {}
    for path in _files():
        for form in _of_file(ast.parse((CLONE / path).read_text(encoding="utf-8"))):
            found.setdefault(form, path)
    for form, path in BESIDE.items():
        text = (CLONE / path).read_text(encoding="utf-8")
        assert all(piece in text for piece in form.split("{}")), f"{path} does not say {form} any more"
        found.setdefault(form, path)
    return found


def _files() -> Iterator[str]:
    for source in SOURCES:
        if source.endswith(".py"):
            yield source
            continue
        for path in sorted((CLONE / source).rglob("*.py")):
            name = str(path.relative_to(CLONE))
            if not any(name.startswith(other) for other in ELSEWHERE):
                yield name


def _of_file(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from (form for expression in _told(statement) for form in sorted(_forms(expression, {})))
    for function in ast.walk(tree):
        if isinstance(function, Function):
            known = assigned(function)
            tells = function.returns is not None and _TEXTS.fullmatch(ast.unparse(function.returns)) is not None
            for expression in _told(function):
                yield from sorted(_forms(expression, known))
            for expression in _put_together(function) if tells else ():
                yield from (form for form in sorted(_forms(expression, known)) if _SENTENCE.match(form))


def _assignments(function: Function) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def assigned(function: Function) -> _Known:
    """Names that the function sets once: a text that they are part of has their text in it."""
    return {name: values[0] for name, values in _assignments(function).items() if len(values) == 1}


def _assigned_often(function: Function) -> set[str]:
    """Names that it sets in several places: such a text is found by itself."""
    return {name for name, values in _assignments(function).items() if len(values) > 1}


def _told(function: ast.stmt) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in TOLD:
                yield from [keyword.value for keyword in keywords if keyword.arg == "why"] or args[-1:]
            case ast.Call(func=ast.Name(id="Reason"), args=args):
                yield from args
            case ast.Call(func=ast.Name(id="Item"), args=args):
                yield from (one for one in args if isinstance(one, ast.Constant) and _SENTENCE.match(str(one.value)))
            case ast.Call(func=ast.Name(id="LotOrigin"), args=[named, *_]):
                yield named
            case ast.Assign(targets=[ast.Name(id="exception" | "named")], value=value) if not isinstance(value, ast.Name):
                yield value  # why a reversal waits for people; where credit came from
            case ast.Call(func=ast.Name(id="_wait" | "_told" | "Task"), args=[_, told, *_]):
                yield told
            case ast.Assign(targets=[ast.Name(id="told")], value=ast.JoinedStr() | ast.Constant() as value):
                yield value  # what waits, said in two steps
            case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="problems"))], value=ast.JoinedStr() as value):
                yield value  # beside a field
            case _:
                pass


def _put_together(function: Function) -> Iterator[ast.expr]:
    several = _assigned_often(function)
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.JoinedStr() as value) if name in several:
                yield value
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
                yield from _each(value)
            case ast.Call(func=ast.Attribute(attr="append" | "extend"), args=[value]):
                yield from _each(value)
            case ast.Assign(value=ast.List() | ast.ListComp() as value):
                yield from _each(value)
            case _:
                pass


def _each(value: ast.expr) -> Iterator[ast.expr]:
    match value:
        case ast.Tuple() | ast.List():
            yield from value.elts
        case ast.ListComp() | ast.GeneratorExp():
            yield value.elt
        case _:
            yield value


def _forms(text: ast.expr, known: _Known) -> set[str]:
    match text:
        case ast.Constant(value=str() as said):
            return {said}
        case ast.JoinedStr(values=parts):
            return {"".join(pieces) for pieces in product(*(sorted(_forms(part, known)) for part in parts))}
        case ast.FormattedValue(value=value, format_spec=None):
            return _forms(value, known)
        case ast.IfExp(body=first, orelse=second):
            return _forms(first, known) | _forms(second, known)
        case ast.BoolOp(op=ast.Or(), values=values):
            return {form for value in values for form in _forms(value, known)}
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            both = {"".join(pair) for pair in product(sorted(_forms(left, known)), sorted(_forms(right, known)))}
            return {"{}"} if both == {"{}{}"} else both  # a sum of numbers
        case ast.Name(id=name) if name in known:
            return _forms(known[name], {other: value for other, value in known.items() if other != name})
        case _:
            return {"{}"}

