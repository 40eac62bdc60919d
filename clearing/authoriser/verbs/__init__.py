"""WHAT PEOPLE MAY ORDER: one file per room of the caisse; each reads a command's body and asks the rules."""
