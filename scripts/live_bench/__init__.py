"""What `scripts/bench live` measures with: clips, a server of them, a naive loop, threads."""
