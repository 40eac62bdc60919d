"""Law: a room is a few pages about one matter; its import puts its pages on the list, which is whole once all were imported."""

from clearing.console.pages import PAGES
from clearing.console.rooms import (
    account,
    batches,
    cards,
    commands,
    crediting,
    exceptions,
    funds,
    looks,
    members,
    office,
    producers,
    sales,
    takings,
    terminals,
    trail,
    trials,
    votes,
)

__all__ = [
    "PAGES",
    "account",
    "batches",
    "cards",
    "commands",
    "crediting",
    "exceptions",
    "funds",
    "looks",
    "members",
    "office",
    "producers",
    "sales",
    "takings",
    "terminals",
    "trail",
    "trials",
    "votes",
]
