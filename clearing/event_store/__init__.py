"""Law: one log per caisse, written by one writer, numbered 1, 2, 3 ... without gaps, and never changed.

log.py appends, reader.py reads, proofs.py proves, migrate.py founds. Source: architecture.md section 3.
"""
