"""The product on one machine with nothing else installed: embedded services and their supervisor."""
