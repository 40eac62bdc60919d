"""ONE HOME: a folder with a database, vaults, keys, sockets and files; opened, founded, served and commanded from here.

home           what lies where, and who may read it
key_file       a person's key behind a passphrase
amounts        "150.00" and "62.5" as people write them, to whole cents and ten-thousandths
founding_file  one TOML file -> the body of a founding
opening        the database, its roles and a caisse's schema, vault and views
serving        gateway, writers and projections in one process
office         a person's commands: signed here, decided by the writer
cards          virtual cards: personalised by the vault, written to a file
payment        the bank file, the statements and the overview of one batch
"""
