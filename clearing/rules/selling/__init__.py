"""ONE SALE: from the first check to who pays which cent, and what becomes of it afterwards."""
