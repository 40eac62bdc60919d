"""Law: every code has its words for the member and the desk, and what to do next; docs/DECLINE_REASONS.md says the same."""

from typing import Final, NamedTuple

from clearing.events.codes import Code


class Reason(NamedTuple):
    """told: to the member and the desk. to_do: what to do about it."""

    told: str
    to_do: str


REASONS: Final[dict[Code, Reason]] = {
    Code.LEDGER_UNAVAILABLE: Reason(
        "The clock of the server jumped or its database is away; nothing was booked",
        "Terminal: go offline or resend the same bytes. Operator: follow the alarm; confirm the clock",
    ),
    Code.INTERNAL_ERROR: Reason(
        "A rule failed on this request; it is not in the log, no cent moved",
        "Operator: an alarm names the request. Seller: sell again, or take other payment",
    ),
    Code.CONFLICT: Reason(
        "The terminal sent two different messages under one number: a restored backup or a copied key",
        "Operator: look at the security event; lock the terminal and enrol it anew",
    ),
    Code.IMPLAUSIBLE_TIME: Reason(
        "The signed time of the sale can't be right",
        "Seller: set the phone's time to automatic, sell again",
    ),
    Code.TERMINAL_SUSPENDED: Reason(
        "The caisse suspended this terminal",
        "Treasurer: resume the terminal or enrol another",
    ),
    Code.NO_CONVENTION: Reason(
        "The point of sale has no convention in force today",
        "Treasurer: sign or resume the convention; it counts from its date on",
    ),
    Code.SCHEMA: Reason(
        "An item of an upload does not have the form of its operation",
        "Operator: update the terminal; the item stays on it",
    ),
    Code.AMOUNTS_DO_NOT_ADD_UP: Reason(
        "The lines of an item do not sum to its amount",
        "Operator: update the terminal; the item stays on it",
    ),
    Code.ORIGINAL_NOT_FOUND: Reason(
        "There is no such sale of this producer, or it never arrived",
        "Seller: look for the sale in the day's list; upload what is pending first",
    ),
    Code.LATE_AFTER_REVERSAL: Reason(
        "The terminal had cancelled this operation; the late message changes nothing",
        "Nothing: sell again if the goods left",
    ),
    Code.EXPIRED_OR_RESOLVED: Reason(
        "The hold expired, or the hold or sale was captured or cancelled before, or a contract's basket was fetched already",
        "Seller: sell again with a new tap. Desk: a late capture stands in `clearing exceptions`",
    ),
    Code.NOT_ALLOWED_NOW: Reason(
        "For example no charte is in force (not yet, or the caisse has closed), goods of somebody whom the hold was not for, "
        "a refund to be undone, a collective account above its limit, a contract without a basket today",
        "Desk: `clearing why SALE` shows what happened to it. "
        "A collective account: hold the goods, then tap a second mandatary's card",
    ),
    Code.TAP_VIOLATION: Reason(
        "This tap was used before, is older than the last one, or does not come from the card",
        "Tap again. When it comes back: replace the card, look at the security events",
    ),
    Code.CARD_UNKNOWN: Reason(
        "The card is not one of this caisse's",
        "Desk: bind a spare card to the purse",
    ),
    Code.STOLEN: Reason(
        "The card was reported stolen",
        "Desk: bind a spare card; the purse is untouched",
    ),
    Code.LOST: Reason(
        "The card was reported lost",
        "Desk: unblock it if it was found, or bind a spare card",
    ),
    Code.BLOCKED: Reason(
        "The card was blocked by its member or the desk, or is no mandatary's of its account",
        "Desk: unblock it with the member",
    ),
    Code.NOT_ACTIVATED: Reason(
        "The card was issued but is not bound to a member yet, or its account has fewer than two mandataries",
        "Desk: bind it with the member's code",
    ),
    Code.CREDIT_EXPIRED: Reason(
        "The credit of this purse has lapsed",
        "Nothing: the next month's credit comes on its day",
    ),
    Code.FRAUD_SUSPECTED: Reason(
        "Somebody is asked to look at the recent sales of this card",
        "Treasurer: talk with the member, then unblock or replace the card",
    ),
    Code.PIN_REQUIRED: Reason(
        "Above this amount the card asks for its code",
        "Member: enter the code",
    ),
    Code.PIN_TRIES: Reason(
        "The code was wrong too often",
        "Desk: set a new code with the member",
    ),
    Code.PIN_WRONG: Reason(
        "The code was wrong",
        "Member: enter it again",
    ),
    Code.NOTHING_ELIGIBLE: Reason(
        "No line of this basket is covered by the voted rules",
        "Nothing: `clearing why SALE` names the rule and its vote",
    ),
    Code.FREQUENCY_LIMIT: Reason(
        "The card was used too often in a short time",
        "Wait, or the desk looks at the card's sales",
    ),
    Code.AMOUNT_LIMIT: Reason(
        "A ceiling is used up; or more was to be captured or taken back than was held or sold",
        "Nothing: `clearing why SALE` names the ceiling",
    ),
    Code.INSUFFICIENT_CREDIT: Reason(
        "The purse is empty, or the sale was asked all or nothing and the purse is short",
        "Member: the next month's credit; part of a basket is paid when the seller does not ask all or nothing",
    ),
    Code.DECLINED: Reason(
        "Declined without a narrower reason",
        "Desk: `clearing why SALE`",
    ),
    Code.PARTIAL: Reason(
        "The card paid what is covered; the rest is between member and seller",
        "Seller: take the rest in another way",
    ),
    Code.APPROVED: Reason(
        "The card paid the whole basket",
        "Nothing",
    ),
}
