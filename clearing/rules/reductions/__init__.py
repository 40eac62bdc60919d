"""SOLIDARITY: draws of a voted reduction and gives, of nobody in particular."""
