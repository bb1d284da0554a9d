"""The daemon as a service of the machine: unit files, what systemd and launchd say.  It sweeps nothing itself.

values      what is to be kept running, and by whom                        pure
systemd     values -> the text of units                                    pure
launchd     values -> the property list                                    pure
cron        where neither is: the line for crontab                         pure
marks       whose file is this, and was it changed since?                  pure
programs    the port for running systemctl, launchctl, ...
choosing    who keeps services here; the configuration -> values
installing  writes, enables, takes away
asking      what systemd or launchd says of it, in words
"""
