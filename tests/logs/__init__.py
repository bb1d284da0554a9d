"""The log, status, the file for Prometheus and the heartbeat: what a daemon tells of itself."""
