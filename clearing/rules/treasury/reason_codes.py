"""Law: what a bank's code says of a debit that failed is told in words with what to do; a code nobody knows needs a person.

Source: ISO 20022 external code set (status and return reasons) as the EPC's guidance on SDD R-transactions lists them for the
core scheme.
"""

from typing import Final, NamedTuple


class Reason(NamedTuple):
    """told: what the bank says; do: what a person does. final: asking again without a person's work is pointless, so that the
    mandate is suspended at once and not at the second time."""

    told: str
    do: str
    final: bool


UNAUTHORISED: Final = "MD01"
REASONS: Final[dict[str, Reason]] = {
    "AC01": Reason("the account number is wrong", "ask the member for a new RIB: clearing mandate account", True),
    "AC04": Reason("the account is closed", "ask the member for another account: clearing mandate account", True),
    "AC06": Reason("the account is blocked for debits", "ask the member for another account or another means", True),
    "AC13": Reason("the account is not a consumer's", "ask the member for a personal account", True),
    "AG01": Reason("this kind of account takes no debits", "ask the member for a current account", True),
    "AG02": Reason("the bank does not take this kind of operation", "ask the caisse's bank what it expects", False),
    "AM04": Reason("there was not enough money on the account", "agree on a day with the member, then collect again", False),
    "AM05": Reason("the bank took it for a repeat", "compare with the bank statement before collecting again", False),
    "BE05": Reason("the bank does not know the caisse's creditor id", "check it: clearing mandate creditor", False),
    "CNOR": Reason("the caisse's bank is not reachable for debits", "ask the caisse's bank", False),
    "DNOR": Reason("the member's bank is not reachable for debits", "ask the member for another account", True),
    "DUPL": Reason("the bank had this file before", "look which of the two it made; send no third one", False),
    "FF01": Reason("the bank could not read the file", "ask the caisse's bank; make the file again, never by hand", False),
    "FF05": Reason("the bank does not take this kind of debit", "ask the caisse's bank", False),
    "MD01": Reason("the member's bank says there is no mandate", "look at the signed mandate and ask the member", True),
    "MD02": Reason("the mandate's data are wrong or missing", "compare mandate and file; ask the caisse's bank", False),
    "MD06": Reason("the member asked for the money back", "ask the member; the right to do so lasts eight weeks", False),
    "MD07": Reason("the account's holder has died", "revoke the mandate; speak with the family: clearing member leave", True),
    "MS02": Reason("the member refused the debit", "ask the member", False),
    "MS03": Reason("the bank gives no reason", "ask the member, who may ask the bank", False),
    "RC01": Reason("the bank's BIC is wrong", "leave the BIC out: clearing mandate account", True),
    "RR01": Reason("the member's account is missing for the regulator", "ask the caisse's bank", False),
    "RR02": Reason("the member's name or address is missing for the regulator", "ask the caisse's bank", False),
    "RR03": Reason("the caisse's name or address is missing for the regulator", "ask the caisse's bank", False),
    "RR04": Reason("a rule of the regulator", "ask the caisse's bank", False),
    "SL01": Reason("the member's bank keeps to a list of creditors", "ask the member to add the caisse", True),
    "TM01": Reason("the file came too late", "collect again on a later day", False),
}
"""Code -> what it says."""


def told(code: str, text: str = "") -> str:
    """A code in words, with the bank's own text where the code is not known."""
    known = REASONS.get(code)
    if known is not None:
        return f"{code}: {known.told}"
    return f"{code or 'no code'}: {text or 'the bank says no more'}"
