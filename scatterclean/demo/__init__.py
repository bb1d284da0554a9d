"""`scatterclean demo`: servers on loopback, with a flooded mailbox and nothing of anybody's."""
