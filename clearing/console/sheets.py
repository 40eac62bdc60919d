"""Law: a page's own small form is data like a verb's: what was typed is kept, and what is wrong is told beside its field.

One field is one name on the whole page, so that a label belongs to one input only. Names are given in English, said in French.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from clearing.authoriser.forms.fields import Form
from clearing.console.inputs import Choices, Input, Reading, inputs
from clearing.console.offered import choices
from clearing.console.pages import Visit

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
        reading = Reading(typed=visit.typed, zone=visit.book.caisse.calendar.zone)
        body = reading.body(self.form)
        return body, reading.problems

    def drawn(
        self, visit: Visit, *, problems: Mapping[str, str] | None = None, first: Mapping[str, str] | None = None,
        choices_of: Offering = choices,
    ) -> tuple[Input, ...]:
        """As the page draws it. first: what stands there before anybody typed. choices_of: things only this page names."""
        sent = any(name.partition(".")[0] in self.form for name in visit.typed)
        typed = visit.typed if sent else {name: (value,) for name, value in (first or {}).items()}
        found = {name: visit.words.refusal(visit.words.say(text)) for name, text in (problems or {}).items()}
        return inputs(
            self.form, typed, label=lambda path, name: visit.words.say(self.labels.get(path, name)),
            choices=self._choices(visit, choices_of), problems=found,
        )

    def _choices(self, visit: Visit, choices_of: Offering) -> Choices:
        def offered(of: str) -> list[tuple[str, str]] | None:
            if of.startswith("word:"):
                for pairs in self.words.values():
                    if ",".join(value for value, _ in pairs) == of.removeprefix("word:"):
                        return [(value, visit.words.say(text)) for value, text in pairs]
            found = choices_of(visit, of)
            return None if found is None else list(found)

        return offered


def sheet(form: Form, labels: Mapping[str, str], words: Mapping[str, tuple[tuple[str, str], ...]] | None = None) -> Sheet:
    return Sheet(form=form, labels=labels, words=words or {})
