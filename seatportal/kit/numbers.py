"""Numbers as they come in addresses and forms."""

# So many digits fit any column of ours, also a page of hundreds of rows times its number.
LONGEST = 12


def whole(text: str) -> int | None:
    """A whole number of plain digits; None for anything else and for more than twelve of them. `str.isdigit` takes
    other scripts' digits and superscripts, too, which `int` or the database then refuses."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else None
