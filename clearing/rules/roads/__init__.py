"""Law: each room says in one table how its events move money that is followed; rules/tracing.py puts the tables together."""
