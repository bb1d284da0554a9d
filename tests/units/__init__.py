"""The daemon as a service: what systemd is told, unit files, what is written and taken away again."""
