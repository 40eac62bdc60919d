"""Law: each room says in one table how its events move money that is followed; ledger/tracing.py puts them together."""
