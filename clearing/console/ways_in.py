"""Law: the pages that belong to no caisse are on their list once both rooms of them were imported."""

from clearing.console import arriving, founding
from clearing.console.outside import OUTSIDE

__all__ = ["OUTSIDE", "arriving", "founding"]
