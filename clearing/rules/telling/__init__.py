"""WHAT IS TOLD: rules in plain words, the public page, statistics, what waits for a person."""
