"""Law: what leaves for a bank or a producer is made from the batch's own facts: rerun tomorrow, it is the same byte for byte.

bank_details     who is paid, and where: checked before anything else is made of it
sepa_text        what a bank file can spell
pain001          the credit-transfer file
calendar         the days on which banks pay, and where a civil day ends
statement        what one producer is paid for, by market day
overview         the batch on one page, and the transfers to type where a bank takes no file
sheet            the spreadsheet form that the last two share
"""
