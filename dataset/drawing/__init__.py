"""How the results of a dataset look: plots for white paper and pages, one style."""
