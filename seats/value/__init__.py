"""What the seats are worth to a customer: goals of ninety days, the return on the money, peers, and the weekly mail."""
