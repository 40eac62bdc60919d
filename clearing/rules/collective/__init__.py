"""WHO BUYS FOR OTHERS: collective accounts and their mandataries, orders, second units."""
