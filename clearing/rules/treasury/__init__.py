"""WHAT THE CAISSE HAS: funds and what funders promised, cotisations, gifts, the boxes, corrections, runway."""
