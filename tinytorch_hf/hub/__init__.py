"""Cards, pictures, Parquet files and their description for the Hub; publishing, a mirror, and its library's cache."""
