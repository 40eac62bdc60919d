"""THE OPEN DOOR: anybody may knock; only verified, well-formed requests of enrolled keys reach a writer. No database here."""
