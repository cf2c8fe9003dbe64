"""Fitting a head to ratings: rows, nested cross-validation, and the network that is kept."""
