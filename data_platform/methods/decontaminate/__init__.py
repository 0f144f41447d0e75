"""Ways to find evaluation items in documents."""
