"""A trained model in a form for others: a card, a folder, a page, a graph."""
