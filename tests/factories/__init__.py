"""One plain factory per model; none sends facts or calls a verb."""
