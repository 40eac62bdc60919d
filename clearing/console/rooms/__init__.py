"""Law: a room is a few pages about one matter; its import puts its pages on the list."""

from clearing.console.rooms import batches, commands, office

__all__ = ["batches", "commands", "office"]
