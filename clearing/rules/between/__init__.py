"""BETWEEN CAISSES: a card of one at a stall of another, netted, or given up by a vote."""
