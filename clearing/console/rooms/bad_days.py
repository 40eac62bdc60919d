"""Law: each bad day has its answer on one page that stands in the menu: what to do first, and the page on which it is done.

A step is shown to everybody who opens this page, its link only to who may open what it leads to.
"""

from typing import Final, NamedTuple

from clearing.console.pages import LOOKERS, PAGES, Answer, Visit, page

READERS: Final = (*LOOKERS, "desk")


class Step(NamedTuple):
    """to: a page of the list, whose title is the link; "" where nothing is opened."""

    text: str
    to: str = ""


class Day(NamedTuple):
    """name: of its place on the page."""

    name: str
    title: str
    steps: tuple[Step, ...]


DAYS: Final = (
    Day("card", "A card is lost or stolen", (
        Step("Find the person by name or pseudonym, open the card and replace it: the lost one pays nothing from that moment, "
             "a card from the drawer pays at once, and the credit is there.", "members"),
        Step("Spare cards are made ahead, and lie in the drawer for a Saturday.", "spares"),
        Step("At a stall a lost card is only called unknown, so that nobody learns why. Its sale says the reason to the "
             "treasurer.", "sales"),
    )),
    Day("phone", "A stall's phone is dead or lost, or there is no network", (
        Step("See which till asked today and which is silent, then call the stall.", "terminals"),
        Step("Lost or stolen: open it there and stop it at once. What was sold with it before stands and is paid.",
             "terminals"),
        Step("Draw a pairing code for another phone, read it to the stall, and compare the eight digits.",
             "terminals"),
        Step("Without network a card pays nothing. The stall writes slips, as its folder says, and sells with the card when "
             "the network is back; what it gave back meanwhile is sent by itself.", "producers"),
    )),
    Day("amount", "A wrong amount was sold", (
        Step("The stall undoes the sale and makes it again, or gives a part back where its till can: the credit is on the card "
             "again at once, and the next batch pays the stall less."),
        Step("The stall can't: one person proposes an adjustment for the producer and one for the member, another makes them.",
             "adjustments"),
    )),
    Day("contested", "A member contests a purchase", (
        Step("Open a contest with the operation id on the receipt. Only that line waits; the producer answers, another person "
             "decides, a second body hears an appeal.", "contests"),
        Step("Without a receipt: on her page note that she asks to see what she bought; the purchase leads to the contest.",
             "members"),
    )),
    Day("parting", "A household splits", (
        Step("On the page of the shared purse choose to part: who goes has a purse of her own at once, and a card.",
             "members"),
    )),
    Day("leaving", "A member moves away or has died", (
        Step("Her page says first what becomes of cards, credit, own money and cotisation; then record it.",
             "members"),
        Step("Own money is paid back to the person or the heirs; what waits says so until two people confirmed it.",
             "todo"),
    )),
    Day("money", "Announced money is late, or a debit came back", (
        Step("Each fund says what was announced, what came, and how long the money lasts.", "funds"),
        Step("A debit that came back is owed by the member; no card goes below zero.", "collections/returned"),
    )),
    Day("vote", "A vote is contested", (
        Step("Suspend the decision: what stands on it stops from then on; resume or annul it later.", "votes"),
    )),
    Day("officer", "Somebody of the office is away or gone", (
        Step("A deputy does what her office does. Who leaves hands over what is open, and her keys end.", "officers"),
    )),
    Day("producer", "A producer is to sell no more, at once", (
        Step("Suspend the convention on the producer's page: its tills are refused from that moment. Payments can be held too.",
             "producers"),
    )),
    Day("end", "The caisse closes, merges or splits", (
        Step("One page leads through it step by step; one person proposes the closing, another confirms it.", "closing"),
    )),
)  # fmt: skip


@page("bad-days", "When something goes wrong", roles=READERS, menu=3)
async def every(visit: Visit) -> Answer:
    return Answer("bad_days.html", {"days": [
        {"name": day.name, "title": visit.words.say(day.title), "steps": [
            {"text": visit.words.say(step.text), "called": visit.words.say(PAGES[step.to].title) if step.to else "",
             "page": visit.path(step.to) if step.to and visit.opens(step.to) else ""}
            for step in day.steps
        ]}
        for day in DAYS
    ]})  # fmt: skip
