"""WHO PAYS: members, the purses that persons share, cards and their limits, spare cards."""
