"""WHAT THE ACCOUNTANT AND THE MEETING READ: journal, FEC, Paheko, papers and reports, as bytes made from the log alone.

Pure: events, books and a plan of accounts go in, bytes come out. No clock, no database, no file but the font of the papers.
"""
