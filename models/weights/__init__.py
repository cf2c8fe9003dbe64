"""Networks that make the default work with no download, each with a card beside it."""
