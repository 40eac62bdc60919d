"""BYTES IN, VERIFIED RECORDS OUT: frames, signatures, card taps, requests and replies. No I/O, no clock, no dice."""
