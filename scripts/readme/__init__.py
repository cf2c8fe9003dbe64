"""The generated parts of `README.md`; `scripts/update_readme.py` puts them in."""
