"""How results look to a person: one palette, text that is drawn well, and the overlay."""
