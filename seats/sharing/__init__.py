"""One sign-in used by several people: seen in sessions, shown to the person first, answered with a seat."""
