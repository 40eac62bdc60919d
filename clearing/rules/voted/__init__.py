"""WHAT WAS VOTED: who may command, decisions and how far they reach, the charte, earmarks, lists of products and prices."""
