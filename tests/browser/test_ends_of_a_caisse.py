"""A caisse that closes is walked to its seal through the pages, and one that merges or splits finds what to do; scripts off."""
