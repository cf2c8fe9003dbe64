"""Where frames come from: one file per kind of source; the file name is the kind."""
