"""Where results go: one file per kind of sink; the file name is the kind."""
