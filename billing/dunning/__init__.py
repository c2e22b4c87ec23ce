"""What an unpaid invoice means, day by day."""
