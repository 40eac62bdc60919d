"""Law: a room is a few pages about one matter; its import puts its pages on the list, which is whole once all were imported."""

from clearing.console.pages import PAGES
from clearing.console.rooms import batches, commands, office

__all__ = ["PAGES", "batches", "commands", "office"]
