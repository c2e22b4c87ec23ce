"""Who may do what: actors, roles, and the entrances for pages and the API."""
