"""What happens in a scenario, by topic."""
