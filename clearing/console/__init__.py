"""A TREASURER'S ROOM: pages in French and English on which officers look, decide and sign; only commands change anything.

keys        a person's key behind her password, a log-in's key behind its cookie
accounts    who may log in, and the log-ins that are open
follower    each caisse's book, a moment behind the writer's
words       French and English, amounts and days as people write them
inputs      a verb's form as fields of a page, and what was typed as a body
pages       which page there is, for whom, and what it is made of
rooms/      the pages themselves
app         the server: log-in, headers, errors
"""
