"""THE REFERENCE TERMINAL: persist, send, persist, show. What a stall runs, in one process without a card reader."""
