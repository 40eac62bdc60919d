"""WHAT IS ALLOWED: pure decisions over looked-up facts; no clock, no I/O, no dice. One file per noun."""
