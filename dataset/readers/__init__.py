"""Rating files by their real formats, one file each."""
