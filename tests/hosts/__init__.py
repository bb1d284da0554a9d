"""Real servers for the tests that are no part of scatterclean: Cyrus and Courier, unpacked by `.ci/servers`.

Each is a context manager like `demo.dovecot.ScratchDovecot`: up on loopback when entered, gone without a trace when
left, as root (its processes then run as nobody) or as anybody; every user name exists and has a mailbox of its own.
Where the folder of `.ci/servers` is absent the tests skip aloud, or fail (`tests.conftest.absent`).
"""
