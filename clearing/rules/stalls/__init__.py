"""WHO IS PAID: producers and their conventions, what is owed to them, batches."""
