"""Law: who commands is named by two people; rules change only by a recorded decision, forward, at a stated instant."""

from dataclasses import dataclass, field, replace

from clearing.events.caisse import (
    CaisseFounded,
    CharteAdopted,
    DecisionRecorded,
    PersonNamed,
    PersonProposed,
    PersonRemoved,
)
from clearing.events.charte import Charte
from clearing.events.codes import Code
from clearing.rules.answers import BrokenBook, Declined, not_found, not_now
from clearing.rules.calendar import CivilCalendar
from clearing.rules.selling.funding import check_charte
from clearing.rules.voted.decisions import IN_FORCE, STATES, Ruled, Ruling, period_us, ruling_at
from clearing.rules.voted.offices import ROLES, Person
from clearing.rules.voted.products import Products, unlisted
from clearing.values import CaisseCode, DecisionId, FundId, MicroTime, PersonId, TerminalId

Period = tuple[MicroTime | None, MicroTime | None]


@dataclass(slots=True)
class Caisse:
    """Identity, people, decisions and chartes of one caisse."""

    code: CaisseCode = CaisseCode("")
    name: str = ""
    account_name: str = ""
    calendar: CivilCalendar = field(default_factory=lambda: CivilCalendar("UTC"))
    persons: dict[PersonId, Person] = field(default_factory=dict)
    by_number: dict[TerminalId, Person] = field(default_factory=dict)
    proposed: dict[PersonId, PersonProposed] = field(default_factory=dict)
    decisions: dict[DecisionId, DecisionRecorded] = field(default_factory=dict)
    chartes: list[Charte] = field(default_factory=list)
    approvals: dict[DecisionId, PersonId] = field(default_factory=dict)
    rulings: dict[DecisionId, list[Ruling]] = field(default_factory=dict)
    in_force: list[tuple[int, Charte | None]] = field(default_factory=list)
    ends_us: int = 0  # of a caisse that closes: from here on no card pays

    def charte_at(self, at_us: int) -> Charte | None:
        """The charte in force: the latest effective at or before at_us whose decision then is in force; of two with the same
        instant the later version. Every sale asks, and nearly always it is the last."""
        for from_us, charte in reversed(self.in_force):
            if from_us <= at_us:
                return charte
        return None

    def prepare(self) -> None:
        """Work out again which charte is in force from when on: a charte, or a ruling on a decision, came."""
        periods = {charte.decision: self._period_us(charte.decision) for charte in self.chartes}
        changes: set[int] = {charte.effective_us for charte in self.chartes}
        for decision, (from_us, until_us) in periods.items():
            changes |= {us for us in (from_us, until_us) if us is not None}
            changes |= {ruling.from_us for ruling in self.rulings.get(decision, ())}
        if self.ends_us:
            changes = {us for us in changes if us < self.ends_us} | {self.ends_us}
        self.in_force = []
        for at_us in sorted(changes):
            charte = None if self.ends_us and at_us == self.ends_us else self._carried_at(at_us, periods)
            if not self.in_force or self.in_force[-1][1] is not charte:
                self.in_force.append((at_us, charte))

    def ruled(self, event: Ruled) -> "Caisse":
        """A copy in which this ruling stands already: what would then be in force. Nothing is changed here."""
        ruling = Ruling(event.from_us, STATES[type(event)], event.ruling)
        rulings = {**self.rulings, event.decision: [*self.rulings.get(event.decision, ()), ruling]}
        again = replace(self, rulings=rulings)
        again.prepare()
        return again

    def _period_us(self, decision: DecisionId) -> Period:
        vote = self.decisions.get(decision)
        return (None, None) if vote is None else period_us(vote, self.calendar)

    def _carried_at(self, at_us: int, periods: dict[DecisionId, Period]) -> Charte | None:
        for charte in reversed(self.chartes):
            from_us, until_us = periods[charte.decision]
            ruling = ruling_at(self.rulings.get(charte.decision, ()), at_us)
            begun = charte.effective_us <= at_us and (from_us is None or from_us <= at_us)
            if begun and (until_us is None or at_us < until_us) and (ruling is None or ruling.state == IN_FORCE):
                return charte
        return None

    def charte(self, version: int) -> Charte:
        for charte in reversed(self.chartes):  # nearly always the last
            if charte.version == version:
                return charte
        raise BrokenBook(f"there is no charte of version {version}")


