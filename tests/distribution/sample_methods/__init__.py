"""Methods as somebody else would bring them: one module each, found by the entry point of the distribution."""
