"""The prompt templates; a folder of the user's own takes the place of any of them."""