def evolve_founded(caisse: Caisse, event: CaisseFounded) -> None:
    if caisse.code:
        raise BrokenBook("a caisse is founded once")
    caisse.code, caisse.name, caisse.account_name = event.code, event.name, event.account_name
    caisse.calendar = CivilCalendar(event.zone)


def evolve_person_named(caisse: Caisse, event: PersonNamed) -> None:
    person = Person(person=event.person, number=event.number, epoch=event.epoch, key=event.key, roles=event.roles)
    caisse.persons[event.person] = caisse.by_number[event.number] = person
    caisse.proposed.pop(event.person, None)


def evolve_person_proposed(caisse: Caisse, event: PersonProposed) -> None:
    caisse.proposed[event.person] = event


def evolve_person_removed(caisse: Caisse, event: PersonRemoved) -> None:
    caisse.persons[event.person].active = False


def evolve_charte(caisse: Caisse, event: CharteAdopted) -> None:
    caisse.chartes.append(event.charte)
    caisse.chartes.sort(key=lambda charte: (charte.effective_us, charte.version))
    caisse.prepare()


def decide_propose_person(
    caisse: Caisse, *, person: PersonId, key: bytes, roles: tuple[str, ...], by: PersonId
) -> PersonProposed | Declined:
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        return not_now(f"Roles are {', '.join(ROLES)}; give at least one of them.")
    known = caisse.persons.get(person)
    if known is not None and known.active and known.key == key and known.roles == roles:
        return not_now(f"{person} already has this key and these roles.")
    return PersonProposed(person=person, key=key, roles=roles, by=by)


def decide_confirm_person(
    caisse: Caisse, *, person: PersonId, number: TerminalId, key: bytes, roles: tuple[str, ...], by: PersonId
) -> PersonNamed | Declined:
    """key, roles: what the second officer saw and agrees to; a proposal changed meanwhile is not what was agreed."""
    proposal = caisse.proposed.get(person)
    if proposal is None:
        return not_found(f"Nobody proposed {person}; propose first, then another officer confirms.")
    if (proposal.key, proposal.roles) != (key, roles):
        return not_now(f"{person} is proposed with another key or other roles by now; look again, then confirm.")
    if by in (proposal.by, person):
        return not_now("Naming an officer needs two people: somebody else than the one who proposed, and not the person named.")
    known = caisse.persons.get(person)
    epoch = known.epoch + 1 if known is not None else 1
    return PersonNamed(
        person=person, number=number, epoch=epoch, key=proposal.key, roles=proposal.roles, named_by=(proposal.by, by)
    )


def decide_remove_person(caisse: Caisse, *, person: PersonId, by: PersonId) -> PersonRemoved | Declined:
    known = caisse.persons.get(person)
    if known is None or not known.active:
        return not_found(f"{person} holds no office in this caisse.")
    others = [p for p in caisse.persons.values() if p.active and p.person != person]
    treasurers = {p.person for p in others if "treasurer" in p.roles}
    approvers = {p.person for p in others if "approver" in p.roles}
    if not treasurers or not approvers or len(treasurers | approvers) < 2:
        return not_now("A caisse needs a treasurer and an approver who are two people; name the successor first.")
    return PersonRemoved(person=person, by=by)


def decide_adopt(
    caisse: Caisse, *, charte: Charte, funds: frozenset[FundId], founding: bool, by: PersonId, at_us: int,
    products: Products | None = None,
) -> CharteAdopted | Declined:
    """A charte takes effect never in the past, and only if its rules can be carried out."""
    expected = max((known.version for known in caisse.chartes), default=0) + 1
    if charte.version != expected:
        return not_now(f"The next charte is version {expected}, not {charte.version}.")
    if charte.effective_us < at_us and not founding:
        return not_now("A charte can't take effect in the past: sales already made stand. Choose a later instant.")
    problems = charte_problems(charte, funds, products)
    if problems:
        return Declined(code=Code.NOT_ALLOWED_NOW, why="The charte can't be carried out: " + "; ".join(problems) + ".")
    return CharteAdopted(charte=charte, by=by)


def charte_problems(charte: Charte, funds: frozenset[FundId], products: Products | None = None) -> list[str]:
    """Everything that keeps a charte from being carried out, in plain words."""
    named = {w.fund for t in charte.tariffs for w in t.funds} | {p.fund for p in charte.payers if p.fund is not None}
    named |= {t.surplus_fund for t in charte.tariffs if t.surplus_fund is not None}
    missing = [f"fund '{fund}' does not exist; open it first" for fund in sorted(named - funds)]
    return check_charte(charte) + ([] if products is None else unlisted(charte, products)) + missing
