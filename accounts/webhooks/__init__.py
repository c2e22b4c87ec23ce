"""What an account's own systems are told: written with the fact, sent after it, signed, tried for days."""
