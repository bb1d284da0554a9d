"""The documentation: built with strict links, never stale, and every command that it shows is run."""
