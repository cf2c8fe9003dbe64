"""The moving portrait of the demo clip: tables of what moves, and the warped face."""
