"""A YEAR OF A CAISSE, PLAYED IN SECONDS: so that a newcomer's console is alive at once.

story    who eats, sells and pays how much, and who buys what on which day: all of it from one seed
caisse   the caisse of the play, founded and furnished by signed commands
stalls   its tills: baskets as signed requests, each at its own instant
bank     the bank: it makes what is asked, and tells it in statements
money    cotisations, subsidies and the month's credit
pay      producers are paid: a batch, two people, the bank's answers
books    proofs of every day, months that two people close
days     which of all this is done on which day
run      the whole of it, then the console
"""
