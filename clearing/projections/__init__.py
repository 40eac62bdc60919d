"""WHAT PEOPLE SEE: tables that can be thrown away and rebuilt from the log; one module and one .sql per view."""
