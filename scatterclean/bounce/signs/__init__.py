"""Is this automatic mail about another message, and of which kind?  It reads no ids and finds no original.

Structure decides first: report types (RFC 3464, 5965, 8098), the null reverse-path (RFC 5321, 4.5.5),
Auto-Submitted (RFC 3834), the sender of the postmaster kind, returned parts.  Words only speak where structure
supports them.

words        the words of automatic mail in many languages
letters      what sentences say of a letter: whose it is, that it is held, that there are many
heads        what header fields alone say; what `candidate` lets pass is ordinary mail, for good
seen         every sign of one message, looked for when it is asked for
away         does the subject say so, as programs do?
first_words  bounces under the subject of an answer
services     certified mail and SNS name the kind themselves
posts        lists, groups and the reader's own server
null_path    mail to which nothing may come back
kinds        the decision
sure         would it stand whatever was cut off?
"""
