"""Law: what is measured here runs the product's own code at full size, and says on which machine and commit it did."""
