"""WHERE MONEY IS: what each event moves between accounts, and each funder's euro followed."""
