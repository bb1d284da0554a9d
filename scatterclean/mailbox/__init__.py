"""The room where mail is: IMAP, and a mailbox in memory; both are `ports.Mailbox`, neither decides anything.

login        Access -> a logged-in ImapMailbox: TLS, STARTTLS, the password
imap         ports.Mailbox over IMAP; the only file that imports imapclient
introduction   what is said right after the login
lasting      a mailbox whose session is used again
sessions     those in use, and those that wait for the next sweep
session      one command, one answer, one selected folder; what went wrong becomes an error of `errors`
together     several commands in one write
states       how folders are, several at once
connection   the socket below: bounded lines, literals and waiting
answers      what servers say -> values
folders      names of folders: quoting, modified UTF-7, namespaces, SPECIAL-USE
searching    ids as SEARCH criteria
sets         UIDs as ranges on short lines
translate    refusals and foreign exceptions -> errors, by tables
memory       a server and a mailbox in memory, for tests and the trial of ideas
"""
