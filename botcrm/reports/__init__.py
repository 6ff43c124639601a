"""What the product does for reports: reads what is asked, keeps to the reader's rights, runs them, shows and writes them out."""
