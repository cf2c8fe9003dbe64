"""What `scripts/evaluate` measures, and the made clips it measures on."""
