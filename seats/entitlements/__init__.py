"""May this person in? Answered from one statement, and kept until something in the account changes."""
