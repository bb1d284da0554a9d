"""The doctor, on real files, real databases and real servers."""
