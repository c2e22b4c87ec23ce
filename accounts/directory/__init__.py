"""The people of an account as its directory names them."""
