"""Law: a room is a few pages about one matter; its import puts its pages on the list, which is whole once all were imported."""

from clearing.console.pages import PAGES
from clearing.console.rooms import (
    batches,
    cards,
    commands,
    exceptions,
    looks,
    members,
    office,
    producers,
    sales,
    terminals,
    trail,
    trials,
    votes,
)

__all__ = [
    "PAGES", "batches", "cards", "commands", "exceptions", "looks", "members", "office", "producers", "sales", "terminals",
    "trail", "trials", "votes",
]  # fmt: skip
