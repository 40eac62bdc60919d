"""AMAP CONTRACTS: signed, delivered, paid in instalments, ended to the cent."""
