"""Train, measure and export the expression net: ``scripts/train_expression.py`` is the command."""
