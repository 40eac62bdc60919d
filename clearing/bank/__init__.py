"""Law: what the bank sends is read by pure functions, bytes in, one shape out; what can't be read says why and what to
do."""
