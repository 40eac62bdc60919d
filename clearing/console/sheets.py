"""Law: a page's own small form is data like a verb's: what was typed is kept, and what is wrong is told beside its field.

One field is one name on the whole page, so that a label belongs to one input only. Names are given in English, said in French.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

from clearing.authoriser.forms.fields import Form
from clearing.console.inputs import Choices, Input, Reading, Typed, inputs
from clearing.console.offered import choices
from clearing.console.pages import Visit
from clearing.console.words import Words

Offering: TypeAlias = Callable[[Visit, str], Sequence[tuple[str, str]] | None]
"""What a thing may name: (visit, "fund") -> (id, as people read it); None where anything may be typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """labels: field -> English sentence above it. words: "field" -> (value, English) of those that offer fixed words."""

    form: Form
    labels: Mapping[str, str]
    words: Mapping[str, tuple[tuple[str, str], ...]]

    def read(self, visit: Visit) -> tuple[dict[str, object], dict[str, str]]:
        """(body, problems by field) of what was sent."""
        return self.read_typed(visit.typed, visit.book.caisse.calendar.zone)

    def read_typed(self, typed: Typed, zone: ZoneInfo) -> tuple[dict[str, object], dict[str, str]]:
        reading = Reading(typed=typed, zone=zone)
        body = reading.body(self.form)
        return body, reading.problems

    def drawn(
        self, visit: Visit, *, problems: Mapping[str, str] | None = None, first: Mapping[str, str] | None = None,
        choices_of: Offering = choices, more: str = "",
    ) -> tuple[Input, ...]:
        """As the page draws it. first: what stands there before anybody typed. choices_of: things only this page names. more: a
        list that gets a row."""
        sent = any(name.partition(".")[0] in self.form for name in visit.typed)
        typed = visit.typed if sent else {name: (value,) for name, value in (first or {}).items()}
        return self.drawn_typed(visit.words, typed, problems or {}, lambda of: choices_of(visit, of), more)

    def drawn_typed(
        self, words: Words, typed: Typed, problems: Mapping[str, str], of_the_caisse: Choices = lambda _of: None,
        more: str = "",
    ) -> tuple[Input, ...]:
        """The same for a page that belongs to no caisse."""
        found = {name: words.refusal(words.say(text)) for name, text in problems.items()}

        def offered(of: str) -> Sequence[tuple[str, str]] | None:
            for pairs in self.words.values() if of.startswith("word:") else ():
                if ",".join(value for value, _ in pairs) == of.removeprefix("word:"):
                    return [(value, words.say(text)) for value, text in pairs]
            return of_the_caisse(of)

        return inputs(
            self.form, typed, label=lambda path, name: words.say(self.labels.get(path, name)), choices=offered, problems=found,
            more=more,
        )


def sheet(form: Form, labels: Mapping[str, str], words: Mapping[str, tuple[tuple[str, str], ...]] | None = None) -> Sheet:
    return Sheet(form=form, labels=labels, words=words or {})
