"""BETWEEN CAISSES: a card of one at a stall of another, a payout of one made by another; netted, or given up by a vote."""
