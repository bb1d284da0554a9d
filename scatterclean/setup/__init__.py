"""The room where an account is set up: from an e-mail address to a configuration that works.

Nothing is written before the last answer, and no password leaves before its server was confirmed.

servers      where a mailbox is and who says so; what can be wrong with that
providers    the well-known providers, as a table
records      what DNS publishes: SRV (RFC 6186), MX
web          a page by HTTPS, bounded in size and time
autoconfig   the settings that a domain publishes as XML
greeting     a server's first words: does it speak TLS, what login does it offer?
discovery    an address -> a server: all of these, one after the other
flags        what was said on the command line
entering     the conversation up to the login
granting     the ways in where no passwords are taken: a login by OAuth2, a command that prints access tokens
looking      the login, and what is found behind it
picking      a folder out of a list
outgoing     through which machines mail leaves: what DNS says, and the guess to confirm
keeping      the place of the password or login
placing      which place that is
writing      the configuration file: comments and order stay
draft        an account that is not written yet, on a log of its own that is thrown away
talk         the port of the conversation, and one that never asks
wizard       the conversation from there to the file
"""
