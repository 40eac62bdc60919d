"""WHAT MEMBERS ARE CREDITED: the month's run, its amounts, bonuses, and how credit ends."""
