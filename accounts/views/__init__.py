"""Pages about accounts and people: doors that parse, call one verb and render."""
