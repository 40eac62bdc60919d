"""A REAL MARKET DAY, PLAYED: 604 baskets of Saturday 23 December 2017 through signed terminals, to a bank file and its proof.

day      the shipped baskets
clock    the simulated time of a throwaway caisse
places   where a demo lives, and the clearing away of earlier ones
caisse   founding it and giving it members, cards, producers, terminals and money
play     the stalls selling over HTTP
settle   two people and a bank file
proof    what must hold at the end
summary  what a treasurer reads
run      all of it, in order
ordered  many connections, one order of arrival
month    a year of a caisse, for a console that is alive at once
"""
