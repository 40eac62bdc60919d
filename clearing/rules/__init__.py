"""WHAT IS ALLOWED: pure decisions over looked-up facts; no clock, no I/O, no dice. A room per part of a caisse.

A new scheme of the field is data for the rooms that are there; docs/ARCHITECTURE.md says which room knows what.
"""
