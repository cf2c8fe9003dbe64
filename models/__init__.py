"""Adapters of networks and the pure modules that turn their outputs into affect."""
