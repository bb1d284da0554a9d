"""The room where mail is: IMAP, and a mailbox in memory; both are `ports.Mailbox`, neither decides anything.

login        Access -> a logged-in ImapMailbox: TLS, STARTTLS, the password
imap         ports.Mailbox over IMAP; the only file that imports imapclient
session      one command, one answer, one selected folder; what went wrong becomes an error of `errors`
connection   the socket below: bounded lines, literals and waiting
answers      what servers say -> values
folders      names of folders: quoting, modified UTF-7, namespaces, SPECIAL-USE
sets         UIDs as ranges on short lines
translate    refusals and foreign exceptions -> errors, by tables
memory       a server and a mailbox in memory, for tests and the trial of ideas
"""
