"""WHAT EACH EVENT DOES TO THE BOOK: one file per room; each ends with its table, which rules/book.py looks up by type."""
