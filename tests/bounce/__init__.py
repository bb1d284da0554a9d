"""Tests of the reader: fixtures are whole messages, written for this project, with what must be read beside them."""
