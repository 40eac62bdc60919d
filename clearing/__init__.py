"""Clearing backend for food-credit cards: decides at the till, line by line, who pays which cent, and can prove it."""
