"""What the Hub needs: cards, pictures, Parquet files and their description; and its library's cache."""
