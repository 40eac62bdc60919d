"""THE ONE WRITER of a caisse: takes verified requests in order, decides from memory, appends, and only then answers."""
