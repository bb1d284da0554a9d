"""One file per command; each holds `command` and imports the rooms below only when it is called."""
