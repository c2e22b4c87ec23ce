"""The product on one machine with nothing else installed: embedded services, their supervisor, a market to look at."""
