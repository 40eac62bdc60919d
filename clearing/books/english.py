"""Law: English for who reads no French, in the same keys; a French paper stays the one that counts."""

from typing import Final

ENGLISH: Final = {
    "page": "{caisse} · page {page} of {pages}",
    "producer": "Producer", "caisse": "Caisse", "batch": "Batch", "reference": "Reference of the transfer",
    "pay-day": "Day of the transfer", "amount": "Amount", "total": "Total", "day": "Day", "hour": "Time",
    "sale": "Sale",
    "sales": "Sales", "goods": "Goods", "card": "Paid by card", "refunded": "Refunded", "owed": "Owed",
    "advice": "Remittance advice",
    "advice-text": "The caisse pays you {amount} on {day}, under the reference {reference}. Fees: none.",
    "advice-how": "What cards paid at your stall, less what was refunded, plus or minus what was carried "
    "over, makes this transfer.",
    "statement": "Statement by market day", "for-caisse": "For {caisse}, batch {batch}",
    "statement-sum": "All sales", "payout": "Amount of the transfer", "each-sale": "Each sale",
    "statement-note": "Goods are at full price. What was paid at the stall otherwise than by card is not "
    "recorded here.",
    "funder-statement": "Statement of the subsidy {grant}",
    "funder": "Funder", "purpose": "Purpose", "promised": "Promised", "reduced": "Taken off by the funder",
    "to-come": "Still to come",
    "received": "Received", "where-now": "Where what came is now", "place": "Where", "by-producer":
    "Producers that were paid", "paid": "Paid", "in-batch": "In a batch", "by-month": "By month of purchase",
    "month": "Month", "category": "Category", "how": "By",
    "state-paid": "paid to producers", "state-in a batch": "in a settlement batch", "state-owed": "owed to producers",
    "state-held": "kept for orders and sales under way", "state-in purses": "on cards, not spent yet",
    "state-in contracts": "in basket contracts", "state-free": "not given out yet",
    "state-given back": "given back to the funder", "state-spent before the opening": "spent before these books began",
    "state-written off": "written off", "state-left otherwise": "left otherwise",
    "cerfa": "Financial account of a subsidy",
    "cerfa-note": "Figures for the form Cerfa 15059*02, due within six months of the end of the "
    "accounting year. Indirect charges "
    "and contributions in kind are not in this program: add them.",
    "cerfa-charges": "Charges", "cerfa-products": "Products", "planned": "Planned", "realised": "Realised",
    "percent": "%", "account": "Account", "label": "Label",
    "cerfa-60": "60 - Purchases", "cerfa-61": "61 - External services", "cerfa-62": "62 - Other external services",
    "cerfa-63": "63 - Taxes", "cerfa-64": "64 - Staff",
    "cerfa-65": "65 - Other charges of ordinary management", "cerfa-66": "66 - Financial charges",
    "cerfa-67": "67 - Exceptional charges", "cerfa-68": "68 - Provisions, dedicated money put aside",
    "cerfa-70": "70 - Sales", "cerfa-73": "73 - Endowments and tariffs",
    "cerfa-74": "74 - Operating subsidies", "cerfa-75": "75 - Other products of ordinary management",
    "cerfa-76": "76 - Financial products", "cerfa-77": "77 - Exceptional products",
    "cerfa-78": "78 - Dedicated money taken up again",
    "cerfa-share": "The subsidy of {amount} is {percent} of all products of the year, {products}: "
    "(amount granted / all products) × 100.",
    "cerfa-payouts": "The transfers behind these figures", "cerfa-gap": "To be explained: planned less realised",
    "meeting": "Financial report to the general meeting, {first} to {last}",
    "sources": "Money received, by source", "source": "Source", "source-cotisation": "Cotisations",
    "source-gift": "Gifts",
    "source-coupon": "Solidarity coupons", "source-own": "Own money paid onto cards",
    "source-contract": "Payments for basket contracts", "source-other": "Other receipts",
    "source-returned": "Payments that came back", "source-opening": "Opening balances",
    "source-subsidy": "Subsidy {name}",
    "credits": "Credits given", "rule": "Rule", "spent": "Spent, by category and kind of outlet",
    "outlet": "Outlet", "lapsed": "Credit that lapsed, back in its funds",
    "few": "fewer than five people, together", "spent-note": "A figure with fewer than five people or baskets "
    "behind it is counted "
    "with others; a month that is too small, or not over, is left out.",
    "funds": "The funds, from opening to closing", "fund": "Fund", "opening": "Opening", "came-in": "Came in",
    "credited": "Credited", "used": "Used", "came-back": "Lapsed", "moved": "Moved", "closing": "Closing",
    "promised-still": "Still to come",
    "members": "Members at the closing", "members-few": "fewer than 5", "bought": "Members who bought, by month",
    "decisions": "Decisions", "decision": "Decision", "body": "Taken by", "votes": "For / against / abstained",
    "runway": "How long the money lasts", "runway-text": "At the closing {there} are in the funds; at {month} "
    "a month they last "
    "{months}.{tenth} months, until {day}.",
    "runway-early": "At the closing {there} are in the funds; it is too early to say how long they last.",
    "gauge-text": "Over twelve months: {came} came in, {paid} were paid by card, {percent} % of the "
    "threshold to declare.",
    "auditor": "Auditor's account, {first} to {last}",
    "auditor-note": "This report reads everything but persons: no member, no card and no basket is named in it.",
    "two-roads": "Two roads to every sum", "ledger": "Ledger", "books": "Books", "gap": "Gap",
    "bank": "Bank", "cash": "Cash", "cheques": "Cheques", "owed-all": "Owed to producers", "purses":
    "Cards, contracts, reserves and money of others", "receivable": "To come", "result": "Result and funds",
    "other-caisses": "Other caisses", "members-owe": "Cotisations that came back", "collected": "Debits not counted yet",
    "elsewhere": "Accounts outside the plan",
    "balance": "Balance", "debit": "Debit", "credit": "Credit", "batches": "Settlement batches",
    "closed-by": "Closed by",
    "approved-by": "Approved by", "state": "State", "returned-payouts": "Transfers that came back",
    "closings": "Closed months",
    "closed-on": "Closed on", "digest": "SHA-256", "by-two": "Acts of two people", "act": "Act", "first-person":
    "Proposed by", "second-person": "Confirmed by", "count": "Number", "subsidies": "Subsidies", "grant": "Subsidy",
    "act-TransferConfirmed": "Transfer between funds",
    "act-RepaymentConfirmed": "Money back to a funder",
    "act-DepositConfirmed": "Deposit at the bank",
    "act-BatchApproved": "Settlement batch",
    "act-BankDetailsApproved": "Bank details of",
    "act-EntryCorrected": "Corrected entry",
    "act-InterchangeWrittenOff": "Written off between caisses",
    "act-MonthClosed": "Closed month",
    "body-general-meeting": "general meeting", "body-citizens-committee": "citizens' committee",
    "body-residents-group": "residents' group", "body-board": "board", "outlet-other": "other",
    "given-back": "Given back", "nothing": "Nothing.",
    "tax-receipt": "Receipt for gifts no. {year}-{number:04d}",
}  # fmt: skip
"""Key -> text. Values in braces are filled in."""
