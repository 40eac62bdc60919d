"""THE COMMAND LINE: one module per family of commands; each command is a small function with a line of help.

entry     what a command is, and the groups that --help shows
desk      what every command is given: the home, the caisse, the officer who signs
lists     CSV files of members and producers
parser    all commands as one parser, and its help
persons, rules, members, producers, terminals, money, settlement, looking, operating, till, demo
"""
