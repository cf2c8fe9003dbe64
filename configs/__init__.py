"""Configurations, documented keys and the demo clip that ship with the package."""
