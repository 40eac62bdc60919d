"""Law: a room is a few pages about one matter; its import puts its pages on the list, which is whole once all were imported."""

from clearing.console.pages import PAGES
from clearing.console.rooms import (
    account,
    batches,
    cards,
    commands,
    crediting,
    funds,
    members,
    office,
    producers,
    takings,
    terminals,
)

__all__ = [
    "PAGES", "account", "batches", "cards", "commands", "crediting", "funds", "members", "office", "producers",
    "takings", "terminals",
]  # fmt: skip
