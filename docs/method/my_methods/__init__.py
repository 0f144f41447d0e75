"""Methods of our own for data_platform, one module each."""
