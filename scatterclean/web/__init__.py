"""The dashboard: a page on this machine, for its person alone; what is asked for in it, whoever has the database does.

listener   sockets, connections, and how many of them; the only file that touches the server (waitress)
door       the link that lets in once, sessions, and who may ask for what
peer       whose program asks
request    what comes in, what goes out, and the headers of all that goes out
routes     the table of addresses, and who answers at each
views      the pages: report, lists, one message, wishes
found      what a page shows, from the store
setting    templates, and the two files that pages load
carrying   carries wishes out where no daemon runs
running    all of it together, until somebody asks it to leave, or nobody uses it

It changes no mailbox and writes nothing to the database but wishes.
"""

from scatterclean.web.running import IDLE, Dashboard, serve

__all__ = ["IDLE", "Dashboard", "serve"]
