"""What the Hub needs: cards and Parquet files."""
