"""WHAT HAPPENED: frozen records, one per fact of a caisse's log. They are the storage format and never change meaning."""
