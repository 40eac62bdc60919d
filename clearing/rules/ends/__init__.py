"""HOW A CAISSE BEGINS AND ENDS: opening balances, closing, the seal."""
