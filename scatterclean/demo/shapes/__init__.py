"""The shapes in which servers return a message; one function each, taking an `Undelivered`, giving a `Mail`.

What is fixed in the software (subjects, marks between the parts, names of fields) is as there; the rest of the
words, and all names and addresses, are written for the demo.
"""
